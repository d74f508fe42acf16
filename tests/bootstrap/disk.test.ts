/** The encrypted disk's part of the start script, with stand-ins for cryptsetup and for Vault's calls; `tests/machines-vm` has both real. */
import assert from "node:assert/strict";
import { rmSync } from "node:fs";
import { join } from "node:path";
import { renderBootstrapScript, renderVaultScripts } from "../../bootstrap/script";
import { controlPlane, filled, worker } from "./documents";
import { FakeMachine } from "./machine";
import { VaultStandIn, type Trouble } from "./vault-stand-in";

const state = "var/lib/gpu-clusters";
const command = '"$GPU_CLUSTERS_ROOT/usr/local/sbin/gpu-clusters-disk-key"';
const of = (calls: string[], name: string) => calls.filter((call) => call.startsWith(`${name} `));

describe("the encrypted disk of a machine", function () {
  this.timeout(240_000);
  let machine: FakeMachine;
  let vault: VaultStandIn;
  let script: string;

  beforeEach(async () => {
    machine = new FakeMachine();
    vault = await VaultStandIn.start();
    script = filled(
      renderBootstrapScript({ ...worker, diskEncryption: vault.disk }, { delivery: "cudo-start-script" }),
    );
  });
  afterEach(async () => {
    machine.dispose();
    await vault.close();
  });

  /** Power on: what runs before anything else does, and the start script. */
  const boot = async () => {
    machine.reboot();
    return machine.run(`${command} open`);
  };
  const credential = () => machine.read(`${state}/disk-credential`).trim();

  it("is made with a key that Vault has given back, before anything is stored", async () => {
    machine.write("var/lib/containerd/image", "what the image brought");
    const { status, output, calls } = await machine.run(script);
    assert.equal(status, 0, output);
    assert.deepEqual(machine.slots(), { "0": vault.keys[0] });
    assert.equal(Buffer.from(vault.keys[0]!, "base64").length, 64);

    const made = vault.requests.indexOf("POST secret/data/gpu-clusters/train/train-cpu-1");
    assert.equal(vault.requests[made + 1], "GET secret/data/gpu-clusters/train/train-cpu-1");
    assert.equal(vault.requests.at(-1), "POST auth/token/revoke-self");
    const order = ["swapoff", "cryptsetup luksFormat", "mkfs.ext4", "mount /dev/mapper", "kubeadm join"];
    const places = order.map((each) => calls.findIndex((call) => call.startsWith(each)));
    assert.deepEqual(
      places,
      [...places].sort((a, b) => a - b),
      calls.join("\n"),
    );
    assert.ok(!places.includes(-1), calls.join("\n"));
    assert.match(
      calls.find((call) => call.includes("luksFormat"))!,
      /--type luks2 --pbkdf pbkdf2 --pbkdf-force-iterations 1000 --key-file - /,
    );

    // What the image brought has moved, and nothing is left below.
    assert.equal(machine.read(`${state}/volume/var/lib/containerd/image`), "what the image brought");
    assert.ok(!machine.has("var/lib/containerd/image"));
    for (const folder of ["var/lib/containerd", "var/lib/kubelet", "var/lib/etcd", "var/log/pods", "etc/kubernetes"]) {
      const volume = `${machine.root}/${state}/volume`;
      const line = `${volume}/${folder} ${machine.root}/${folder} none bind,nofail,x-systemd.requires=gpu-clusters-disk.service 0 0\n`;
      assert.ok(machine.read("etc/fstab").includes(line), machine.read("etc/fstab"));
      for (const unit of ["containerd", "kubelet"])
        assert.match(
          machine.read(`etc/systemd/system/${unit}.service.d/50-gpu-clusters-disk.conf`),
          new RegExp(`RequiresMountsFor=.*/${folder}\\b`),
        );
    }
  });

  it("leaves no key on the boot disk or in a log, and a credential that only root reads", async () => {
    const { output } = await machine.run(script);
    for (const text of [output, machine.read("var/log/gpu-clusters-bootstrap.log")])
      for (const secret of [vault.keys[0]!, credential(), vault.disk.wrappedSecretId])
        assert.ok(!text.includes(secret));
    assert.equal(machine.mode("etc/gpu-clusters/disk.json"), "600");
    assert.equal(machine.mode(`${state}/disk-credential`), "600");
  });

  it("is formatted once, however often the script runs", async () => {
    await machine.run(script);
    const { status, output, calls } = await machine.run(script);
    assert.equal(status, 0, output);
    assert.deepEqual(of(calls, "cryptsetup"), []);
    const later = await boot();
    assert.equal(later.status, 0, later.output);
    assert.doesNotMatch(later.calls.join("\n"), /luksFormat|mkfs/);
    assert.equal(vault.keys.length, 1);
    assert.equal(machine.read("etc/fstab").match(/ \S+\/kubelet /g)?.length, 1);
  });

  it("opens at each boot with a credential of its own, and the last one's is no good any more", async () => {
    await machine.run(script);
    for (let boots = 0; boots < 3; boots++) {
      const last = credential();
      const { status, output } = await boot();
      assert.equal(status, 0, output);
      assert.doesNotMatch(output, /WARNING/);
      assert.notEqual(credential(), last);
      assert.deepEqual([...vault.secretIds.keys()], [credential()]);
    }
  });

  it("warns when somebody else has used its credential", async () => {
    await machine.run(script);
    vault.secretIds.get(credential())!.uses++;
    const { status, output } = await boot();
    assert.equal(status, 0);
    assert.match(output, /WARNING: this machine's credential for Vault has been used 1 times before/);
  });

  it("raises an alarm when the one-time token was used before, and makes nothing", async () => {
    vault.trouble = (_, index) => (index === 0 ? "lost" : undefined);
    const { status, output, calls } = await machine.run(script);
    assert.equal(status, 1);
    assert.match(output, /ALARM: the one-time token for this machine's disk was used before, or is too old .*8d6f6b8e/);
    assert.match(output, /FAILED at step: encrypted disk/);
    assert.doesNotMatch(calls.join("\n"), /luksFormat|kubeadm join/);
  });

  it("is not made where Vault does not give back what was written, or refuses it", async () => {
    vault.instead = "another";
    const lost = await machine.run(script);
    assert.equal(lost.status, 1);
    assert.match(lost.output, /Vault refuses the key of this machine's disk: Vault does not give back the key/);
    assert.doesNotMatch(lost.calls.join("\n"), /luksFormat/);
    vault.instead = undefined;
    vault.trouble = (request) => (request.startsWith("GET secret") ? "refused" : undefined);
    const refused = await machine.run(script);
    assert.match(refused.output, /secret\/data\/\S+: HTTP 403, \['permission denied'\]/);
    assert.doesNotMatch(refused.calls.join("\n"), /luksFormat/);
    // The key that is there already is the one.
    vault.trouble = () => undefined;
    assert.equal((await machine.run(script)).status, 0);
    assert.deepEqual(machine.slots(), { "0": vault.keys[0] });
  });

  it("is not made anew where its header is damaged", async () => {
    await machine.run(script);
    machine.write(`${state}/disk`, "noise");
    const { status, output, calls } = await boot();
    assert.equal(status, 1);
    assert.match(output, /header of \S+ is damaged: it cannot be opened, and is not made anew/);
    assert.doesNotMatch(calls.join("\n"), /luksFormat/);
    assert.equal(machine.read(`${state}/disk`), "noise");
  });

  it("waits, and says why, while Vault is away, has no key, or has another", async () => {
    await machine.run(script);
    const troubles: [RegExp, (turn: number) => Trouble | undefined, string?][] = [
      [/Vault is sealed'\]\. Next try in 1 s/, (turn) => (turn === 0 ? "sealed" : undefined)],
      [/no answer: .*\. Next try in 1 s/, (turn) => (turn === 2 ? "lost" : undefined)],
      [/login: HTTP 403, \['permission denied'\]\. Next try/, (turn) => (turn === 0 ? "refused" : undefined)],
    ];
    for (const [words, trouble] of troubles) {
      const from = vault.requests.length;
      vault.trouble = (_, index) => trouble(index - from);
      const { status, output } = await boot();
      assert.equal(status, 0, output);
      assert.match(output, words);
      assert.match(output, /the encrypted disk waits for Vault at https:\/\/127\.0\.0\.1:\d+:/);
    }
    vault.instead = "another";
    vault.trouble = (request) => {
      if (request.endsWith("revoke-self")) vault.instead = undefined;
      return undefined;
    };
    assert.match((await boot()).output, /the key in Vault does not open this disk\. Next try/);
  });

  it("gets another key, with which alone it opens", async () => {
    await machine.run(script);
    const rotated = await machine.run(`${command} rotate`);
    assert.equal(rotated.status, 0, rotated.output);
    assert.equal(vault.keys.length, 2);
    assert.deepEqual(machine.slots(), { "1": vault.keys[1] });
    assert.deepEqual([...vault.destroyed], [1], "the old key, with which a copy from before opens");
    vault.trouble = (request) => (request.includes("/destroy/") ? "refused" : undefined);
    const kept = await machine.run(`${command} rotate`);
    assert.equal(kept.status, 0, kept.output);
    assert.match(kept.output, /has a new key[^]*WARNING: its old keys are still in Vault: .*HTTP 403/);
    vault.trouble = () => undefined;
    assert.equal((await machine.run(`${command} rotate`)).status, 0);
    assert.deepEqual(machine.slots(), { "1": vault.keys[3] });
    assert.deepEqual([...vault.destroyed].sort(), [1, 2, 3]);
    assert.equal((await boot()).status, 0);
  });

  describe("of a control plane", () => {
    const keys = controlPlane.controlPlane!;
    beforeEach(() => {
      const scripts = renderVaultScripts({ ...controlPlane, diskEncryption: vault.disk });
      [script, vault.script] = [filled(scripts.startScript), filled(scripts.vaultScript)];
    });

    it("has the cluster's keys, which come from Vault and lie on no other disk", async () => {
      const { status, output, calls } = await machine.run(script);
      assert.equal(status, 0, output);
      assert.equal(machine.read(`${state}/volume/start`), vault.script);
      assert.equal(machine.mode(`${state}/volume/start`), "600");
      assert.ok(!machine.has(`${state}/volume/start.new`));
      assert.equal(machine.read("etc/kubernetes/pki/front-proxy-ca.crt").trim(), keys.frontProxyCa.certificate.trim());
      assert.ok(machine.read("etc/kubernetes/pki/encryption.yaml").includes(keys.encryptionKey!));
      const place = (call: string) => calls.findIndex((each) => each.startsWith(call));
      assert.ok(place("mount /dev/mapper") < place("kubeadm init"), calls.join("\n"));
      assert.equal(of(calls, "kubeadm init").length, 1);
      const told = machine.read("var/log/gpu-clusters-bootstrap.log") + output;
      assert.ok(!told.includes(keys.encryptionKey!));
      assert.equal(told.match(/train-cpu-1 is a node/g)?.length, 2);
      assert.equal(vault.requests.at(-2), "GET secret/data/gpu-clusters/train/train-cpu-1/start");
      assert.equal(vault.requests.at(-1), "POST auth/token/revoke-self");
    });

    it("is a node at later boots, and asks for its keys no more", async () => {
      await machine.run(script);
      assert.equal((await boot()).status, 0);
      const from = vault.requests.length;
      const { status, output, calls } = await machine.run(script);
      assert.equal(status, 0, output);
      assert.equal(vault.requests.length, from);
      assert.deepEqual(of(calls, "kubeadm init"), []);
      assert.match(calls.join("\n"), /systemctl start kubelet[^]*restart --no-block gpu-clusters-approver/);
    });

    it("waits for them while Vault is away or refuses, and says so", async () => {
      const asked = (request: string) => request.endsWith("/start");
      const answers: (Trouble | undefined)[] = ["sealed", "lost", "refused"];
      vault.trouble = (request) => (asked(request) ? answers.shift() : undefined);
      const { status, output } = await machine.run(script);
      assert.equal(status, 0, output);
      for (const words of [/Vault is sealed/, /no answer/, /train-cpu-1\/start: HTTP 403/]) assert.match(output, words);
      assert.equal(vault.requests.filter(asked).length, 4);
      assert.equal(vault.keys.length, 1);
    });

    it("gets them at the next boot when the first was cut short before them", async () => {
      await machine.run(script);
      for (const file of ["volume/start", "node"]) rmSync(join(machine.root, state, file));
      assert.equal((await boot()).status, 0);
      assert.equal(machine.read(`${state}/volume/start`), vault.script);
      const { status, output, calls } = await machine.run(script);
      assert.equal(status, 0, output);
      assert.equal(of(calls, "kubeadm init").length, 1);
      assert.doesNotMatch(calls.join("\n"), /luksFormat/);
    });
  });

  it("opens after each rotation that was cut short, whichever request failed and whether Vault did it or not", async () => {
    await machine.run(script);
    const before = vault.requests.length;
    await machine.run(`${command} rotate`);
    const requests = vault.requests.length - before;
    assert.ok(requests >= 8, String(requests));
    const seen = new Set<string>();
    for (const trouble of ["sealed", "lost"] as const)
      for (let turn = 0; turn < requests; turn++) {
        const from = vault.requests.length;
        vault.trouble = (_, index) => (index - from === turn ? trouble : undefined);
        await machine.run(`${command} rotate`);
        vault.trouble = () => undefined;
        for (const each of credential().split("\n")) seen.add(each);
        assert.ok(Object.values(machine.slots()).includes(vault.keys.at(-1)!), `${trouble} ${turn}`);
      }
    const { status, output } = await machine.run(`${command} rotate`);
    assert.equal(status, 0, output);
    assert.deepEqual(Object.values(machine.slots()), [vault.keys.at(-1)!]);
    assert.deepEqual(
      [...vault.destroyed].sort((a, b) => a - b),
      vault.keys.slice(1).map((_, index) => index + 1),
    );
    // An id whose making nobody heard of is nobody's.
    assert.ok(![...seen].some((each) => vault.secretIds.has(each)));
  });
});
