/**
 * Cudo's file server by its own script, with the kernel's own NFS: `npm run test:e2e -- tests/machines-vm/nfs-server.e2e.ts`. Machines are emulated,
 * because those of the other tests share this computer's kernel, which may have no NFS. Each takes a minute or more to boot.
 */
import assert from "node:assert/strict";
import { mkdtempSync, rmSync, truncateSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { nfsServerScript } from "../../components/cudo/nfs-server";
import { nfsMountOptions } from "../../components/addons/shared-storage/nfs";
import { freePort } from "../free-port";
import { emulationProblem, ensureVmImage } from "./image";
import { VirtualMachine, type VmOptions } from "./virtual-machine";

const bootMs = 10 * 60_000;
const server = "10.9.0.1";

/** As the driver does on a node, with the StorageClass's own options. */
const mount = `mount -t nfs -o ${nfsMountOptions.join(",")} ${server}:/ /mnt/shared`;
const mounting = `set -e; mkdir -p /mnt/shared; ${mount}`;

describe("Cudo's file server", function () {
  this.timeout(6 * bootMs);
  let folder: string;
  let common: Pick<VmOptions, "image" | "wire">;
  const machines: VirtualMachine[] = [];

  async function boot(name: string, options: Omit<VmOptions, "image" | "wire" | "folder">): Promise<VirtualMachine> {
    const machine = await VirtualMachine.make({ ...common, ...options, folder: join(folder, name) });
    machines.push(machine);
    machine.boot();
    return machine;
  }

  before(async function () {
    const problem = await emulationProblem();
    if (problem !== undefined) {
      console.log(`      not run: ${problem}`);
      this.skip();
    }
    folder = mkdtempSync(join(tmpdir(), "gpu-clusters-nfs-server-"));
    common = { image: await ensureVmImage(), wire: await freePort() };
  });
  after(async () => {
    for (const machine of machines) await machine.off();
    if (folder) rmSync(folder, { recursive: true, force: true });
  });

  it("serves what one node writes to another, and keeps it when the power goes", async () => {
    const dataDisk = join(folder, "data");
    writeFileSync(dataDisk, "");
    truncateSync(dataDisk, 1024 ** 3);
    const script = nfsServerScript({ network: "10.9.0.0/24" });
    const files = await boot("server", { address: `${server}/16`, script, dataDisk });
    const first = await files.until(/ended with/, bootMs);
    assert.match(
      first,
      /formatting the empty disk \/dev\/vdb[^]*serves \/srv\/shared to 10\.9\.0\.0\/24[^]*ended with 0/,
    );

    const writer = await boot("writer", {
      address: "10.9.0.2/16",
      script: `${mounting}; mkdir -m 0777 /mnt/shared/volume; echo "from one node" >/mnt/shared/volume/note; sync; ls -l /mnt/shared/volume`,
    });
    assert.match(await writer.until(/ended with/, bootMs), /ended with 0/);

    await files.off();
    files.boot();
    const second = await files.until(/ended with/, bootMs);
    assert.match(second, /ended with 0/);
    assert.doesNotMatch(second, /formatting/);
    await writer.off();
    const reader = await boot("reader", {
      address: "10.9.0.3/16",
      script: [
        mounting,
        "cat /mnt/shared/volume/note",
        'su nobody -s /bin/sh -c "echo back >/mnt/shared/volume/answer"',
        "cat /mnt/shared/volume/answer",
        // From an address that is not of the cluster's network.
        "umount /mnt/shared && ip address flush dev eth0 && ip address add 10.9.1.1/16 dev eth0",
        `! ${mount} || exit 1`,
      ].join("\n"),
    });
    assert.match(
      await reader.until(/ended with/, bootMs),
      /from one node\s+back\s[^]*(denied|not permitted)[^]*ended with 0/,
    );
  });
});
