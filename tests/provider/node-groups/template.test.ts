import assert from "node:assert/strict";
import fc from "fast-check";
import { openNodeGroup } from "../../../provider/clouds";
import { nodeTemplate, type MachineShape } from "../../../provider/node-groups/template";

const shape: MachineShape = {
  labels: { tier: "a" },
  taints: [{ key: "dedicated", value: "", effect: "NoSchedule" }],
  architecture: "amd64",
  vcpus: 8,
  memoryMib: 32_768,
  diskGib: 100,
  devices: { "nvidia.com/gpu": 2, "vpc.amazonaws.com/efa": 0 },
};

describe("the template of a node to come", () => {
  it("has what kubelet registers, and what it leaves to pods", () => {
    assert.deepEqual(nodeTemplate(shape), {
      labels: { "kubernetes.io/os": "linux", "kubernetes.io/arch": "amd64", tier: "a" },
      taints: [{ key: "dedicated", effect: "NoSchedule" }],
      capacity: { cpu: "8", memory: "30310Mi", "ephemeral-storage": "97280Mi", pods: "110", "nvidia.com/gpu": "2" },
      allocatable: { cpu: "8", memory: "30210Mi", "ephemeral-storage": "87552Mi", pods: "110", "nvidia.com/gpu": "2" },
    });
  });

  it("never promises pods more than the machine has", () => {
    const mib = (quantity: string | undefined) => Number(/^(\d+)Mi$/.exec(quantity!)![1]);
    fc.assert(
      fc.property(fc.integer({ min: 1, max: 4_000_000 }), fc.integer({ min: 1, max: 30_000 }), (memoryMib, diskGib) => {
        const { capacity, allocatable } = nodeTemplate({ ...shape, memoryMib, diskGib });
        assert.deepEqual(Object.keys(allocatable).sort(), Object.keys(capacity).sort());
        assert.ok(mib(allocatable.memory) <= mib(capacity.memory) && mib(capacity.memory) <= memoryMib);
        assert.ok(mib(allocatable["ephemeral-storage"]) <= diskGib * 1024);
      }),
    );
  });
});

describe("node groups of any cloud", () => {
  it("are not opened for a cloud that has none", async () => {
    const options = { owner: "urn", warn: () => undefined };
    await assert.rejects(openNodeGroup("constructor", {}, {}, options), /there are: aws, cudo, mithril/);
  });
});
