/** Connections that take longer than Node.js gives one of several addresses: a TCP handshake across an ocean, by satellite, through a VPN. */
import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { once } from "node:events";
import { readFileSync } from "node:fs";
import {
  connect,
  getDefaultAutoSelectFamilyAttemptTimeout,
  setDefaultAutoSelectFamilyAttemptTimeout,
  type LookupFunction,
  type Socket,
} from "node:net";
import { join } from "node:path";
import { setTimeout as delay } from "node:timers/promises";
import { waitForSlowNetworks } from "../../sdk/slow-networks";

/** Its kernel takes connections until nobody has room for more; one that comes then is taken a second later, at the sender's second try. */
const server = `
  const server = require("net").createServer(() => {});
  server.listen({ port: 0, host: "127.0.0.1", backlog: 1 }, () => console.log(server.address().port));
`;

describe("a network that is slow to connect", function () {
  this.timeout(60_000);
  const before = getDefaultAutoSelectFamilyAttemptTimeout();
  afterEach(() => setDefaultAutoSelectFamilyAttemptTimeout(before));

  it("is waited for, also where the host's other address cannot be reached", async function () {
    // Other systems refuse what their queue has no room for.
    if (process.platform !== "linux") return this.skip();
    waitForSlowNetworks();
    const child = spawn(process.execPath, ["-e", server], { stdio: ["ignore", "pipe", "inherit"] });
    const sockets: Socket[] = [];
    try {
      const [said] = (await once(child.stdout, "data")) as [Buffer];
      const port = Number(said);
      child.kill("SIGSTOP");
      await delay(100);
      for (let index = 0; index < 2; index++) sockets.push(connect(port, "127.0.0.1").on("error", () => {}));
      await delay(100);
      setTimeout(() => child.kill("SIGCONT"), 500);
      const lookup = ((_host, _options, answer) =>
        answer(null, [
          { address: "127.0.0.1", family: 4 },
          { address: "::1", family: 6 },
        ])) as LookupFunction;
      const slow = connect({ host: "api.example.com", port, lookup });
      sockets.push(slow);
      const begun = Date.now();
      await once(slow, "connect");
      assert.ok(Date.now() - begun > before, "it was not slow: this proves nothing");
    } finally {
      for (const socket of sockets) socket.destroy();
      child.kill("SIGKILL");
    }
  });

  it("keeps a longer time that the user has set", () => {
    setDefaultAutoSelectFamilyAttemptTimeout(9_000);
    waitForSlowNetworks();
    assert.equal(getDefaultAutoSelectFamilyAttemptTimeout(), 9_000);
  });

  it("is waited for in each process that asks clouds or downloads", () => {
    for (const file of ["plugin/main.ts", "autoscaler/main.ts", "toolchain/tools/fetch.ts"])
      assert.match(readFileSync(join(__dirname, "../..", file), "utf8"), /\bwaitForSlowNetworks\(\);/, file);
  });
});
