import assert from "node:assert/strict";
import { utils } from "ssh2";
import { provider } from "../../../plugin/provider";
import { SshServer } from "../../../simulator/mithril/ssh-server";
import { newSshKeyPair } from "../../../simulator/ssh-key-pair";
import { until } from "../../until";
import { EngineResource, PluginError, Secret, startPlugin, type Plugin } from "../server/harness";

const type = "gpu-clusters:mithril:SshAccess";

describe("access to a control plane over SSH", () => {
  const mine = newSshKeyPair();
  const other = newSshKeyPair();
  const host = utils.generateKeyPairSync("ecdsa", { bits: 256 });
  let plugin: Plugin;
  let server: SshServer;

  const listen = (hostKey: string, port = 0) =>
    SshServer.listen({ address: "127.0.0.1", port, hostKey, authorizedKeys: [mine.public], kubeconfig: "" });
  const inputs = (changes: Record<string, unknown> = {}) => ({
    clusterId: "clust_1",
    host: "127.0.0.1",
    port: server.port,
    privateKey: new Secret(mine.private),
    publicKey: mine.public,
    ...changes,
  });

  before(async () => {
    process.env.GPU_CLUSTERS_MITHRIL_REFUSED_MS = "0";
    plugin = await startPlugin(provider);
    server = await listen(host.private);
  });
  after(async () => {
    delete process.env.GPU_CLUSTERS_MITHRIL_REFUSED_MS;
    await plugin.stop();
    await server.close();
  });

  it("remembers the host's key of the first contact, and finds nothing to do afterwards", async () => {
    const access = new EngineResource(plugin, type);
    await access.up(inputs());
    const { values, secrets } = access.stored!.state;
    assert.ok([...secrets].includes("privateKey"));
    assert.equal(values.hostKey, host.public.trim().split(" ").slice(0, 2).join(" "));
    assert.equal(await access.up(inputs()), "same");
    await access.refresh();
    assert.equal(await access.up(inputs()), "same");
    await access.destroy();
  });

  it("does not log in to a host that shows another key later", async () => {
    const access = new EngineResource(plugin, type);
    await access.up(inputs());
    const { port } = server;
    await server.close();
    server = await listen(utils.generateKeyPairSync("ecdsa", { bits: 256 }).private, port);
    // Another text of the same key is a change, so that it logs in again.
    await assert.rejects(
      access.up(inputs({ privateKey: new Secret(`${mine.private}\n`) })),
      /the host key of 127.0.0.1 is/,
    );
    await server.close();
    server = await listen(host.private, port);
  });

  it("trusts the host key that is given, and no other at the first contact", async () => {
    const access = new EngineResource(plugin, type);
    await access.up(inputs({ hostKey: `${host.public.trim()} its comment` }));
    assert.equal(await access.up(inputs({ hostKey: `${host.public.trim()} its comment` })), "same");
    await access.destroy();
    const another = utils.generateKeyPairSync("ed25519").public;
    await assert.rejects(
      new EngineResource(plugin, type).up(inputs({ hostKey: another })),
      /the host key of 127.0.0.1 is .* and not ssh-ed25519 .*compare them/,
    );
    await assert.rejects(
      new EngineResource(plugin, type).up(inputs({ hostKey: "127.0.0.1" })),
      /hostKey: must be the host's/,
    );
  });

  it("does not believe a refusal at once: a new host may not have its keys yet", async () => {
    const { port } = server;
    await server.close();
    server = await SshServer.listen({
      address: "127.0.0.1",
      port,
      hostKey: host.private,
      kubeconfig: "",
      authorizedKeys: [],
    });
    const access = new EngineResource(plugin, type);
    process.env.GPU_CLUSTERS_MITHRIL_REFUSED_MS = "100000";
    const opening = access.up(inputs());
    const refused = () => plugin.messages.some(({ message }) => /waiting for SSH .* Permission denied/.test(message));
    await until("it is refused", () => refused());
    await server.close();
    server = await listen(host.private, port);
    assert.equal(await opening, "create");
    process.env.GPU_CLUSTERS_MITHRIL_REFUSED_MS = "0";
  });

  it("explains a refused key with what to check, and does not show it", async () => {
    const access = new EngineResource(plugin, type);
    await assert.rejects(
      access.up(inputs({ privateKey: new Secret(other.private), publicKey: other.public })),
      (error: PluginError) => {
        assert.match(error.message, /ubuntu@127\.0\.0\.1: Permission denied \(publickey\)\. Three things to check/);
        assert.match(error.message, /registered in the Mithril project.*before the cluster was made.*ssh-add -l/s);
        assert.doesNotMatch(error.message, /BEGIN/);
        return true;
      },
    );
  });

  it("sees at preview that a key cannot work", async () => {
    const locked = utils.generateKeyPairSync("ed25519", { passphrase: "p", cipher: "aes256-ctr", rounds: 1 }).private;
    for (const [privateKey, words] of [
      [other.private, /does not belong to the public key/],
      [mine.public, /is a public key/],
      [locked, /has a passphrase/],
      ["nonsense", /must be a private key/],
    ] as const) {
      const access = new EngineResource(plugin, type);
      await assert.rejects(access.up(inputs({ privateKey: new Secret(privateKey) })), (error: Error) => {
        assert.match(error.message, words);
        assert.ok(!error.message.includes("nonsense") && !error.message.includes("AAAA"), error.message);
        return true;
      });
    }
  });
});
