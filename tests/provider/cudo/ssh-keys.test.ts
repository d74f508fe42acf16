/** Keys that a program gives a VM or a node group by itself: no component has looked at them. */
import assert from "node:assert/strict";
import { otherPublicKey, sshPublicKey } from "../../components/public-key";
import { EngineResource } from "../server/harness";
import { cpuGroup, never, simulatedCloud, vmInputs, type SimulatedCloud } from "./simulated-cloud";

describe("SSH keys of Cudo's machines", () => {
  let cloud: SimulatedCloud;
  before(async () => {
    cloud = await simulatedCloud();
  });
  after(() => cloud.close());

  const cut = sshPublicKey.replace(/.{9} me$/, " me");
  const resource = (type: string, name: string) => new EngineResource(cloud.plugin, `gpu-clusters:cudo:${type}`, name);

  for (const [type, inputs, others] of [
    ["Vm", { ...vmInputs, vmId: "No" }, ["vmId"]],
    [
      "NodeGroup",
      { ...cpuGroup, minSize: 2, maxSize: 1, startScript: "true", kubeconfig: "none" },
      ["minSize", "kubeconfig"],
    ],
  ] as const)
    it(`are refused where they are none, each at its place and beside all else: ${type}`, async () => {
      const customSshKeys = [
        sshPublicKey,
        cut,
        "-----BEGIN OPENSSH PRIVATE KEY-----",
        `${sshPublicKey}\n${otherPublicKey}`,
      ];
      const { failures } = await resource(type, "keys").check({ ...inputs, customSshKeys });
      const told = new Map(failures.map(({ property, reason }) => [property, reason]));
      for (const field of others) assert.ok(told.delete(field), field);
      assert.deepEqual(
        [...told],
        [
          ["customSshKeys[1]", "must be whole: what follows ssh-ed25519 is no such key"],
          ["customSshKeys[2]", "is a private key; give the public one (the file that ends in .pub)"],
          ["customSshKeys[3]", "must be one public key in OpenSSH format, for example `ssh-ed25519 AAAA…`"],
        ],
      );
    });

  it("are not refused where a machine has them, as an import shows it", async () => {
    const { image, diskSizeGib, ...shape } = vmInputs;
    const disk = { bootDiskImageId: image, bootDiskSizeGib: diskSizeGib };
    await cloud.api.vms.create({ ...shape, ...disk, vmId: "vm", gpus: 0, customSshKeys: [cut] }, never);
    const vm = resource("Vm", "vm");
    assert.ok(await vm.import("vm"));
    const { failures } = await vm.check({ ...vmInputs, vmId: "vm", customSshKeys: [cut, `${cut} too`] });
    assert.deepEqual(
      failures.map(({ property }) => property),
      ["customSshKeys[1]"],
    );
    await vm.destroy();
  });
});
