/** Its waits for two minutes each are what it is about: `npm run test:e2e -- tests/engine/metal3-away.e2e.ts`. */
import assert from "node:assert/strict";
import { join } from "node:path";
import { parseKubeconfig } from "../../sdk/kubernetes/kubeconfig";
import { wayTo } from "../provider/michelangelo/scene";
import { serverImage, startBareMetal, type BareMetal } from "./bare-metal";
import { forgottenWhole } from "./gone-for-good";

const examples = join(__dirname, "..", "..", "examples");

describe("a management cluster that is away, on the engine", function () {
  this.timeout(3_600_000);
  let bareMetal: BareMetal;

  before(async () => {
    bareMetal = await startBareMetal();
  });
  after(() => bareMetal?.stop());

  it("says at each operation what a management cluster that is away means, goes on once it answers, and forgets one that is gone for good", async () => {
    const way = await wayTo(bareMetal.management);
    try {
      const config = (more: object = {}) =>
        Object.fromEntries(
          Object.entries({
            endpoint: new URL(parseKubeconfig(bareMetal.workload).endpoint).host,
            ...serverImage,
            timeoutMinutes: "10",
            ...more,
          }).map(([key, value]) => [`metal3-cluster:${key}`, value]),
        );
      const stack = await bareMetal.environment.stack(config(), {
        program: join(examples, "metal3-cluster"),
        timeoutMs: 600_000,
      });
      const secrets = { bmcPassword: "BMC-PASSWORD-BMC-PASSWORD", managementCluster: way.kubeconfig };
      for (const [key, value] of Object.entries(secrets)) await stack.setSecret(`metal3-cluster:${key}`, value);
      way.close();
      const early = await stack.up();
      assert.ok(!early.ok);
      assert.match(early.text, /the API server at \S+ was not ready after 120 s; .*Look whether `kubectl --context/s);
      assert.deepEqual(await bareMetal.left(), []);
      await way.open();
      const up = await stack.up();
      assert.ok(up.ok, up.text);

      way.close();
      const refreshed = await stack.refresh();
      assert.match(refreshed.text, /BareMetalHost metal3\/gpu-01 cannot be read, so that it is taken to be as it was/);
      assert.match(refreshed.text, /the machines cannot be read, so that they are taken to be as they were/);
      stack.configure({ ...bareMetal.environment.providerConfig, ...config({ imageChecksum: "b".repeat(64) }) });
      const late = await stack.up();
      assert.ok(!late.ok);
      assert.match(late.text, /cluster is unreachable: https:/);
      const held = await stack.destroy();
      assert.ok(!held.ok);
      assert.match(
        held.text,
        /Cluster metal3\/search cannot be asked: .*for two minutes: .*What is there stays; `pulumi destroy` goes on once it answers/s,
      );
      await forgottenWhole(stack);
      await way.open();
      // What the destroy that was held back had reached is in the cluster still, and no longer in the state: it is the destroy that goes on.
      const destroyed = await stack.destroy();
      assert.ok(destroyed.ok, destroyed.text);
      assert.deepEqual(await bareMetal.left(), []);
    } finally {
      way.close();
    }
  });
});
