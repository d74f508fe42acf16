/** It waits out what is away: `npm run test:e2e -- tests/engine/vmetal-away.e2e.ts`. */
import assert from "node:assert/strict";
import { wayTo } from "../provider/michelangelo/scene";
import { forgottenWhole } from "./gone-for-good";
import { startVmetal, type VmetalScene } from "./vmetal";

describe("a tenant's cluster that is away, or its management cluster, on the engine", function () {
  this.timeout(3_600_000);
  let scene: VmetalScene;

  before(async () => {
    scene = await startVmetal();
  });
  after(() => scene?.stop());

  it("says what a tenant's API server that is away means, and gives its servers back without it", async () => {
    const way = await wayTo(scene.tenant);
    try {
      const ways = { tenant: way.kubeconfig };
      const stack = await scene.tenantStack({ nodes: "1", timeoutMinutes: "1" }, ways);
      const up = await stack.up();
      assert.ok(up.ok, up.text);
      way.close();
      const refreshed = await stack.refresh();
      assert.ok(refreshed.ok, refreshed.text);
      assert.match(refreshed.text, /the cluster does not answer, its version is taken from the state/);
      scene.reconfigure(stack, { nodes: "2", timeoutMinutes: "1" }, ways);
      const late = await stack.up();
      assert.ok(!late.ok);
      assert.match(late.text, /the cluster did not have its nodes after 60 s: .*ECONNREFUSED/s);
      const destroyed = await stack.destroy();
      assert.ok(destroyed.ok, destroyed.text);
      assert.deepEqual(await scene.left(), []);
    } finally {
      way.close();
    }
  });

  it("says at each operation what a management cluster that is away means, goes on once it answers, and forgets one that is gone for good", async () => {
    const way = await wayTo(scene.management);
    try {
      const ways = { management: way.kubeconfig };
      const stack = await scene.tenantStack({ nodes: "1", timeoutMinutes: "5" }, ways);
      const up = await stack.up();
      assert.ok(up.ok, up.text);
      way.close();
      const refreshed = await stack.refresh();
      assert.match(refreshed.text, /BareMetalHost metal3\/gpu-01 cannot be read, so that it is taken to be as it was/);
      assert.match(refreshed.text, /Secret search\/vc-search cannot be read, so that it is taken to be as it was/);
      assert.match(refreshed.text, /the machines cannot be read, so that they are taken to be as they were/);
      scene.reconfigure(stack, { nodes: "2", timeoutMinutes: "5" }, ways);
      const late = await stack.up();
      assert.ok(!late.ok);
      assert.match(late.text, /search-release.*(unreachable|ECONNREFUSED)/);
      const held = await stack.destroy();
      assert.ok(!held.ok);
      assert.match(held.text, /search-release.*can't delete Helm Release with unreachable cluster/);
      await forgottenWhole(stack);
      await way.open();
      const kept = await scene.left();
      assert.ok(kept.includes("BareMetalHost gpu-01") && kept.includes("NodeClaim search-gpu-0"), kept.join(", "));
      const destroyed = await stack.destroy();
      assert.ok(destroyed.ok, destroyed.text);
      assert.deepEqual(await scene.left(), []);
    } finally {
      way.close();
    }
  });
});
