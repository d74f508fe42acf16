/** What the server reads of the cluster that it is a pod of. */
import assert from "node:assert/strict";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as delay } from "node:timers/promises";
import { followAuthority } from "../../autoscaler/cluster/own-cluster";

describe("the autoscaler's server", () => {
  it("is told once when the cluster's authority is another in its files, and not while they are being replaced", async () => {
    const folder = mkdtempSync(join(tmpdir(), "autoscaler-account-"));
    const [file, stop] = [join(folder, "ca.crt"), new AbortController()];
    const write = (text: string) => writeFileSync(file, text);
    let changes = 0;
    try {
      write("first");
      const following = followAuthority(() => changes++, { signal: stop.signal, folder, intervalMs: 5 });
      const idle = followAuthority(() => assert.fail("nothing has changed"), {
        signal: stop.signal,
        folder,
        intervalMs: 60_000,
      });
      rmSync(file);
      await delay(30);
      write("");
      await delay(30);
      write("first");
      await delay(30);
      assert.equal(changes, 0);
      write("second");
      await following;
      assert.equal(changes, 1);
      stop.abort();
      await idle;
    } finally {
      stop.abort();
      rmSync(folder, { recursive: true, force: true });
    }
  });
});
