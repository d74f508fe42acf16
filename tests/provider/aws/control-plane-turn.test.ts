import assert from "node:assert/strict";
import { StartInstancesCommand, StopInstancesCommand } from "@aws-sdk/client-ec2";
import { provider } from "../../../plugin/provider";
import { createControlPlaneTurnHandler } from "../../../provider/aws/handlers/control-plane-turn";
import { EngineResource, type Plugin } from "../server/harness";
import { pace, startScene, startScenePlugin, targets, type Scene } from "./scene";

const type = "gpu-clusters:aws:ControlPlaneTurn";

describe("AWS ControlPlaneTurn", () => {
  let scene: Scene;
  let plugin: Plugin;
  let targetGroupArn: string;
  let ids: string[];
  before(async function () {
    this.timeout(300_000);
    scene = await startScene();
    const resources = { ...provider.resources, [type]: () => createControlPlaneTurnHandler({ pace }) };
    plugin = await startScenePlugin(scene, { ...provider, resources });
    ({ targetGroupArn, ids } = await targets(scene, "api", "train", 3));
  });
  after(async () => {
    await plugin?.stop();
    await scene?.close();
  });
  afterEach(() => scene.simulator.clearFaults());

  const inputs = (instanceType: string, number = 1) => ({
    targetGroupArn,
    machines: 3,
    machineName: `train-${number}`,
    instanceType,
  });
  async function turn(name: string, number = 1): Promise<EngineResource> {
    const resource = new EngineResource(plugin, type, name);
    await resource.up(inputs("t3.xlarge", number));
    return resource;
  }
  const stop = (number: number) => scene.ec2.send(new StopInstancesCommand({ InstanceIds: [ids[number - 1]!] }));
  const start = (number: number) => scene.ec2.send(new StartInstancesCommand({ InstanceIds: [ids[number - 1]!] }));
  const looks = async () =>
    (await scene.simulator.requests()).filter(({ action }) => action === "DescribeTargetHealth").length;

  it("waits for nobody where the machine has its type, and asks nobody until the type is another", async () => {
    await stop(2);
    const resource = await turn("quiet");
    await scene.simulator.clearRequests();
    await resource.up({ ...inputs("t3.xlarge"), targetGroupArn: `${targetGroupArn}-of-before` });
    await resource.destroy();
    assert.equal(await looks(), 0);
    await start(2);
  });

  it("waits until the others are healthy, at its creation too", async () => {
    const resource = await turn("waits");
    for (const each of [resource, new EngineResource(plugin, type, "new")]) {
      await stop(2);
      let isOver = false;
      await scene.simulator.clearRequests();
      const up = each.up(inputs("m6i.xlarge")).finally(() => (isOver = true));
      while ((await looks()) < 3) assert.ok(!isOver, "it did not wait");
      await start(2);
      await up;
    }
  });

  it("does not wait for its own machine, which comes back by it, nor for one that is not there yet", async () => {
    const [own, fresh] = [await turn("own", 3), await turn("fresh", 4)];
    await stop(3);
    await own.up(inputs("m6i.xlarge", 3));
    await fresh.up(inputs("m6i.xlarge", 4));
    await start(3);
  });

  it("says at its deadline which machine does not serve, and waits again the next time", async () => {
    const resource = await turn("late");
    await stop(2);
    const other = (await resource.check(inputs("m6i.xlarge"))).inputs;
    const words = `did not finish within 5 s \\(customTimeouts\\): 1 of the other 2 control planes serve, ${ids[1]} is unused \\(Target is in the stopp\\w+ state\\)\\. Start one that is stopped`;
    await assert.rejects(resource.update(other, 5), new RegExp(words));
    await assert.rejects(resource.update(other, 5), /1 of the other 2/);
    await start(2);
    await resource.up(inputs("m6i.xlarge"));
  });

  it("does not wait for a target group that is not there", async () => {
    const resource = await turn("lost");
    const gone = targetGroupArn.replace("targetgroup/api", "targetgroup/gone");
    await assert.rejects(resource.up({ ...inputs("m6i.xlarge"), targetGroupArn: gone }), /TargetGroupNotFound/);
  });

  it("refuses to wait for no machine", async () => {
    const none = new EngineResource(plugin, type, "none").up({ ...inputs("t3.xlarge"), machines: 0 });
    await assert.rejects(none, /machines: must be at least 1/);
  });
});
