import assert from "node:assert/strict";
import * as pulumi from "@pulumi/pulumi";
import { Disk, getImages, Network, NodeGroup, SecurityGroup, Vm } from "../../../sdk/cudo";

/** What a program registers, and what it gets back. */
describe("Cudo classes in a program", () => {
  const registered = new Map<string, { type: string; inputs: Record<string, unknown> }>();
  before(() =>
    pulumi.runtime.setMocks({
      newResource: ({ name, type, inputs }) => {
        registered.set(name, { type, inputs: inputs as Record<string, unknown> });
        const machine = { id: "m-0", nodeName: "m-0", providerId: "cudo://p/m-0", state: "running" };
        return {
          id: name,
          state: { ...inputs, vmId: name, externalIpAddress: "192.0.2.1", size: 1, machines: [machine] },
        };
      },
      call: ({ token, inputs }) => ({ images: [{ id: `${token}:${String(inputs.prefix)}` }] }),
    }),
  );
  const value = <T>(output: pulumi.Output<T>) => new Promise<T>((resolve) => void output.apply(resolve));
  const shape = { dataCenterId: "dc", machineType: "m", image: "ubuntu-2404", vcpus: 1, memoryGib: 1 };

  it("register under their types and give their outputs", async () => {
    const network = new Network("net", { dataCenterId: "dc", ipRange: "10.0.0.0/16" });
    const disk = new Disk("disk", { dataCenterId: "dc", sizeGib: 10 });
    const group = new SecurityGroup("sg", { dataCenterId: "dc", rules: [] });
    const vm = new Vm("vm", { ...shape, nics: [{ networkId: network.networkId }] });
    await Promise.all([network, disk, group, vm].map(({ urn }) => value(urn)));
    const types = ["net", "disk", "sg", "vm"].map((name) => registered.get(name)!.type);
    assert.deepEqual(
      types,
      ["Network", "Disk", "SecurityGroup", "Vm"].map((kind) => `gpu-clusters:cudo:${kind}`),
    );
    assert.equal(await value(vm.externalIpAddress), "192.0.2.1");
    assert.equal(await value(disk.sizeGib), 10);
  });

  it("keep secrets secret", async () => {
    const vm = new Vm("secret-vm", { ...shape, startScript: "keys" });
    const group = new NodeGroup("group", {
      ...shape,
      clusterName: "c",
      name: "g",
      role: "worker",
      minSize: 1,
      maxSize: 1,
      diskSizeGib: 10,
      networkId: "n",
      startScript: "script",
      kubeconfig: "kubeconfig",
    });
    await Promise.all([value(vm.urn), value(group.urn)]);
    const inputs = [
      registered.get("secret-vm")!.inputs.startScript,
      registered.get("group")!.inputs.startScript,
      registered.get("group")!.inputs.kubeconfig,
    ];
    // The mocks see secrets as the engine does: wrapped.
    for (const input of inputs) assert.notEqual(typeof input, "string");
    assert.equal((await value(group.machines))[0]!.nodeName, "m-0");
    assert.equal(await value(group.size), 1);
  });

  it("are found by id", async () => {
    const vm = Vm.get("existing", "vm-7");
    assert.equal(await value(vm.id), "vm-7");
    assert.equal(registered.get("existing")!.type, "gpu-clusters:cudo:Vm");
  });

  it("call the plugin's functions", async () => {
    const { images } = await getImages({ prefix: "ubuntu" });
    assert.equal(images[0]!.id, "gpu-clusters:cudo:getImages:ubuntu");
  });
});
