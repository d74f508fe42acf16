/**
 * Cudo's file server by its own script, with the kernel's own NFS: `npm run test:e2e -- tests/machines-vm/nfs-server.e2e.ts`. Machines are emulated,
 * because those of the other tests share this computer's kernel, which may have no NFS. Each takes a minute or more to boot.
 */
import assert from "node:assert/strict";
import { nfsServerScript } from "../../components/cudo/nfs-server";
import { nfsMountOptions } from "../../components/addons/shared-storage/nfs";
import { emptyDisk, emulated, type Scene } from "./scene";
import type { VirtualMachine } from "./virtual-machine";
import { vmSpec } from "./virtual-machines";

const server = "10.9.0.1";

/** As the driver does on a node, with the StorageClass's own options. */
const mount = `mount -t nfs -o ${nfsMountOptions.join(",")} ${server}:/ /mnt/shared`;
const mounting = `set -e; mkdir -p /mnt/shared; ${mount}`;
const ended = /the start script ended with \d/;

describe("Cudo's file server", function () {
  this.timeout(3_600_000);
  let scene: Scene | undefined;
  before(async function () {
    scene = await emulated(this);
  });
  after(() => scene?.close());

  async function boot(name: string, address: string, startScript: string, dataDisk?: string): Promise<VirtualMachine> {
    const machine = scene!.machines.machine(vmSpec({ id: `vm/${name}`, name, address, startScript, dataDisk }));
    await machine.start();
    return machine;
  }

  it("serves what one node writes to another, and keeps it when the power goes", async () => {
    const script = nfsServerScript({ network: "10.9.0.0/24" });
    const files = await boot("server", server, script, emptyDisk(scene!, 1024));
    const first = await files.untilSaid(ended);
    assert.match(
      first,
      /formatting the empty disk \/dev\/vdb[^]*serves \/srv\/shared to 10\.9\.0\.0\/24[^]*ended with 0/,
    );

    const writes = `${mounting}; mkdir -m 0777 /mnt/shared/volume; echo "from one node" >/mnt/shared/volume/note; sync; ls -l /mnt/shared/volume`;
    const writer = await boot("writer", "10.9.0.2", writes);
    assert.match(await writer.untilSaid(ended), /ended with 0/);

    await files.powerCut();
    await files.start();
    const second = await files.untilSaid(ended);
    assert.match(second, /ended with 0/);
    assert.doesNotMatch(second, /formatting/);
    await writer.powerCut();
    const reads = [
      mounting,
      "cat /mnt/shared/volume/note",
      'su nobody -s /bin/sh -c "echo back >/mnt/shared/volume/answer"',
      "cat /mnt/shared/volume/answer",
      // From an address that is not of the cluster's network.
      "umount /mnt/shared && ip address flush dev eth1 && ip address add 10.9.1.1/16 dev eth1",
      `! ${mount} || exit 1`,
    ];
    const reader = await boot("reader", "10.9.0.3", reads.join("\n"));
    assert.match(
      await reader.untilSaid(ended),
      /: from one node\s[^]*: back\s[^]*(denied|not permitted)[^]*ended with 0/,
    );
  });
});
