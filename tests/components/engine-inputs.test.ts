import assert from "node:assert/strict";
import * as pulumi from "@pulumi/pulumi";
import { unknown } from "@pulumi/pulumi/output";
import { FileShareVolume } from "../../components/addons/file-share-volume";
import { ServiceAccountKubeconfig } from "../../components/addons/service-account-kubeconfig";
import { AwsCluster } from "../../components/aws/cluster";
import type { CudoNodeGroupArgs } from "../../components/cudo/args";
import { CudoCluster } from "../../components/cudo/cluster";
import { ExistingCluster } from "../../components/existing/cluster";
import { MithrilCluster } from "../../components/mithril/cluster";
import { renderKubeconfig } from "../../sdk/kubernetes/kubeconfig";
import { isEnum, namedType, type TypeSpec } from "../../sdk/schema/package-schema";
import { committedSchema } from "../../sdk/schema/committed";
import * as aws from "./aws-scene";
import { mockProgram, plain, settled, visible, type Registered } from "./mocks";
import { sshPrivateKey } from "./private-key";
import { sshPublicKey } from "./public-key";

const privateKey = sshPrivateKey;
const kubeconfig = renderKubeconfig({
  clusterName: "prod",
  endpoint: "https://192.0.2.7:6443",
  certificateAuthority: "-----BEGIN CERTIFICATE-----",
  credentials: { token: "TOKEN" },
});

const cudoGroup: CudoNodeGroupArgs = {
  name: "gpu",
  role: "worker",
  minSize: 1,
  maxSize: 4,
  vcpus: 8,
  memoryGib: 32,
  diskSizeGib: 100,
  dataCenterId: "us-newyork-1",
  machineType: "intel-broadwell-v100",
};
const mithrilGroup = {
  name: "gpu",
  instanceType: "h100-80gb.sxm.8x",
  minSize: 0,
  maxSize: 4,
  capacity: { spot: { limitPrice: "$20.00" } },
};

/** A program's components before anything has answered them; nothing that the program makes need be known. */
async function registeredBy(program: () => unknown): Promise<Registered> {
  const registered = await mockProgram({}, true, aws.functions);
  program();
  await settled();
  return registered;
}

describe("what the engine knows of components", () => {
  it("is the arguments, as the program gives them", async () => {
    const args = { ...aws.minimal, controlPlane: { count: 3 }, apiServerAccessCidrs: ["203.0.113.0/24"] };
    const registered = await registeredBy(() => new AwsCluster("train", args));
    assert.deepEqual(registered.inputs("gpu-clusters:aws:AwsCluster"), args);
    const { physicalName, tags, after } = registered.inputs("gpu-clusters:aws:AwsNetwork");
    assert.deepEqual([physicalName, typeof tags, after], ["train", "object", undefined]);
  });

  it("has a private key as a secret, however the program gives it", async () => {
    for (const sshPrivateKey of [privateKey, pulumi.output(privateKey), pulumi.secret(privateKey)]) {
      const args = { sshPublicKey, nodeGroups: [cudoGroup], cni: "none" as const, noVault: true };
      const given = { ...args, sshAccessCidrs: ["203.0.113.7/32"], sshPrivateKey };
      const registered = await registeredBy(() => new CudoCluster("train", given));
      const inputs = registered.inputs("gpu-clusters:cudo:CudoCluster");
      assert.deepEqual(plain(inputs), { ...given, sshPrivateKey: privateKey });
      assert.doesNotMatch(JSON.stringify(visible(inputs)), /PRIVATE/);
      assert.deepEqual((visible(inputs) as typeof given).nodeGroups, [cudoGroup], "nothing else is one");
    }
    const args = { region: "us-central5-a", controlPlane: { instanceType: "cpu.4x" }, sshPublicKey };
    const given = { ...args, sshPrivateKey: privateKey, nodeGroups: [mithrilGroup] };
    const registered = await registeredBy(() => new MithrilCluster("train", given));
    const inputs = registered.inputs("gpu-clusters:mithril:MithrilCluster");
    assert.deepEqual(plain(inputs), given);
    assert.doesNotMatch(JSON.stringify(visible(inputs)), /PRIVATE/);
  });

  it("keeps secret what the program calls so, inside an input too", async () => {
    const startupScript = pulumi.secret("#!/bin/bash\nexport TOKEN=hunter2");
    const given = {
      region: "us-central5-a",
      controlPlane: { instanceType: "cpu.4x" },
      sshPublicKey,
      sshPrivateKey: privateKey,
      nodeGroups: [{ ...mithrilGroup, startupScript }],
    };
    const registered = await registeredBy(() => new MithrilCluster("train", given));
    const inputs = registered.inputs("gpu-clusters:mithril:MithrilCluster");
    assert.match(JSON.stringify(plain(inputs)), /hunter2/);
    assert.doesNotMatch(JSON.stringify(visible(inputs)), /hunter2/);
  });

  it("waits for outputs and leaves unknown what is unknown", async () => {
    const notYet = pulumi.output(unknown) as unknown as pulumi.Output<number>;
    const nodeGroups = [{ ...aws.group, minSize: notYet }];
    const registered = await registeredBy(
      () => new AwsCluster("train", { ...aws.minimal, keyPair: pulumi.output("ops"), nodeGroups }),
    );
    const inputs = registered.inputs("gpu-clusters:aws:AwsCluster");
    assert.equal(inputs["keyPair"], "ops");
    assert.match(JSON.stringify(inputs["nodeGroups"]), /"minSize":\{"__pulumiUnknown":true\}/);
  });

  it("is a kubeconfig as a secret, and of a cluster its name", async () => {
    const registered = await registeredBy(() => {
      const cluster = new ExistingCluster("shared", { kubeconfig, context: "prod" });
      new FileShareVolume("data", { cluster, share: "datasets", sizeGb: 100 });
      new ServiceAccountKubeconfig("ci", { cluster, clusterRole: "edit" });
    });
    const existing = registered.inputs("gpu-clusters:index:ExistingCluster");
    assert.deepEqual(plain(existing), { kubeconfig, context: "prod" });
    assert.doesNotMatch(JSON.stringify(visible(existing)), /TOKEN/);
    assert.deepEqual(registered.inputs("gpu-clusters:addons:FileShareVolume"), {
      cluster: "prod",
      share: "datasets",
      sizeGb: 100,
    });
    assert.deepEqual(registered.inputs("gpu-clusters:addons:ServiceAccountKubeconfig"), {
      cluster: "prod",
      clusterRole: "edit",
    });
  });

  it("can have no secret that is not marked: the schema has none below a component's own inputs", () => {
    const schema = committedSchema();
    const below = (spec: TypeSpec, path: string, seen: readonly string[] = []): string[] => {
      const named = namedType(schema, spec);
      const types = named && !isEnum(named) && !seen.includes(spec.$ref!) ? Object.entries(named.properties ?? {}) : [];
      const elements = [spec.items, spec.additionalProperties].flatMap((each) => (each ? [each] : []));
      return [
        ...types.flatMap(([key, each]) => [
          ...(each.secret ? [`${path}.${key}`] : []),
          ...below(each, `${path}.${key}`, [...seen, spec.$ref!]),
        ]),
        ...elements.flatMap((each) => below(each, `${path}[]`, seen)),
      ];
    };
    const components = Object.values(schema.resources ?? {}).filter(({ isComponent }) => isComponent);
    assert.ok(components.length >= 3);
    const found = components.flatMap(({ inputProperties = {} }) =>
      Object.entries(inputProperties).flatMap(([key, spec]) => below(spec, key)),
    );
    assert.deepEqual(found, []);
  });
});
