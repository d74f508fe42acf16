import assert from "node:assert/strict";
import { rayKinds } from "../../simulator/platforms/ray";
import type { Scene } from "../provider/michelangelo/scene";
import { EngineEnvironment } from "./environment";
import { leftInCompute, onExisting, startMichelangelo } from "./michelangelo";

describe("clusters that are registered with Michelangelo", function () {
  this.timeout(600_000);
  let environment: EngineEnvironment;
  let michelangelo: Scene;
  before(async () => {
    environment = await EngineEnvironment.start({ machines: false });
    michelangelo = await startMichelangelo();
  });
  after(async () => {
    await michelangelo.close();
    await environment.stop();
  });

  it("existing-michelangelo registers a cluster by its kubeconfig, refuses it to a second program, and leaves it as it was", async () => {
    await michelangelo.have(...rayKinds);
    await michelangelo.restartManager();
    const stack = await onExisting(environment, michelangelo);
    const up = await stack.up();
    assert.ok(up.ok, up.text);
    assert.deepEqual(await stack.outputs(), { clusterName: "shared-gpus", status: "ready" });
    assert.deepEqual(await stack.preview(), []);
    const second = await onExisting(environment, michelangelo, { name: "second" });
    const refused = await second.up();
    assert.match(refused.text, /the cluster is registered with Michelangelo already/);
    assert.ok((await second.destroy()).ok);
    assert.ok((await michelangelo.left()).includes("Cluster shared-gpus"));

    const destroyed = await stack.destroy();
    assert.ok(destroyed.ok, destroyed.text);
    assert.deepEqual([await michelangelo.left(), await leftInCompute(michelangelo.api)], [[], []]);
  });
});
