/** The encrypted data disk of a file server, by its own start script, with stand-ins for cryptsetup and for Vault's calls; `tests/machines-vm` has both real. */
import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { nfsServerScript } from "../../components/cudo/nfs-server";
import { diskKeyPath } from "../../sdk/vault/defaults";
import { unpacked } from "./golden";
import { FakeMachine } from "./machine";
import { shellcheck } from "./shellcheck";
import { VaultStandIn, type Trouble } from "./vault-stand-in";

const command = '"$GPU_CLUSTERS_ROOT/usr/local/sbin/gpu-clusters-disk-key"';
const formats = /luksFormat|mkfs/;
const authorizedKeys = ["ssh-ed25519 AAAA me", "ssh-ed25519 BBBB $(touch /tmp/x) 'END'"];

describe("the encrypted data disk of a file server", function () {
  this.timeout(240_000);
  let machine: FakeMachine;
  let vault: VaultStandIn;
  let script: string;

  beforeEach(async () => {
    machine = new FakeMachine();
    machine.attach("sda", "TYPE=ext4\n", ["sda1"]);
    vault = await VaultStandIn.start();
    vault.keyPath = diskKeyPath(vault.keyPath, "train-files");
    script = nfsServerScript({ network: "10.0.0.0/16", encryption: vault.disk, authorizedKeys });
  });
  afterEach(async () => {
    machine.dispose();
    await vault.close();
  });

  /** Power on: what runs before anything else does. */
  const boot = async () => {
    machine.reboot();
    return machine.run(`${command} open`);
  };
  const header = () => JSON.parse(machine.attached("sdb")) as Record<string, string>;
  /** `slot`: of the newest key. */
  const whole = (slot = "0") => ({ label: "gpu-clusters", [slot]: vault.keys.at(-1)! });

  it("is made with a key that Vault has given back, and served when it is mounted", async () => {
    machine.attach("sdb");
    const { status, output, calls } = await machine.run(script);
    assert.equal(status, 0, output);
    assert.deepEqual(header(), whole());
    assert.equal(Buffer.from(vault.keys[0]!, "base64").length, 64);
    const path = "secret/data/gpu-clusters/train/train-cpu-1/disks/train-files";
    const made = vault.requests.indexOf(`POST ${path}`);
    assert.equal(vault.requests[made + 1], `GET ${path}`);
    const order = [
      "cryptsetup luksFormat",
      "mkfs.ext4 -q /dev/mapper/gpu-clusters",
      "cryptsetup config --label gpu-clusters ",
      "e2fsck -p",
      `mount /dev/mapper/gpu-clusters ${machine.root}/srv/shared`,
      "resize2fs /dev/mapper/gpu-clusters",
      "systemctl start gpu-clusters-disk",
      "systemctl restart nfs-server",
      "exportfs -ra",
    ];
    const places = order.map((each) => calls.findIndex((call) => call.startsWith(each)));
    assert.deepEqual(
      places,
      places.slice().sort((a, b) => a - b),
      calls.join("\n"),
    );
    assert.ok(!places.includes(-1), calls.join("\n"));
    assert.match(calls.join("\n"), /luksFormat -q --type luks2 .*--label gpu-clusters-new --key-file - \S+\/sdb\n/);
    assert.match(
      machine.read("etc/exports.d/shared.exports"),
      /^\/srv\/shared 10\.0\.0\.0\/16\(.*\bmountpoint\b.*\)$/m,
    );
    const unit = machine.read("etc/systemd/system/nfs-server.service.d/shared.conf");
    assert.match(unit, /^Requires=gpu-clusters-disk\.service\nAfter=gpu-clusters-disk\.service$/m);
    assert.ok(!machine.has("etc/fstab"), "its unit mounts it");
  });

  it("waits for a systemd that answers late, at the first boot and at later ones", async () => {
    machine.attach("sdb");
    const late =
      '() { local once="$BIN/../$(echo "$*" | cksum | cut -d" " -f1)"; [ -e "$once" ] && { command systemctl "$@"; return; }; : >"$once"; return 1; }';
    for (let boots = 0; boots < 2; boots++) {
      const { status, output, calls } = await machine.run(script, { "BASH_FUNC_systemctl%%": late });
      assert.equal(status, 0, output);
      assert.ok(calls.includes("systemctl restart nfs-server"), calls.join("\n"));
    }
  });

  it("leaves no key on the boot disk or in what is said, and lets those log in who may", async () => {
    machine.attach("sdb");
    const { output } = await machine.run(script);
    const credential = machine.read("var/lib/gpu-clusters/disk-credential").trim();
    for (const secret of [vault.keys[0]!, credential, vault.disk.wrappedSecretId]) assert.ok(!output.includes(secret));
    for (const file of ["etc/gpu-clusters/disk.json", "var/lib/gpu-clusters/disk-credential"])
      assert.equal(machine.mode(file), "600");
    assert.equal(machine.read("root/.ssh/authorized_keys"), `${authorizedKeys.join("\n")}\n`);
    await machine.run(script);
    assert.equal(machine.read("root/.ssh/authorized_keys"), `${authorizedKeys.join("\n")}\n`);
  });

  it("is opened at later boots under whatever name, by a credential of each boot's own, and takes up what has grown", async () => {
    machine.attach("sdb");
    await machine.run(script);
    const kept = machine.attached("sdb");
    // Empty, and before it.
    machine.attach("sdaa");
    for (let boots = 0; boots < 2; boots++) {
      const { status, output, calls } = await boot();
      assert.equal(status, 0, output);
      assert.doesNotMatch(calls.join("\n"), formats);
      assert.match(calls.join("\n"), /mount \/dev\/mapper\S+ \S+\/srv\/shared\nresize2fs /);
      assert.equal(vault.secretIds.size, 1);
    }
    const again = await machine.run(script);
    assert.equal(again.status, 0, again.output);
    assert.deepEqual([machine.attached("sdb"), machine.attached("sdaa"), vault.keys.length], [kept, "", 1]);
  });

  it("is read by the machine that takes the place of one that is gone", async () => {
    machine.attach("sdb");
    await machine.run(script);
    const disk = header();
    machine.dispose();
    machine = new FakeMachine();
    machine.attach("sdc", disk);
    vault.grantAgain();
    const { status, output, calls } = await machine.run(script);
    assert.equal(status, 0, output);
    assert.doesNotMatch(calls.join("\n"), formats);
    assert.match(calls.join("\n"), /mount \/dev\/mapper/);
    assert.equal(vault.keys.length, 1);
  });

  it("is made whole by the next boot, whatever command the power was cut at, with the one key", async () => {
    machine.attach("sdb");
    const { calls } = await machine.run(script);
    const matters = /^(cryptsetup|mkfs|e2fsck|mount|resize2fs|exportfs|systemctl (start|restart)) /;
    const places = calls.flatMap((call, index) => (matters.test(call) ? [index + 1] : []));
    assert.ok(places.length >= 9, calls.join("\n"));
    for (const at of places) {
      const cut = new FakeMachine();
      try {
        vault.keys.length = 0;
        vault.grantAgain();
        cut.attach("sda", "TYPE=ext4\n", ["sda1"]);
        cut.attach("sdb");
        assert.equal((await cut.run(script, { CUT_AT: String(at) })).status, null);
        const before = cut.attached("sdb");
        cut.reboot();
        const { status, output, calls } = await cut.run(script);
        assert.equal(status, 0, `${at}: ${output}`);
        assert.equal(vault.keys.length, 1, String(at));
        assert.deepEqual(JSON.parse(cut.attached("sdb")), whole(), String(at));
        if (before.includes('"gpu-clusters"')) assert.doesNotMatch(calls.join("\n"), formats, String(at));
        assert.match(calls.join("\n"), /systemctl restart nfs-server/);
      } finally {
        cut.dispose();
      }
    }
  });

  it("is made anew where the power went while it was formatted, with a header that no key opens", async () => {
    machine.attach("sdb");
    machine.cutFormats(true);
    assert.notEqual((await machine.run(script)).status, 0);
    assert.deepEqual(header(), { label: "gpu-clusters-new" });
    machine.cutFormats(false);
    machine.reboot();
    const { status, output } = await machine.run(script);
    assert.equal(status, 0, output);
    assert.deepEqual(header(), whole());
    assert.equal(vault.keys.length, 1);
  });

  it("has its label before it is mounted, where cryptsetup has mended a header that was cut short", async () => {
    machine.attach("sdb");
    await machine.run(script);
    machine.attach("sdb", { ...header(), mends: "gpu-clusters-new" });
    const { status, output, calls } = await boot();
    assert.equal(status, 0, output);
    assert.doesNotMatch(calls.join("\n"), formats);
    assert.match(calls.join("\n"), /cryptsetup open --type[^]*cryptsetup config --label gpu-clusters [^]*mount /);
    assert.deepEqual(header(), whole());
  });

  it("takes no disk with partitions, with anything on it, or in plain text with its label", async () => {
    const others: [string, string[]?][] = [["TYPE=ext4\nLABEL=mine\n"], ["PTTYPE=gpt\n"], ["", ["sdb1"]]];
    others.push(['{"label": "other", "0": "key"}']);
    for (const [holds, parts] of others) {
      machine.attach("sdb", holds, parts);
      const waits = /waits for a data disk, which is empty or has the label gpu-clusters\. Next try in 1 s/;
      // It waits, and gets one.
      let given = false;
      const { status, output, calls } = await machine.run(script, {}, (said) => {
        if (given || !waits.test(said)) return;
        given = true;
        machine.attach("sdc");
      });
      assert.equal(status, 0, output);
      assert.match(output, waits);
      assert.match(calls.join("\n"), /luksFormat .*\/sdc\n/);
      assert.doesNotMatch(calls.join("\n"), /luksFormat .*\/sdb\n/);
      assert.equal(machine.attached("sdb"), holds);
      machine.dispose();
      machine = new FakeMachine();
      vault.grantAgain();
    }
    const plain = "TYPE=ext4\nLABEL=gpu-clusters\n";
    machine.attach("sdb", plain);
    machine.attach("sdc");
    const { status, output, calls } = await machine.run(script);
    assert.equal(status, 1);
    assert.match(output, /\/sdb has the label gpu-clusters and is not encrypted: it is left as it is/);
    assert.doesNotMatch(calls.join("\n"), /luksFormat|mkfs|mount |nfs-server/);
    assert.deepEqual([machine.attached("sdb"), machine.attached("sdc")], [plain, ""]);
  });

  it("waits, says why and serves nothing while Vault is away, refuses, has no key, or has another", async () => {
    machine.attach("sdb");
    const answers: (Trouble | undefined)[] = ["refused", "sealed"];
    vault.trouble = (request) => (request.startsWith("POST secret") ? answers.shift() : undefined);
    const first = await machine.run(script);
    assert.equal(first.status, 0, first.output);
    assert.match(first.output, /waits for Vault at \S+ \S+\/disks\/train-files: HTTP 403[^]*Vault is sealed/);
    assert.deepEqual(header(), whole());
    const { calls } = first;
    assert.ok(
      calls.findIndex((call) => call.includes("nfs-server")) > calls.findIndex((call) => call.startsWith("mount ")),
    );

    const kept = machine.attached("sdb");
    const from = vault.requests.length;
    vault.trouble = (_, index) => (index === from ? "lost" : undefined);
    assert.match((await boot()).output, /waits for Vault at \S+ no answer: .*\. Next try in 1 s/);
    vault.instead = "another";
    vault.trouble = (request) => {
      if (request.endsWith("revoke-self")) vault.instead = undefined;
      return undefined;
    };
    assert.match((await boot()).output, /the key in Vault does not open this disk\. Next try/);
    const keys = vault.keys.splice(0);
    vault.trouble = (request) => {
      if (request.endsWith("revoke-self")) vault.keys.push(...keys.splice(0));
      return undefined;
    };
    const none = await boot();
    assert.match(none.output, /Vault has no key for this disk any more\. Next try/);
    assert.doesNotMatch(none.calls.join("\n"), formats);
    assert.equal(machine.attached("sdb"), kept);
  });

  it("is neither made anew nor mounted where its header or its file system is damaged", async () => {
    machine.attach("sdb");
    await machine.run(script);
    machine.breakFileSystem();
    const errors = await boot();
    assert.equal(errors.status, 1);
    assert.match(errors.output, /the file system on \S+\/sdb has errors: look with e2fsck/);
    assert.doesNotMatch(errors.calls.join("\n"), /mkfs|luksFormat|^mount /m);
    machine.attach("sdb", "TYPE=crypto_LUKS\nLABEL=gpu-clusters\n");
    const damaged = await boot();
    assert.equal(damaged.status, 1);
    assert.match(damaged.output, /the header of \S+\/sdb is damaged: it cannot be opened, and is not made anew/);
    assert.doesNotMatch(damaged.calls.join("\n"), formats);
  });

  it("gets another key, with which alone it opens, and opens after each rotation that was cut short", async () => {
    machine.attach("sdb");
    assert.match((await machine.run(script)).output, /the encrypted disk is open/);
    const before = vault.requests.length;
    const rotated = await machine.run(`${command} rotate`);
    assert.equal(rotated.status, 0, rotated.output);
    assert.deepEqual([header(), [...vault.destroyed]], [whole("1"), [1]]);
    const requests = vault.requests.length - before;
    for (const trouble of ["sealed", "lost"] as const)
      for (let turn = 0; turn < requests; turn++) {
        const from = vault.requests.length;
        vault.trouble = (_, index) => (index - from === turn ? trouble : undefined);
        await machine.run(`${command} rotate`);
        vault.trouble = () => undefined;
        assert.ok(Object.values(header()).includes(vault.keys.at(-1)!), `${trouble} ${turn}`);
        assert.equal(header()["label"], "gpu-clusters");
      }
    assert.equal((await boot()).status, 0);
  });

  it("is refused by the error where its script is longer than a machine takes", () => {
    const encryption = { ...vault.disk, certificateAuthority: "x".repeat(10_000) };
    assert.throws(
      () => nfsServerScript({ network: "10.0.0.0/16", encryption }),
      /the start script of the file server has \d+ bytes, and a machine takes 16384: give vault\.certificateAuthority/,
    );
  });

  it("passes shellcheck", function () {
    const executable = shellcheck();
    if (executable === undefined) return this.skip();
    for (const input of [script, unpacked(script)])
      assert.equal(spawnSync(executable, ["-"], { input, encoding: "utf8" }).stdout, "");
  });
});
