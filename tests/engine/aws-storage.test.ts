/** What an AWS cluster stores: files on FSx for Lustre, and volumes of EBS that are claimed while it is destroyed. */
import assert from "node:assert/strict";
import { rmSync } from "node:fs";
import { EC2 } from "@aws-sdk/client-ec2";
import { defaultRegion } from "../../commands/simulated-aws";
import { kubernetesApi } from "../../provider/kubernetes/client";
import { allUserData } from "./aws-secrets";
import { compiledDefaultProgram } from "./compiled-program";
import { EngineEnvironment } from "./environment";
import { oneLife } from "./one-life";
import type { EngineStack } from "./stack";
import { until } from "../until";

const driver = "ebs.csi.aws.com";

describe("an AWS cluster with storage, on the engine", function () {
  this.timeout(400_000);
  oneLife();

  let environment: EngineEnvironment;
  let program: string;
  let stack: EngineStack;
  let kubeconfig: string;

  const config = (lustre: object, more: object = {}) => ({
    ...environment.providerConfig,
    "pulumi-gpu-clusters:cloud": "aws",
    "pulumi-gpu-clusters:clusterName": "store",
    "pulumi-gpu-clusters:cni": "none",
    "pulumi-gpu-clusters:keyPair": "ops",
    "pulumi-gpu-clusters:autoscaler": false,
    "pulumi-gpu-clusters:network": { zones: ["us-west-2a"], nat: "none" },
    "pulumi-gpu-clusters:nodeGroups": [
      { name: "cpu", role: "worker", minSize: 1, maxSize: 1, instanceTypes: ["m5.large"] },
    ],
    "pulumi-gpu-clusters:sharedStorage": { lustre: { deploymentType: "PERSISTENT_2", ...lustre }, ...more },
  });
  const fileSystems = async () => (await environment.aws.state()).lustreFileSystems;

  before(async () => {
    program = await compiledDefaultProgram();
    environment = await EngineEnvironment.start({ machines: true, aws: {} });
    stack = await environment.stack(config({ sizeGib: 1200 }), { program });
  });
  after(async () => {
    await environment?.stop();
    if (program) rmSync(program, { recursive: true, force: true });
  });

  it("has its files mounted by its nodes, behind the class of every cloud, and nothing left to do", async () => {
    const up = await stack.up();
    assert.ok(up.ok, up.text);
    const outputs = await stack.outputs();
    kubeconfig = outputs.kubeconfig as string;
    assert.equal(outputs.sharedStorageClass, "shared");
    const [files, ...others] = await fileSystems();
    assert.deepEqual([files!["size"], others], [1200, []]);
    const credentials = { accessKeyId: "test", secretAccessKey: "test" };
    const ec2 = new EC2({ endpoint: environment.aws.endpoint, region: defaultRegion, credentials });
    const mounting = (await allUserData(ec2)).filter((text) =>
      text.includes(`${files!.id}.fsx.us-west-2.amazonaws.com@tcp:/`),
    );
    assert.equal(mounting.length, 1, "the worker alone");
    const classes = await kubernetesApi(kubeconfig).list({ apiVersion: "storage.k8s.io/v1", kind: "StorageClass" });
    assert.deepEqual(classes.map(({ metadata }) => metadata.name).sort(), ["gp3", "shared"]);
    assert.deepEqual(await stack.preview(), []);
  });

  it("has its files made larger in place, and keeps them where they would have to be made anew or small", async () => {
    const [before] = await fileSystems();
    stack.configure(config({ sizeGib: 2400 }));
    const grown = await stack.up();
    assert.ok(grown.ok, grown.text);
    const [after, ...others] = await fileSystems();
    assert.deepEqual([after!.id, after!["size"], others], [before!.id, 2400, []]);
    assert.deepEqual(await stack.preview(), []);
    for (const wrong of [{ sizeGib: 1200 }, { sizeGib: 2400, deploymentType: "PERSISTENT_1" }]) {
      stack.configure(config(wrong));
      const refused = await stack.up();
      assert.equal(refused.ok, false, JSON.stringify(wrong));
      assert.deepEqual(
        (await fileSystems()).map(({ id, size }) => [id, size]),
        [[before!.id, 2400]],
      );
    }
    stack.configure(config({ sizeGib: 2400 }));
    // The component, which calls no cloud, has been told of them.
    const back = (await stack.preview()).map(({ op, urn }) => `${op} ${urn.split("::").at(-1)}`);
    assert.deepEqual(back, ["update test"]);
  });

  it("refuses to be destroyed with its files until it is told to", async () => {
    // Without a preview Pulumi comes to them last.
    const refused = await stack.say("destroy", ["--preview-only"]);
    assert.equal(refused.ok, false);
    assert.match(refused.text, /test-files[^]*protect/);
  });

  it("names the volumes that stay when it goes, with the command to be rid of them, and leaves nothing else", async () => {
    await claimedVolume();
    stack.configure(config({ sizeGib: 2400 }, { protect: false }));
    const told = await stack.up();
    assert.ok(told.ok, told.text);
    const destroyed = await stack.destroy();
    assert.ok(destroyed.ok, destroyed.text);
    assert.match(destroyed.text, /volumes of "store" stay, with what is in them, and are charged:/);
    assert.match(destroyed.text, /vol-0123456789abcdef0 \(20Gi\), which default\/checkpoints claims/);
    assert.match(destroyed.text, /aws ec2 delete-volume --region us-west-2 --volume-id <id>/);
    assert.deepEqual(await environment.aws.misfits(), [], "requests that AWS's own models do not have");
    assert.deepEqual(await stack.resources(), []);
    const left = Object.entries(await environment.aws.state()).filter(([, objects]) => objects.length > 0);
    assert.deepEqual(Object.fromEntries(left), {});
  });

  /** As the driver makes one, of which nothing runs here. */
  async function claimedVolume(): Promise<void> {
    const api = kubernetesApi(kubeconfig);
    const size = { storage: "20Gi" };
    const common = { accessModes: ["ReadWriteOnce"], storageClassName: "gp3" };
    const claim = { name: "checkpoints", namespace: "default" };
    const volume = { apiVersion: "v1", kind: "PersistentVolume", metadata: { name: "pvc-checkpoints" } };
    const csi = { driver, volumeHandle: "vol-0123456789abcdef0" };
    const spec = { ...common, capacity: size, claimRef: claim, csi, persistentVolumeReclaimPolicy: "Delete" };
    await api.apply({ ...volume, spec }, { fieldManager: "test" });
    const requests = { ...common, resources: { requests: size }, volumeName: volume.metadata.name };
    const claimed = { apiVersion: "v1", kind: "PersistentVolumeClaim", metadata: claim, spec: requests };
    await api.apply(claimed, { fieldManager: "test" });
    await until("the volume is bound", async () => {
      const found = await api.read({ ...volume, ...volume.metadata });
      return (found?.["status"] as { phase?: string } | undefined)?.phase === "Bound";
    });
  }
});
