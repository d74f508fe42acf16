/** A node's encrypted disk on a real kernel with a real Vault: `npm run test:e2e -- tests/machines-vm/disk-encryption.e2e.ts`. */
import assert from "node:assert/strict";
import { renderBootstrapScript } from "../../bootstrap/script";
import type { MachineAccess } from "../../provider/vault/machine-access";
import { worker } from "../bootstrap/documents";
import type { RealVault } from "../provider/vault/real-vault";
import { emulatedWithVault, type VaultScene } from "./scene";
import type { VirtualMachine } from "./virtual-machine";
import { vmSpec } from "./virtual-machines";

const name = "disk-1";
const keyPath = "gpu-clusters/project.disk-1";
const credentialFile = "/var/lib/gpu-clusters/disk-credential";
const marker = "what-a-pod-has-written-7d1f";

describe("a node's encrypted disk", function () {
  this.timeout(3_600_000);
  let scene: VaultScene | undefined;
  let vault: RealVault;
  let access: MachineAccess;
  let machine: VirtualMachine;
  let roleId: string;

  before(async function () {
    scene = await emulatedWithVault(this);
    ({ vault, access } = scene);
    const credential = await access.grant(name, new AbortController().signal);
    roleId = credential.roleId;
    const startScript = renderBootstrapScript(
      {
        ...worker,
        nodeName: name,
        providerId: "cudo://project/disk-1",
        bootstrapToken: "abcdef.0123456789abcdef",
        authorizedKeys: [scene.machines.sshKey.public],
        diskEncryption: scene.encryption(credential),
      },
      { delivery: "cudo-start-script" },
    );
    machine = scene.machines.machine(vmSpec({ id: `vm/${name}`, name, address: "10.9.0.1", startScript }));
  });
  after(() => scene?.close());

  const output = (command: string) => machine.output(command);
  const key = async () => (await vault.done("GET", `secret/data/${keyPath}`)).data.data.key as string;

  const isOpen = "systemctl is-active kubelet && mountpoint -q /var/lib/kubelet && echo there";
  const opened = () => machine.until("an open disk", async () => (await output(isOpen))?.endsWith("there"));
  const answers = () =>
    machine.until("a machine that one can log in to", async () => (await output("echo here")) === "here");

  let taken: string;
  /** The disk's, the first one first. */
  const keys: string[] = [];

  it("is made at the first boot, and has all that a node stores", async () => {
    await machine.start();
    await machine.until("a node", async () => (await output("cat /var/lib/gpu-clusters/node")) === name);
    for (const folder of [
      "/var/lib/containerd",
      "/var/lib/kubelet",
      "/var/lib/etcd",
      "/var/log/pods",
      "/etc/kubernetes",
    ])
      assert.match((await output(`findmnt -no SOURCE,TARGET ${folder}`))!, /^\/dev\/mapper\/gpu-clusters\[/);
    assert.match(
      (await output("cryptsetup status gpu-clusters"))!,
      /type:\s+LUKS2[^]*cipher:\s+aes-xts-plain64[^]*keysize:\s+512/,
    );
    assert.equal(await output("losetup -nO DIO -j /var/lib/gpu-clusters/disk"), "1");
    assert.equal(await output("cat /proc/swaps | tail -n +2"), "");
    assert.equal(Buffer.from(await key(), "base64").length, 64);
    const stored = `echo ${marker} | tee /var/lib/kubelet/marker /var/log/pods/marker /etc/kubernetes/marker; echo plain-${marker.toUpperCase()} >/root/plain; sync`;
    assert.equal(await output(stored), marker);
  });

  it("gets another key, with which alone it opens", async () => {
    const old = await key();
    keys.push(old);
    assert.match((await output("gpu-clusters-disk-key rotate"))!, /has a new key/);
    keys.push(await key());
    assert.notEqual(keys[1], old);
    assert.equal((await vault.call("GET", `secret/data/${keyPath}?version=1`)).status, 404);
    for (const [each, status] of [
      [old, 2],
      [await key(), 0],
    ] as const)
      assert.equal(
        await output(
          `printf %s '${each}' | cryptsetup open --test-passphrase --key-file - /var/lib/gpu-clusters/disk 2>/dev/null; echo $?`,
        ),
        String(status),
      );
  });

  it("waits while Vault is away, says so, and nothing starts on the empty directories", async () => {
    taken = (await output(`cat ${credentialFile}`))!;
    await vault.shut();
    await machine.stop();
    await machine.start();
    await machine.untilSaid(/the encrypted disk waits for Vault at https:\/\/10\.0\.2\.2:\d+: no answer/);
    await answers();
    for (const unit of ["kubelet", "containerd"])
      assert.match((await output(`systemctl is-active ${unit}`))!, /inactive/);
    assert.equal(await output("ls -A /var/lib/kubelet /etc/kubernetes | grep -v :"), "");
  });

  it("opens after the reboot once Vault is back, with what was stored", async () => {
    await vault.open();
    await opened();
    assert.equal(await output("cat /var/lib/kubelet/marker /etc/kubernetes/marker"), `${marker}\n${marker}`);
    assert.equal(await output("wc -l </var/lib/kubelet/started"), "2");
  });

  it("has a credential that is no good to who has copied it before", async () => {
    const { status, body } = await vault.call("POST", "auth/gpu-clusters/login", {
      role_id: roleId,
      secret_id: taken,
    });
    assert.deepEqual([status, body.errors], [400, ["invalid role or secret ID"]]);
    assert.notEqual(await output(`cat ${credentialFile}`), taken);
  });

  it("cannot be read from the disk of a machine that is off", async () => {
    await machine.stop();
    // What is not encrypted is found this way.
    assert.ok(await machine.diskHas(`plain-${marker.toUpperCase()}`));
    assert.ok(!(await machine.diskHas(marker)));
    assert.equal(keys.length, 2);
    for (const each of keys) assert.ok(!(await machine.diskHas(each)));
  });

  it("stays shut, and says so, once the machine is to be gone", async () => {
    await access.revoke(name, new AbortController().signal);
    assert.equal((await vault.call("GET", `secret/data/${keyPath}`)).status, 404);
    await machine.start();
    await machine.untilSaid(
      /waits for Vault at \S+ auth\/gpu-clusters\/login: HTTP 400, \['invalid role or secret ID'\]/,
    );
    await answers();
    assert.match((await output("systemctl is-active kubelet"))!, /inactive/);
    assert.equal(await output("ls -A /var/lib/kubelet"), "");
  });
});
