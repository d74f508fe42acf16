/** The stand-in as the engine starts it: the bundled executable, driven over gRPC against a real SSH server. */
import assert from "node:assert/strict";
import { existsSync, mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { utils } from "ssh2";
import { buildStandIn } from "../../../stand-ins/build/stand-in";
import { runCommand } from "../../../toolchain/tools/command";
import { EngineResource, PluginError, Secret, startPlugin, type Plugin } from "../../provider/server/harness";
import { until } from "../../until";
import { startSshHost, type SshHost } from "./ssh-host";

describe("the stand-in for the command provider", () => {
  let directory: string;
  let plugin: Plugin;
  let host: SshHost;

  before(async () => {
    directory = mkdtempSync(join(tmpdir(), "stand-in-command-"));
    await buildStandIn("command", directory);
    plugin = await startPlugin(join(directory, "pulumi-resource-command"));
    host = await startSshHost();
  });

  after(async () => {
    await plugin?.stop();
    await host?.close();
    rmSync(directory, { recursive: true, force: true });
  });

  const local = (name: string) => new EngineResource(plugin, "command:local:Command", name);
  const remote = (name: string) => new EngineResource(plugin, "command:remote:Command", name);
  const connection = (rest: object = {}) => ({
    host: "127.0.0.1",
    port: host.port,
    user: "ubuntu",
    privateKey: new Secret(host.privateKey),
    perDialTimeout: 5,
    dialErrorLimit: 1,
    ...rest,
  });
  /** When the command that makes this file runs. */
  const cancelOnce = async (file: string) => {
    await until("the command runs", () => existsSync(file));
    await plugin.cancel();
  };
  const outputs = ({ stored }: EngineResource) => stored!.state.values;

  describe("local", () => {
    it("runs its three scripts in turn, each with what the one before said", async () => {
      const file = join(directory, "life");
      const program = {
        create: `echo "made $NAME"; cat; echo aside >&2`,
        update: `echo "was $PULUMI_COMMAND_STDOUT"`,
        delete: `echo "deleted after $PULUMI_COMMAND_STDOUT" > ${file}`,
        environment: { NAME: "it" },
        stdin: "told\n",
      };
      const resource = local("life");
      assert.equal(await resource.up(program), "create");
      assert.match(resource.stored!.id, /^life[0-9a-f]{8}$/);
      assert.equal(outputs(resource)["stdout"], "made it\ntold");
      assert.equal(outputs(resource)["stderr"], "aside");
      assert.equal(await resource.up(program), "same");
      assert.equal(await resource.up({ ...program, environment: { NAME: "other" } }), "update");
      assert.equal(outputs(resource)["stdout"], "was made it\ntold");
      await resource.refresh();
      await resource.destroy();
      assert.equal(readFileSync(file, "utf8"), "deleted after was made it\ntold\n");
    });

    it("makes a new one for new triggers, unless it has a script for updates", async () => {
      const resource = local("triggers");
      await resource.up({ create: "echo $$", triggers: ["a"] });
      assert.equal(await resource.up({ create: "echo $$", triggers: ["b"] }), "replace");
      await resource.up({ create: "echo $$", update: "echo updated", triggers: ["b"] });
      assert.equal(await resource.up({ create: "echo $$", update: "echo updated", triggers: ["c"] }), "update");
      assert.equal(outputs(resource)["stdout"], "updated");
    });

    it("fails with what the script said, and keeps nothing", async () => {
      const resource = local("failing");
      await assert.rejects(resource.up({ create: "echo no such thing >&2; exit 3" }), /exited with 3\nno such thing/);
      assert.equal(resource.stored, undefined);
      const quiet = resource.up({ create: "echo no such thing >&2; exit 3", logging: "none" });
      await assert.rejects(quiet, (error: PluginError) => error.message === "the command exited with 3");
    });

    it("ends with its children when the user interrupts, and at its timeout", async () => {
      const resource = local("slow");
      const begun = join(directory, "begun");
      const child = `sh -c 'echo $$ >${begun}.new; mv ${begun}.new ${begun}; exec sleep 600'; true`;
      const { inputs } = await resource.check({ create: child });
      // One that nobody has waited for is still there as a zombie.
      const runs = async () => {
        if (!existsSync(begun)) return false;
        const pid = readFileSync(begun, "utf8").trim();
        return /^[^Z]/.test((await runCommand("ps", ["-o", "stat=", "-p", pid], { reject: false })).stdout.trim());
      };
      const ended = () => until("the child's end", async () => !(await runs()));
      await assert.rejects(resource.create(inputs, 5), /did not finish within 5 s/);
      await ended();
      rmSync(begun, { force: true });
      const creating = assert.rejects(resource.create(inputs), /cancelled/);
      await cancelOnce(begun);
      await creating;
      await ended();
    });
  });

  describe("remote", () => {
    it("runs over SSH with its key, and keeps the connection and what came from secrets secret", async () => {
      const program = {
        connection: connection(),
        create: "echo for $NAME; cat",
        environment: { NAME: "it" },
        stdin: new Secret("a passphrase"),
        delete: "echo gone",
      };
      const resource = remote("over-ssh");
      assert.equal(await resource.up(program), "create");
      assert.equal(outputs(resource)["stdout"], "for it\na passphrase");
      for (const path of ["connection", "stdin", "stdout", "stderr"])
        assert.ok(resource.stored!.state.secrets.has(path), path);
      assert.ok(resource.stored!.inputs.secrets.has("connection"));
      assert.ok(!JSON.stringify(plugin.messages).includes("a passphrase"));
      assert.equal(await resource.up(program), "same");
      await resource.destroy();
      assert.equal(host.commands.at(-1), "echo gone");
    });

    it("does not call outputs secret that come from nothing secret, and logs them unless told not to", async () => {
      const resource = remote("plain");
      await resource.up({ connection: connection(), create: "echo loud" });
      assert.ok(!resource.stored!.state.secrets.has("stdout"));
      assert.ok(plugin.messages.some(({ message }) => message === "loud"));
      await resource.up({ connection: connection(), create: "echo silent", logging: "none" });
      assert.ok(!plugin.messages.some(({ message }) => message === "silent"));
    });

    it("dials until the host answers, as often as it is told", async () => {
      const late = await startSshHost({ refusals: 1 });
      const to = { port: late.port, privateKey: late.privateKey };
      try {
        await assert.rejects(
          remote("once").up({ connection: connection(to), create: "true" }),
          /cannot connect .*the host closed the connection/,
        );
        const resource = remote("twice");
        const again = await startSshHost({ refusals: 1 });
        const patient = { port: again.port, privateKey: again.privateKey, dialErrorLimit: 3 };
        await resource.up({ connection: connection(patient), create: "echo up" });
        assert.equal(again.connections(), 2);
        await again.close();
      } finally {
        await late.close();
      }
    });

    it("says why a host cannot be reached, without the key", async () => {
      const stranger = await startSshHost();
      await stranger.close();
      const wrong = remote("wrong").up({
        connection: connection({ privateKey: new Secret(stranger.privateKey) }),
        create: "true",
      });
      await assert.rejects(wrong, (error: PluginError) => {
        assert.match(error.message, /authentication methods failed/);
        assert.ok(!error.message.includes("PRIVATE KEY"));
        return true;
      });
      const closed = remote("closed").up({ connection: connection({ port: stranger.port }), create: "true" });
      await assert.rejects(closed, /ECONNREFUSED/);
      const broken = remote("broken").up({ connection: connection({ privateKey: "no key" }), create: "true" });
      await assert.rejects(broken, /connection\.privateKey cannot be read/);
    });

    it("holds the host to its key", async () => {
      await remote("right").up({ connection: connection({ hostKey: host.hostKey }), create: "true" });
      const other = await startSshHost();
      await other.close();
      const impostor = connection({ hostKey: other.hostKey, dialErrorLimit: 5 });
      await assert.rejects(remote("impostor").up({ connection: impostor, create: "true" }), /another key/);
    });

    it("is shown the host key that the official plugin is shown", async () => {
      const ecdsa = utils.generateKeyPairSync("ecdsa", { bits: 256 });
      const two = await startSshHost({ moreHostKeys: [ecdsa.private] });
      try {
        const to = { port: two.port, privateKey: two.privateKey };
        await remote("two").up({ connection: connection({ ...to, hostKey: ecdsa.public }), create: "true" });
        const other = remote("other").up({ connection: connection({ ...to, hostKey: two.hostKey }), create: "true" });
        await assert.rejects(other, /another key/);
      } finally {
        await two.close();
      }
    });

    it("ends when the user interrupts", async () => {
      const begun = join(directory, "begun-far");
      const { inputs } = await remote("long").check({ connection: connection(), create: `touch ${begun}; sleep 20` });
      const creating = assert.rejects(remote("long").create(inputs), /cancelled/);
      await cancelOnce(begun);
      await creating;
    });
  });

  it("says what it does not do, and which plugin does", async () => {
    const install = /pulumi plugin install resource command/;
    await assert.rejects(new EngineResource(plugin, "command:remote:CopyFile").check({}), install);
    const { failures } = await local("assets").check({ create: "true", assetPaths: ["*"] });
    assert.equal(failures[0]!.property, "assetPaths");
    assert.match(failures[0]!.reason, install);
    const proxied = await remote("proxied").check({ connection: connection({ proxy: { host: "bastion" } }) });
    assert.deepEqual(
      proxied.failures.map(({ property }) => property),
      ["connection.proxy"],
    );
  });
});
