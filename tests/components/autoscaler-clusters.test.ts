/** Which clusters have the autoscaler, and what it is told of their groups. */
import assert from "node:assert/strict";
import { ensurePluginBundle } from "../../build/bundle";
import { parseConfig } from "../../autoscaler/config";
import { AwsCluster } from "../../components/aws/cluster";
import type { CudoNodeGroupArgs } from "../../components/cudo/args";
import { CudoCluster } from "../../components/cudo/cluster";
import { MithrilCluster } from "../../components/mithril/cluster";
import { cloud as aws, group as awsGroup, minimal } from "./aws-scene";
import { mockProgram, settled, type Outputs, type Registered, plain } from "./mocks";

const deployment = "kubernetes:apps/v1:Deployment";
const environment = {
  CUDO_API_KEY: "cudo-key",
  CUDO_PROJECT_ID: "project-1",
  MITHRIL_API_KEY: "fkey_key",
  MITHRIL_PROJECT: "proj_1",
};

const outputs: Outputs = {
  ...aws,
  "gpu-clusters:cudo:Vm": () => ({ externalIpAddress: "203.0.113.7", internalIpAddress: "10.0.0.2" }),
  "gpu-clusters:cudo:NodeGroup": () => ({ size: 1, machines: [] }),
  "gpu-clusters:mithril:Cluster": () => ({ kubeHost: "203.0.113.7", endpoint: "https://203.0.113.7:6443" }),
  "gpu-clusters:mithril:SshAccess": () => ({ hostKey: "ssh-ed25519 HOST" }),
  "gpu-clusters:mithril:NodeGroup": () => ({ size: 2, machines: [], problems: [] }),
  "command:remote:Command": () => ({
    stdout: JSON.stringify({
      clusters: [{ name: "k", cluster: { server: "https://10.0.0.10:6443", "certificate-authority-data": "Q0E=" } }],
      users: [{ name: "u", user: { token: "secret-token" } }],
      contexts: [{ name: "c", context: { cluster: "k", user: "u" } }],
      "current-context": "c",
    }),
    stderr: "",
  }),
};

const bounds = { minSize: 0, maxSize: 4 };
const cudoGroup: CudoNodeGroupArgs = {
  role: "worker",
  ...{ name: "gpu", ...bounds, vcpus: 8, memoryGib: 32, diskSizeGib: 100 },
  ...{ dataCenterId: "us-newyork-1", machineType: "intel-broadwell-v100" },
};
const programs: Record<string, (autoscaler: boolean | undefined) => unknown> = {
  aws: (autoscaler) =>
    new AwsCluster("train", {
      ...minimal,
      autoscaler,
      nodeGroups: [
        { ...awsGroup, ...bounds },
        { ...awsGroup, name: "control", role: "control", minSize: 1, maxSize: 1 },
      ],
    }),
  cudo: (autoscaler) => new CudoCluster("train", { cni: "none", autoscaler, nodeGroups: [cudoGroup] }),
  mithril: (autoscaler) =>
    new MithrilCluster("train", {
      region: "us-central5-a",
      controlPlane: { instanceType: "cpu.4x" },
      sshPublicKey: "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIAEB me",
      sshPrivateKey: "-----BEGIN OPENSSH PRIVATE KEY-----\nPRIVATE\n-----END OPENSSH PRIVATE KEY-----\n",
      autoscaler,
      nodeGroups: [
        { name: "gpu", instanceType: "h100-80gb.sxm.8x", capacity: { spot: { limitPrice: "$20.00" } }, ...bounds },
      ],
    }),
};

/** Other add-ons have deployments too. */
const autoscalers = (registered: Registered) =>
  registered.all(deployment).filter(({ name }) => name.includes("autoscaler"));

describe("clusters with the autoscaler", () => {
  before(async function () {
    this.timeout(180_000);
    await ensurePluginBundle();
  });
  beforeEach(() => Object.assign(process.env, environment));
  afterEach(() => {
    for (const name of Object.keys(environment)) delete process.env[name];
  });

  const run = async (cloud: string, autoscaler?: boolean): Promise<Registered> => {
    const registered = await mockProgram(outputs);
    programs[cloud]!(autoscaler);
    await settled();
    return registered;
  };

  for (const cloud of Object.keys(programs)) {
    it(`has it on ${cloud} when asked, after the groups, which it knows as Pulumi does`, async () => {
      const registered = await run(cloud, true);
      const name = autoscalers(registered)[0]!.name;
      assert.ok(registered.dependenciesOf(name).includes("train-gpu"));
      const secret = registered
        .all("kubernetes:core/v1:Secret")
        .map(({ inputs }) => plain(inputs) as { stringData?: Record<string, string> })
        .find(({ stringData }) => stringData?.["config.json"])!;
      const config = parseConfig(secret.stringData!["config.json"]!);
      assert.deepEqual(
        config.groups.map(({ name, cloud }) => [name, cloud]),
        [["gpu", cloud]],
      );
      const [{ spec }] = config.groups as [(typeof config.groups)[0]];
      const made = registered.all(`gpu-clusters:${cloud}:NodeGroup`).find(({ name }) => name === "train-gpu")!;
      const given = JSON.parse(JSON.stringify(plain(made.inputs))) as Record<string, unknown>;
      assert.deepEqual(spec, { ...given, ...("kubeconfig" in given && { kubeconfig: "" }) });
      const code = registered.all("kubernetes:core/v1:ConfigMap").find(({ name }) => name.endsWith("-code"))!;
      assert.equal((code.inputs as { immutable: boolean }).immutable, true);
    });

    it(`has none on ${cloud} unless asked`, async () => {
      assert.deepEqual(autoscalers(await run(cloud)), []);
    });
  }

  it("acts with a key where machines have no role, and says where it belongs when there is none", async () => {
    delete process.env.CUDO_API_KEY;
    await mockProgram(outputs);
    assert.throws(
      () => programs["cudo"]!(true),
      /autoscaler: needs gpu-clusters:cudo.apiKey in the stack's configuration/,
    );
  });
});
