/** A node's encrypted disk on a real kernel with a real Vault: `npm run test:e2e -- tests/machines-vm/disk-encryption.e2e.ts`. */
import assert from "node:assert/strict";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { renderBootstrapScript } from "../../bootstrap/script";
import type { MachineAccess } from "../../provider/vault/machine-access";
import { newSshKeyPair } from "../../simulator/ssh-key-pair";
import { runCommand } from "../../toolchain/tools/command";
import { worker } from "../bootstrap/documents";
import { prepareAsDocumented } from "../provider/vault/documented-vault";
import { RealVault } from "../provider/vault/real-vault";
import { emulationProblem } from "./image";
import { ensureNodeImage } from "./node-image";
import { hostAddress, NodeMachine } from "./node-machine";

/** A boot takes 25 s on a quiet computer. */
const bootMs = 240_000;

const name = "disk-1";
const keyPath = "gpu-clusters/project.disk-1";
const credentialFile = "/var/lib/gpu-clusters/disk-credential";
const marker = "what-a-pod-has-written-7d1f";

describe("a node's encrypted disk", function () {
  this.timeout(3_600_000);
  const directory = mkdtempSync(join(tmpdir(), "gpu-clusters-vm-"));
  let vault: RealVault | undefined;
  let machine: NodeMachine | undefined;
  let roleId: string;
  let access: MachineAccess;

  before(async function () {
    const problem = await emulationProblem();
    if (problem !== undefined) {
      console.log(`Not run, because machines cannot be emulated here: ${problem}.`);
      this.skip();
    }
    const image = await ensureNodeImage();
    vault = await RealVault.start([hostAddress]);
    const ssh = newSshKeyPair();
    machine = new NodeMachine(directory, image, ssh.private);
    ({ access } = await prepareAsDocumented(vault, "project"));
    const credential = await access.grant(name, new AbortController().signal);
    roleId = credential.roleId;
    await machine.make(
      renderBootstrapScript(
        {
          ...worker,
          nodeName: name,
          providerId: "cudo://project/disk-1",
          bootstrapToken: "abcdef.0123456789abcdef",
          authorizedKeys: [ssh.public],
          diskEncryption: {
            address: `https://${hostAddress}:${vault.port}`,
            certificateAuthority: vault.certificateAuthority,
            authMount: "gpu-clusters",
            keyMount: "secret",
            ...credential,
          },
        },
        { delivery: "cudo-start-script" },
      ),
    );
  });
  after(async () => {
    await machine?.close();
    await vault?.close();
    rmSync(directory, { recursive: true, force: true });
  });

  const output = async (command: string) => (await machine!.run(command))?.stdout.trim();
  const key = async () => (await vault!.done("GET", `secret/data/${keyPath}`)).data.data.key as string;

  /** Boots are slow here: looks until there is something, or shows the console. */
  async function until<T>(look: () => Promise<T | undefined | false>, what: string): Promise<T> {
    for (const end = Date.now() + bootMs; ; await sleep(1_000)) {
      const found = await look();
      if (found !== undefined && found !== false) return found;
      if (Date.now() < end) continue;
      const log = (await machine!.console()).split("\n").slice(-40).join("\n");
      throw new Error(`not seen within ${bootMs / 1000} s: ${what}\n${log}`);
    }
  }
  const opened = () =>
    until(
      async () =>
        (await output("systemctl is-active kubelet && mountpoint -q /var/lib/kubelet && echo there"))?.endsWith(
          "there",
        ),
      "an open disk",
    );
  const said = async (words: RegExp, from: number) =>
    until(async () => words.test((await machine!.console()).slice(from)), String(words));

  let taken: string;

  it("is made at the first boot, and has all that a node stores", async () => {
    await machine!.start();
    await until(async () => (await output("cat /var/lib/gpu-clusters/node")) === name, "a node");
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
    assert.match((await output("gpu-clusters-disk-key rotate"))!, /has a new key/);
    assert.notEqual(await key(), old);
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
    await vault!.shut();
    const from = (await machine!.console()).length;
    await machine!.powerOff();
    await machine!.start();
    await said(/the encrypted disk waits for Vault at https:\/\/10\.0\.2\.2:\d+: no answer/, from);
    await until(async () => (await output("echo here")) === "here", "a machine that one can log in to");
    for (const unit of ["kubelet", "containerd"])
      assert.match((await output(`systemctl is-active ${unit}`))!, /inactive/);
    assert.equal(await output("ls -A /var/lib/kubelet /etc/kubernetes | grep -v :"), "");
  });

  it("opens after the reboot once Vault is back, with what was stored", async () => {
    await vault!.open();
    await opened();
    assert.equal(await output("cat /var/lib/kubelet/marker /etc/kubernetes/marker"), `${marker}\n${marker}`);
    assert.equal(await output("wc -l </var/lib/kubelet/started"), "2");
  });

  it("has a credential that is no good to who has copied it before", async () => {
    const { status, body } = await vault!.call("POST", "auth/gpu-clusters/login", {
      role_id: roleId,
      secret_id: taken,
    });
    assert.deepEqual([status, body.errors], [400, ["invalid role or secret ID"]]);
    assert.notEqual(await output(`cat ${credentialFile}`), taken);
  });

  it("cannot be read from the disk of a machine that is off", async () => {
    await machine!.powerOff();
    const has = async (pattern: string) =>
      (await runCommand("grep", ["-a", "-q", "-F", "-e", pattern, machine!.disk], { reject: false })).exitCode === 0;
    // What is not encrypted is found this way.
    assert.ok(await has(`plain-${marker.toUpperCase()}`));
    assert.ok(!(await has(marker)));
    for (const version of [1, 2]) {
      const each = (await vault!.done("GET", `secret/data/${keyPath}?version=${version}`)).data.data.key as string;
      assert.ok(!(await has(each)));
    }
  });

  it("stays shut, and says so, once the machine is to be gone", async () => {
    await access.revoke(name, new AbortController().signal);
    assert.equal((await vault!.call("GET", `secret/data/${keyPath}`)).status, 404);
    const from = (await machine!.console()).length;
    await machine!.start();
    await said(/waits for Vault at \S+ auth\/gpu-clusters\/login: HTTP 400, \['invalid role or secret ID'\]/, from);
    await until(async () => (await output("echo here")) === "here", "a machine that one can log in to");
    assert.match((await output("systemctl is-active kubelet"))!, /inactive/);
    assert.equal(await output("ls -A /var/lib/kubelet"), "");
  });
});
