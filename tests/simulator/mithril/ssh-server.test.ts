import assert from "node:assert/strict";
import { Client, utils } from "ssh2";
import { SshServer } from "../../../simulator/mithril/ssh-server";
import { newSshKeyPair } from "../../../simulator/ssh-key-pair";

describe("SSH on a simulated control plane", () => {
  const mine = newSshKeyPair();
  const rsa = utils.generateKeyPairSync("rsa", { bits: 2048 });
  const stranger = newSshKeyPair();
  let server: SshServer;
  before(async () => {
    server = await SshServer.listen({
      address: "127.0.0.1",
      port: 0,
      hostKey: newSshKeyPair().private,
      authorizedKeys: [`${mine.public} me`, rsa.public],
      kubeconfig: "kind: Config\n",
    });
  });
  after(() => server.close());

  async function run(
    command: string,
    privateKey: string,
    username = "ubuntu",
  ): Promise<{ code: number; out: string; err: string }> {
    const client = new Client();
    try {
      await new Promise<void>((resolve, reject) =>
        client
          .on("ready", resolve)
          .on("error", reject)
          .connect({ host: "127.0.0.1", port: server.port, username, privateKey }),
      );
      return await new Promise((resolve, reject) =>
        client.exec(command, (error, channel) => {
          if (error) return reject(error);
          let [out, err, code] = ["", "", -1];
          channel.on("data", (text: Buffer) => (out += text.toString()));
          channel.stderr.on("data", (text: Buffer) => (err += text.toString()));
          channel.on("exit", (status: number) => (code = status));
          channel.on("close", () => resolve({ code, out, err }));
          return undefined;
        }),
      );
    } finally {
      client.end();
    }
  }

  it("gives the kubeconfig to authorised keys", async () => {
    for (const key of [mine.private, rsa.private]) {
      assert.deepEqual(await run("cat ~/.kube/config", key), { code: 0, out: "kind: Config\n", err: "" });
    }
  });

  it("does nothing else", async () => {
    assert.deepEqual(await run("rm -rf /", mine.private), { code: 127, out: "", err: "bash: rm: command not found\n" });
    assert.equal((await run("cat ~/.kube/config; reboot", mine.private)).code, 127);
  });

  it("refuses other keys and other users", async () => {
    await assert.rejects(run("cat ~/.kube/config", stranger.private), /authentication methods failed/);
    await assert.rejects(run("cat ~/.kube/config", mine.private, "root"), /authentication methods failed/);
  });
});
