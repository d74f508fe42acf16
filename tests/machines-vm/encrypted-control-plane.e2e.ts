/**
 * A control plane with an encrypted disk on a real kernel, with a real Vault and a real etcd: `npm run test:e2e -- tests/machines-vm/encrypted-control-plane.e2e.ts`.
 * kubeadm and kubelet are stand-ins, so that etcd is started here.
 */
import assert from "node:assert/strict";
import { createPrivateKey } from "node:crypto";
import { cpSync, mkdirSync } from "node:fs";
import { join } from "node:path";
import { renderVaultScripts } from "../../bootstrap/script";
import type { MachineAccess, MachineCredential } from "../../provider/vault/machine-access";
import { ensureTools } from "../../toolchain/tools";
import { runCommand } from "../../toolchain/tools/command";
import { controlPlane } from "../bootstrap/documents";
import type { RealVault } from "../provider/vault/real-vault";
import { emptyDisk, emulatedWithVault, type VaultScene } from "./scene";
import type { VirtualMachine } from "./virtual-machine";
import { vmSpec } from "./virtual-machines";

const name = "control-1";
const marker = "what-etcd-has-kept-5c2e";
/** The end of the cluster authority's number, as it stands in the script and, without its public half, in the machine's file. */
const caNumber = createPrivateKey(controlPlane.controlPlane!.ca.privateKey).export({ format: "jwk" }).d!;
const caKey = Buffer.from(caNumber, "base64url").subarray(13).toString("base64");
const secretsKey = controlPlane.controlPlane!.encryptionKey!;

describe("a control plane with an encrypted disk", function () {
  this.timeout(3_600_000);
  let scene: VaultScene | undefined;
  let vault: RealVault;
  let access: MachineAccess;
  let machine: VirtualMachine;

  before(async function () {
    const { machines, encryption, ...made } = (scene = await emulatedWithVault(this));
    ({ vault, access } = made);
    const scripts = (credential: MachineCredential) =>
      renderVaultScripts({
        ...controlPlane,
        nodeName: name,
        providerId: `cudo://project/${name}`,
        authorizedKeys: [machines.sshKey.public],
        diskEncryption: encryption(credential),
      });
    const { vaultScript } = scripts({ roleId: "", wrappedSecretId: "", keyPath: "" });
    const { startScript } = scripts(await access.grant(name, new AbortController().signal, vaultScript));
    const dataDisk = await etcdDisk(scene);
    machine = machines.machine(vmSpec({ id: `vm/${name}`, name, address: "10.9.0.1", startScript, dataDisk }));
  });
  after(() => scene?.close());

  /** The image has no etcd. */
  async function etcdDisk(scene: VaultScene): Promise<string> {
    const { etcd } = await ensureTools(["etcd"]);
    const [folder, disk] = [join(scene.folder, "tools"), emptyDisk(scene, 128, "tools-disk")];
    mkdirSync(folder);
    cpSync(etcd, join(folder, "etcd"), { dereference: true });
    await runCommand("mke2fs", ["-q", "-t", "ext4", "-L", "tools", "-d", folder, disk], {});
    return disk;
  }

  const output = (command: string) => machine.output(command);
  const isUp = async () => (await output("systemctl is-active kubelet")) === "active";

  /** As kubeadm's static pod does, with its directory. */
  async function etcd(call: "put" | "range", request: object): Promise<string> {
    const run = "systemd-run -q --unit=etcd /mnt/etcd --data-dir /var/lib/etcd";
    await output(`mountpoint -q /mnt || mount -o ro LABEL=tools /mnt; systemctl is-active -q etcd || ${run}`);
    const ask = `import sys,urllib.request as u;print(u.urlopen("http://127.0.0.1:2379/v3/kv/${call}",sys.stdin.buffer.read()).read().decode())`;
    return machine.until(`etcd's answer to ${call}`, async () => {
      const answer = await output(`printf %s '${JSON.stringify(request)}' | python3 -c '${ask}'`);
      return answer?.includes("header") ? answer : undefined;
    });
  }
  const base64 = (text: string) => Buffer.from(text).toString("base64");

  it("becomes one by the script that Vault has, with the cluster's keys on the encrypted disk alone", async () => {
    await machine.start();
    await machine.until("a node", async () => (await output("cat /var/lib/gpu-clusters/node")) === name);
    for (const folder of ["/var/lib/etcd", "/etc/kubernetes"])
      assert.match((await output(`findmnt -no SOURCE ${folder}`))!, /^\/dev\/mapper\/gpu-clusters\[/);
    assert.ok((await output("cat /etc/kubernetes/pki/ca.key"))!.includes(caKey));
    assert.ok((await output("cat /etc/kubernetes/pki/encryption.yaml"))!.includes(secretsKey));
    assert.equal(await output("stat -c %m /var/lib/gpu-clusters/volume/start"), "/var/lib/gpu-clusters/volume");
    await etcd("put", { key: base64("where"), value: base64(marker) });
    await output(`echo plain-${marker.toUpperCase()} >/root/plain; sync`);
  });

  it("waits while Vault is away, says so, and has nothing without it", async () => {
    await vault.shut();
    await machine.stop();
    await machine.start();
    await machine.untilSaid(/the encrypted disk waits for Vault at https:\/\/10\.0\.2\.2:\d+: no answer/);
    await machine.until("a log-in", async () => (await output("echo here")) === "here");
    assert.equal(await isUp(), false);
    assert.equal(await output("ls -A /var/lib/etcd /etc/kubernetes | grep -v :"), "");
  });

  it("has all of it after the reboot once Vault is back, and what etcd has kept", async () => {
    await vault.open();
    await machine.until("kubelet", isUp);
    assert.ok((await output("cat /etc/kubernetes/pki/ca.key"))!.includes(caKey));
    assert.ok((await etcd("range", { key: base64("where") })).includes(base64(marker)));
    assert.match((await output("findmnt -no SOURCE /var/lib/etcd"))!, /^\/dev\/mapper\/gpu-clusters\[/);
  });

  it("tells nothing of keys and etcd from the disk of a machine that is off", async () => {
    await machine.stop();
    // What is not encrypted is found this way.
    assert.ok(await machine.diskHas(`plain-${marker.toUpperCase()}`));
    for (const each of [marker, caKey, secretsKey]) assert.ok(!(await machine.diskHas(each)), each);
  });

  it("stays shut once it is to be gone", async () => {
    await access.revoke(name, new AbortController().signal);
    await machine.start();
    await machine.untilSaid(/waits for Vault at \S+ auth\/gpu-clusters\/login: HTTP 400/);
    assert.equal(await isUp(), false);
  });
});
