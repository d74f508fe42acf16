/** What a command asks of the simulator ends when the command is interrupted, whatever the simulator does. */
import assert from "node:assert/strict";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { ensureAws } from "../../commands/simulator-process";

describe("the simulated AWS of a command", () => {
  it("is waited for until ^C and no longer", async () => {
    const stop = new AbortController();
    const silent = createServer(() => stop.abort(new Error("interrupted")));
    await new Promise<void>((resolve) => silent.listen(0, "127.0.0.1", resolve));
    try {
      const url = `http://127.0.0.1:${(silent.address() as AddressInfo).port}`;
      await assert.rejects(ensureAws({ url } as never, undefined, stop.signal), /interrupted/);
    } finally {
      silent.closeAllConnections();
      silent.close();
    }
  });
});
