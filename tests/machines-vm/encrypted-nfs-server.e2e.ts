/**
 * Cudo's file server with an encrypted data disk, on a real kernel with a real Vault, and a node that has the share mounted all the time:
 * `npm run test:e2e -- tests/machines-vm/encrypted-nfs-server.e2e.ts`.
 */
import assert from "node:assert/strict";
import { truncateSync } from "node:fs";
import { nfsMountOptions } from "../../components/addons/shared-storage/nfs";
import { nfsServerScript } from "../../components/cudo/nfs-server";
import type { MachineAccess } from "../../provider/vault/machine-access";
import { diskKeyPath } from "../../sdk/vault/defaults";
import type { RealVault } from "../provider/vault/real-vault";
import { emptyDisk, emulatedWithVault, type VaultScene } from "./scene";
import type { VirtualMachine } from "./virtual-machine";
import { vmSpec } from "./virtual-machines";

const name = "files-1";
const address = "10.9.0.1";
const key = `secret/data/${diskKeyPath(`gpu-clusters/project.${name}`, "files")}`;
const marker = "what-a-pod-has-shared-93ab";
const never = new AbortController().signal;
const serves = /serves \/srv\/shared to 10\.9\.0\.0\/24[^]*the start script ended with 0/;

describe("Cudo's file server with an encrypted disk", function () {
  this.timeout(3_600_000);
  let scene: VaultScene | undefined;
  let vault: RealVault;
  let access: MachineAccess;
  let dataDisk: string;
  let server: VirtualMachine;
  let node: VirtualMachine;
  /** The disk's, the first one first. */
  const keys: string[] = [];

  before(async function () {
    scene = await emulatedWithVault(this);
    ({ vault, access } = scene);
    dataDisk = emptyDisk(scene, 1024);
    server = await newServer();
    const mount = `mount -t nfs -o ${nfsMountOptions.join(",")} ${address}:/ /mnt/shared`;
    const script = [
      "mkdir -m 700 -p /root/.ssh /mnt/shared",
      `echo '${scene.machines.sshKey.public}' >/root/.ssh/authorized_keys`,
      `until ${mount}; do sleep 5; done`,
    ];
    const startScript = script.join("\n");
    node = scene.machines.machine(vmSpec({ id: "vm/node", name: "node", address: "10.9.0.2", startScript }));
  });
  after(() => scene?.close());

  /** As the plugin makes each VM of that name: with a credential of its own. */
  async function newServer(): Promise<VirtualMachine> {
    const credential = await access.grant(name, never);
    const startScript = nfsServerScript({
      network: "10.9.0.0/24",
      encryption: scene!.encryption({ ...credential, keyPath: diskKeyPath(credential.keyPath, "files") }),
      authorizedKeys: [scene!.machines.sshKey.public],
    });
    return scene!.machines.machine(vmSpec({ id: `vm/${name}`, name, address, startScript, dataDisk }));
  }

  const keyInVault = async () => (await vault.done("GET", key)).data.data.key as string;
  const nodeReads = () =>
    node.until("the share on the node", async () => (await node.output("cat /mnt/shared/note")) === marker);

  it("is made at the first boot, also where the power went while the disk was formatted", async () => {
    await server.start();
    await server.untilSaid(/formatting the empty disk \/dev\/vdb/);
    await server.powerCut();
    await server.start();
    await server.untilSaid(serves);
    const status = (await server.output("cryptsetup status gpu-clusters"))!;
    assert.match(status, /type:\s+LUKS2[^]*cipher:\s+aes-xts-plain64[^]*device:\s+\/dev\/vdb/);
    assert.equal(await server.output("findmnt -no SOURCE /srv/shared"), "/dev/mapper/gpu-clusters");
    assert.equal(await server.output("blkid -p -o value -s LABEL /dev/vdb"), "gpu-clusters");
    assert.equal((await vault.call("GET", `${key}?version=2`)).status, 404, "one key");
    await node.start();
    await node.until("a share", async () => (await node.output("mountpoint -q /mnt/shared && echo there")) === "there");
    await node.output(`echo ${marker} >/mnt/shared/note; sync`);
    assert.equal(await server.output("cat /srv/shared/note"), marker);
  });

  it("gets another key, with which alone it opens", async () => {
    keys.push(await keyInVault());
    assert.match((await server.output("gpu-clusters-disk-key rotate"))!, /has a new key/);
    keys.push(await keyInVault());
    for (const [index, status] of ["2", "0"].entries()) {
      const test = "cryptsetup open --test-passphrase --key-file - /dev/vdb 2>/dev/null; echo $?";
      assert.equal(await server.output(`printf %s '${keys[index]}' | ${test}`), status);
    }
  });

  it("waits while Vault is away, and serves nothing; then what was written, and what the disk has grown by", async () => {
    await vault.shut();
    await server.powerCut();
    truncateSync(dataDisk, 1536 * 2 ** 20);
    await server.start();
    await server.untilSaid(/the encrypted disk waits for Vault at https:\/\/10\.0\.2\.2:\d+: no answer/);
    await server.until("a machine that one can log in to", async () => (await server.output("echo here")) === "here");
    assert.notEqual(await server.output("systemctl is-active nfs-server"), "active");
    assert.equal(await server.output("mountpoint -q /srv/shared || echo none"), "none");
    await vault.open();
    // By its units: whether a cloud runs the script on each boot, or that ends well there, is another question.
    await nodeReads();
    assert.ok(Number(await server.output("df --output=size -BM /srv/shared | tail -1 | tr -d M")) > 1300);
  });

  it("is read by the VM that takes the place of one that is gone, for the node that has it mounted too", async () => {
    await server.terminate();
    await access.revoke(name, never);
    assert.equal(await keyInVault(), keys[1], "the disk outlives the VM");
    server = await newServer();
    await server.start();
    assert.doesNotMatch(await server.untilSaid(serves), /formatting/);
    await nodeReads();
    await node.powerCut();
  });

  it("cannot be read from the disks of a machine that is off", async () => {
    await server.output(`echo plain-${marker.toUpperCase()} >/root/plain; sync`);
    await server.stop();
    // What is not encrypted is found this way.
    assert.ok(await server.diskHas(`plain-${marker.toUpperCase()}`));
    for (const text of [marker, ...keys])
      for (const disk of [server.disk, dataDisk]) assert.ok(!(await server.diskHas(text, disk)), disk);
  });

  it("stays shut, and says so, once the key has gone with its disk", async () => {
    await access.forgetDisk(name, "files", never);
    assert.equal((await vault.call("GET", key)).status, 404);
    await server.start();
    await server.untilSaid(/waits for Vault at \S+ Vault has no key for this disk any more/);
    await server.until("a machine that one can log in to", async () => (await server.output("echo here")) === "here");
    assert.equal(await server.output("mountpoint -q /srv/shared || echo none"), "none");
  });
});
