import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { nspawnProblem } from "../../../simulator/machines/nspawn/host";
import { Network } from "../../../simulator/machines/nspawn/network";

describe("the network of machines that boot", () => {
  it("keeps the gateway's hardware address, whichever machines come: theirs for it may be a minute old", async function () {
    if ((await nspawnProblem()) !== undefined) this.skip();
    const machines = mkdtempSync(join(tmpdir(), "gpu-clusters-network-"));
    const network = new Network(machines);
    try {
      const namespace = await network.namespace();
      const ip = (...args: string[]) => execFileSync("nsenter", [`--net=${namespace}`, "ip", ...args]).toString();
      const address = () => (JSON.parse(ip("-j", "link", "show", "machines")) as { address: string }[])[0]!.address;
      const before = address();
      for (const lower of ["9", "5", "0"]) {
        const wire = ["address", `00:00:00:00:00:${lower}1`, "type", "veth", "peer", "name", `peer${lower}`];
        ip("link", "add", `wire${lower}`, ...wire);
        ip("link", "set", `wire${lower}`, "master", "machines", "up");
        assert.equal(address(), before);
      }
    } finally {
      await network.close();
      rmSync(machines, { recursive: true });
    }
  }).timeout(60_000);
});
