/** What the clouds' components have in common is the same on each. */
import assert from "node:assert/strict";
import { workerDocument as awsWorker, controlPlaneDocument as awsControlPlane } from "../../components/aws/documents";
import { checkAwsClusterArgs } from "../../components/aws/validate";
import {
  workerDocument as cudoWorker,
  controlPlaneDocument as cudoControlPlane,
} from "../../components/cudo/documents";
import { checkCudoClusterArgs } from "../../components/cudo/validate";

describe("components of all clouds", () => {
  it("refuse the same common arguments with the same words", () => {
    const common = {
      clusterName: "-bad-",
      kubernetesVersion: "1.20",
      cni: "calico",
      apiServerAccessCidrs: ["10.0.0.0"],
    };
    const group = {
      role: "boss",
      minSize: 5,
      maxSize: 200,
      labels: { "kubernetes.io/role": "x", "gpu-clusters/role": "worker" },
      taints: [{ key: "a", effect: "Never" }],
    };
    const aws = { ...common, keyPair: "ops", nodeGroups: [{ ...group, name: "A", instanceTypes: ["m5.large"] }] };
    const place = { vcpus: 1, memoryGib: 1, diskSizeGib: 10, dataCenterId: "us", machineType: "any" };
    const cudo = { ...common, noVault: true, nodeGroups: [{ ...group, ...place, name: "A" }] };
    const found = [
      checkAwsClusterArgs("train", aws as never).all,
      checkCudoClusterArgs("train", cudo as never).all,
    ].map((problems) => problems.map(({ propertyPath, reason }) => `${propertyPath}: ${reason}`));
    assert.ok(found[0]!.length >= 9, found[0]!.join("\n"));
    assert.deepEqual(found[0], found[1]);
  });

  it("tell machines the same in their node documents", () => {
    const facts = { clusterName: "train", kubernetesVersion: "1.36.3", certificateAuthority: "CA" };
    const marks = { group: "gpu", role: "control" as const, labels: { tier: "gpu" }, taints: [] };
    const group = { ...facts, ...marks, endpoint: "https://10.0.0.1:6443", gpus: 8, gpuModel: undefined };
    const onAws = { joinParameter: "/join", externalCloudProvider: false };
    const shared = (document: object) => {
      const own = ["secrets", "tlsServerName", "bootstrapToken", "controlPlane"];
      return Object.fromEntries(Object.entries(document).filter(([key]) => !own.includes(key)));
    };
    assert.deepEqual(shared(awsWorker({ ...group, ...onAws })), shared(cudoWorker({ ...group, authorizedKeys: [] })));
    const alone = { addresses: [], endpoint: undefined, member: undefined, keysParameter: "/keys" };
    const ranges = { podCidr: "10.244.0.0/16", serviceCidr: "10.96.0.0/12" };
    assert.deepEqual(
      shared(awsControlPlane({ ...facts, ...ranges, ...onAws, ...alone })),
      shared(cudoControlPlane({ ...facts, ...ranges, keys: {} as never, authorizedKeys: [] })),
    );
  });
});
