/** Whose registration it is: a name that somebody else has by now is left to him, and another name of the resource changes nothing. */
import assert from "node:assert/strict";
import { provider } from "../../../plugin/provider";
import { clusterReference, ownerAnnotation } from "../../../provider/michelangelo/cluster-object";
import { ownerMark } from "../../../provider/cloud/owner-mark";
import { EngineResource, startPlugin, type Plugin } from "../server/harness";
import { failure, inputsIn, registrationOn, type } from "./registrations";
import { Scene } from "./scene";

describe("Michelangelo's Registration and who made it", function () {
  this.timeout(300_000);
  let scene: Scene;
  let plugin: Plugin;
  before(async () => {
    [scene, plugin] = await Promise.all([Scene.start({ pollMs: 20 }), startPlugin(provider)]);
    await scene.haveAll();
  });
  after(async () => {
    await plugin?.stop();
    await scene?.close();
  });

  const inputs = (more: object = {}) => {
    // It would go on with the token of the registration before, at the same address.
    scene.manager.restart();
    return inputsIn(scene, more);
  };
  const reference = clusterReference("gpu-east");
  const isToken = (each: string) => each.startsWith("Secret ray-manager-token");

  it("leaves to somebody else what he registered by the same name later, and says so", async () => {
    const ours = registrationOn(plugin);
    await ours.up(inputs());
    const made = ours.stored!;
    await ours.destroy();
    const other = new EngineResource(plugin, type, "other");
    await other.up(inputs());
    const theirs = await scene.left();

    ours.stored = made;
    assert.match(await failure(ours.up(inputs({ zone: "b" }))), /"gpu-east" already, which somebody else registered/);
    const { annotations } = (await scene.api.read(reference))!.metadata;
    assert.equal(annotations![ownerAnnotation], ownerMark(other.urn));
    await ours.deleteStored(made);
    assert.deepEqual(await scene.left(), theirs, "it is the same compute cluster, and its token is in use");
    assert.ok(plugin.messages.some(({ message }) => /"gpu-east" is somebody else's by now/.test(message)));
    ours.stored = made;
    assert.ok(!(await ours.refresh()), "ours is gone");

    const ofAnother = { spec: { kubernetes: { rest: { port: "1" } } } };
    await scene.api.patch(reference, ofAnother);
    await ours.deleteStored(made);
    const rest = theirs.filter((each) => !isToken(each));
    assert.deepEqual(await scene.left(), rest, "of another compute cluster: nobody uses the tokens of ours");
    await other.destroy();
    assert.deepEqual(await scene.left(), []);
  });

  it("stays ours by another name of the resource", async () => {
    const it = registrationOn(plugin);
    await it.up(inputs());
    const renamed = new EngineResource(plugin, type, "renamed");
    renamed.stored = it.stored;
    assert.equal(await renamed.up(inputs({ zone: "b" })), "update");
    const again = new EngineResource(plugin, type, "renamed-again");
    again.stored = renamed.stored;
    assert.ok(await again.refresh());
    await again.destroy();
    assert.deepEqual(await scene.left(), []);
  });
});
