import assert from "node:assert/strict";
import { generateKeyPairSync } from "node:crypto";
import { createServer, connect, type AddressInfo, type Server as NetServer } from "node:net";
import { setTimeout as delay } from "node:timers/promises";
import { Server } from "ssh2";
import { runOverSsh } from "../../../provider/cloud/ssh";
import { newSshKeyPair } from "../../../simulator/ssh-key-pair";

const keys = newSshKeyPair();

/** Ends each command at once: with status 7, or by a signal if that is the command's name. */
function sshServer(): Server {
  return new Server({ hostKeys: [newSshKeyPair().private] }, (connection) => {
    connection
      .on("authentication", (context) => context.accept())
      .on("session", (accept) =>
        accept().on("exec", (acceptExec, _reject, { command }) => {
          const channel = acceptExec();
          channel.write(`${command}\n`);
          channel.stderr.write("words\n");
          if (command === "signal") channel.exit("KILL");
          else channel.exit(7);
          channel.end();
        }),
      )
      .on("error", () => undefined);
  });
}

/** Passes on what the server says in large pieces, as a fast host's answers come over a slow network. */
function slowly(port: number): NetServer {
  return createServer((client) => {
    const upstream = connect(port, "127.0.0.1");
    client.on("data", (data) => upstream.write(data)).on("close", () => upstream.destroy());
    let waiting: Buffer[] = [];
    upstream.on("data", (data) => {
      waiting.push(data);
      if (waiting.length > 1) return;
      void delay(50).then(() => {
        client.write(Buffer.concat(waiting));
        waiting = [];
      });
    });
    for (const socket of [client, upstream]) socket.on("error", () => undefined);
    upstream.on("close", () => client.destroy());
  });
}

describe("a command over SSH", () => {
  const server = sshServer();
  let relay: NetServer;
  let port: number;

  before(async () => {
    await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
    relay = slowly((server.address() as AddressInfo).port);
    await new Promise<void>((resolve) => relay.listen(0, "127.0.0.1", resolve));
    port = (relay.address() as AddressInfo).port;
  });
  after(async () => {
    await new Promise((resolve) => relay.close(resolve));
    await new Promise((resolve) => server.close(resolve));
  });

  const run = (command: string, privateKey = keys.private) =>
    runOverSsh({ host: "127.0.0.1", port, user: "root", privateKey }, command, {
      signal: AbortSignal.timeout(60_000),
    });

  it("keeps output and exit status that come with the answer to it", async () => {
    assert.deepEqual(await run("short"), { stdout: "short\n", stderr: "words\n", status: 7 });
  });

  it("logs in with a key in PKCS#8, and says what is wrong with one that cannot be read", async () => {
    const key = generateKeyPairSync("ed25519").privateKey.export({ type: "pkcs8", format: "pem" }).toString();
    assert.equal((await run("short", key)).status, 7);
    await assert.rejects(async () => run("short", "no key"), /the private key must be a private key in/);
  });

  it("has no status when a signal ended it", async () => {
    assert.equal((await run("signal")).status, undefined);
  });
});
