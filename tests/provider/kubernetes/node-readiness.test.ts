import assert from "node:assert/strict";
import {
  missingNodes,
  nodesWithoutGpus,
  withDevices,
  type NodeObject,
} from "../../../provider/kubernetes/node-readiness";

function node(
  name: string,
  labels: Record<string, string>,
  ready?: { status: string; reason?: string; message?: string },
): NodeObject {
  const conditions = ready === undefined ? [] : [{ type: "Ready", ...ready }];
  return { apiVersion: "v1", kind: "Node", metadata: { name, labels }, status: { conditions } };
}

const controlPlane = node("cp", { "node-role.kubernetes.io/control-plane": "" }, { status: "True" });
const gpu = { "gpu-clusters/node-group": "gpu" };
const expected = { nodeGroups: [{ name: "gpu", minSize: 2 }], controlPlaneNodes: 1, condition: "Ready" as const };

const withGpus = (name: string, allocatable: Record<string, string>): NodeObject => {
  const plain = node(name, gpu, { status: "True" });
  return { ...plain, status: { ...plain.status, allocatable: { cpu: "8", ...allocatable } } };
};

describe("missingNodes", () => {
  it("is empty when every group has its minimum of Ready nodes", () => {
    const nodes = [
      controlPlane,
      node("g1", gpu, { status: "True" }),
      node("g2", gpu, { status: "True" }),
      node("g3", gpu),
    ];
    assert.deepEqual(missingNodes(expected, nodes), []);
  });

  it("says how many have not joined, and which are not Ready and why", () => {
    const message = "cni plugin not initialized";
    const nodes = [node("g1", gpu, { status: "False", reason: "KubeletNotReady", message })];
    assert.deepEqual(missingNodes(expected, nodes), [
      "control plane has 0 of 1 nodes (1 not joined)",
      'node group "gpu" has 0 of 2 nodes (1 not joined, g1 is not Ready: KubeletNotReady: cni plugin not initialized)',
    ]);
    assert.deepEqual(missingNodes(expected, [controlPlane, node("g1", gpu), node("g2", gpu, { status: "True" })]), [
      'node group "gpu" has 1 of 2 nodes (g1 is not Ready: kubelet has not reported yet)',
    ]);
  });

  it("takes registered nodes where that is enough, but none that is being deleted", () => {
    const leaving = {
      ...node("g2", gpu),
      metadata: { name: "g2", labels: gpu, deletionTimestamp: "2026-01-01T00:00:00Z" },
    };
    const nodes = [controlPlane, node("g1", gpu)];
    const registered = { ...expected, condition: "Registered" as const };
    assert.deepEqual(missingNodes(registered, [...nodes, node("g2", gpu)]), []);
    assert.deepEqual(missingNodes(registered, [...nodes, leaving]), [
      'node group "gpu" has 1 of 2 nodes (1 not joined)',
    ]);
  });

  it("waits for no control plane where the cloud runs it", () => {
    assert.deepEqual(missingNodes({ nodeGroups: [], controlPlaneNodes: 0, condition: "Ready" }, []), []);
  });

  it("counts nodes without labels of ours, where the cloud makes them", () => {
    const worker = (name: string) => node(name, {}, { status: "True" });
    const hosted = { nodeGroups: [], controlPlaneNodes: 0, workerNodes: 2, condition: "Ready" as const };
    assert.deepEqual(missingNodes(hosted, [controlPlane, worker("a"), worker("b")]), []);
    assert.deepEqual(missingNodes(hosted, [controlPlane, worker("a")]), [
      "the cluster has 1 of 2 nodes (1 not joined)",
    ]);
  });

  it("takes a node only with its GPUs, whole, shared or partitioned, whoever made them", () => {
    const nodes = [
      controlPlane,
      withGpus("whole", { "nvidia.com/gpu": "8" }),
      withGpus("mixed", { "nvidia.com/gpu": "0", "nvidia.com/mig-1g.10gb": "7", "nvidia.com/mig-2g.20gb": "1" }),
      withGpus("amd", { "amd.com/gpu": "8" }),
      withGpus("half", { "nvidia.com/gpu": "4" }),
      withGpus("none", { "example.com/gpu": "8" }),
    ];
    const groups = (minSize: number) => ({ ...expected, nodeGroups: [{ name: "gpu", minSize, gpus: 8 }] });
    assert.deepEqual(missingNodes(groups(3), nodes), []);
    assert.deepEqual(missingNodes(groups(5), nodes), [
      'node group "gpu" has 3 of 5 nodes (half offers 4 of its 8 GPUs, none offers 0 of its 8 GPUs)',
    ]);
    assert.deepEqual(nodesWithoutGpus(groups(5), nodes), ["half", "none"]);
    assert.deepEqual(nodesWithoutGpus(expected, nodes), []);
    const hosted = { nodeGroups: [], controlPlaneNodes: 0, condition: "Ready" as const };
    assert.deepEqual(missingNodes({ ...hosted, workerGpus: 28 }, nodes), []);
    assert.deepEqual(missingNodes({ ...hosted, workerGpus: 32 }, nodes), ["the cluster's nodes offer 28 of 32 GPUs"]);
    assert.deepEqual(nodesWithoutGpus({ nodeGroups: [], workerGpus: 32 }, nodes), ["none"]);
  });

  it("counts whole GPUs of ResourceSlices where these are what pods name, and nothing that a node says of itself", () => {
    const slice = (nodeName: string, types: (string | undefined)[], driver = "gpu.nvidia.com") => ({
      apiVersion: "resource.k8s.io/v1",
      kind: "ResourceSlice",
      metadata: { name: `${nodeName}-${driver}` },
      spec: {
        driver,
        nodeName,
        devices: types.map((type) => (type === undefined ? {} : { attributes: { type: { string: type } } })),
      },
    });
    const nodes = [withGpus("whole", { "nvidia.com/gpu": "8" }), withGpus("none", {})];
    const slices = [slice("whole", ["gpu", "gpu", "mig"]), slice("whole", [undefined], "compute-domain.nvidia.com")];
    assert.deepEqual(
      withDevices(nodes, slices).map(({ devices }) => devices),
      [2, 0],
    );
  });
});
