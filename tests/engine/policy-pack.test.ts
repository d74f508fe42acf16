/** A policy pack in a folder, which this checkout's language host runs: it sees what a cluster is asked to be, and can refuse it. */
import assert from "node:assert/strict";
import { mkdtempSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { cudoGroup } from "./cudo-group";
import { EngineEnvironment } from "./environment";
import type { EngineStack } from "./stack";

const pack = `
const { PolicyPack } = require("@pulumi/policy");
new PolicyPack("sizes", {
  policies: [{
    name: "small-groups",
    description: "Groups have at most two nodes.",
    enforcementLevel: "mandatory",
    validateResource: ({ type, props }, report) => {
      if (type !== "gpu-clusters:cudo:CudoCluster") return;
      for (const { name, maxSize } of props.nodeGroups) if (maxSize > 2) report(name + " may have " + maxSize + " nodes");
    },
  }],
});
`;

const config = (maxSize: number) => ({
  "pulumi-gpu-clusters:cloud": "cudo",
  "pulumi-gpu-clusters:noVault": true,
  "pulumi-gpu-clusters:cni": "none",
  "pulumi-gpu-clusters:nodeGroups": [{ ...cudoGroup, maxSize }],
});

describe("a policy pack in a folder", function () {
  this.timeout(300_000);
  let environment: EngineEnvironment;
  let stack: EngineStack;
  let folder: string;
  before(async () => {
    folder = mkdtempSync(join(tmpdir(), "gpu-clusters-policy-"));
    writeFileSync(join(folder, "PulumiPolicy.yaml"), "runtime: nodejs\nmain: index.js\n");
    writeFileSync(join(folder, "package.json"), '{ "name": "sizes", "version": "1.0.0", "main": "index.js" }');
    writeFileSync(join(folder, "index.js"), pack);
    symlinkSync(join(__dirname, "..", "..", "node_modules"), join(folder, "node_modules"));
    environment = await EngineEnvironment.start({ machines: false });
    stack = await environment.stack(config(3));
  });
  after(async () => {
    await environment?.stop();
    rmSync(folder, { recursive: true, force: true });
  });

  it("refuses what its policy forbids, and lets pass what it does not", async () => {
    const refused = await stack.say("preview", ["--policy-pack", folder]);
    assert.equal(refused.ok, false, refused.text);
    assert.match(refused.text, /small-groups[^]*workers may have 3 nodes/);
    stack.configure({ ...environment.providerConfig, ...config(2) });
    const passed = await stack.say("preview", ["--policy-pack", folder]);
    assert.ok(passed.ok, passed.text);
  });
});
