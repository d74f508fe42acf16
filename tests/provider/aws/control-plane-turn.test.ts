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
    ({ targetGroupArn, ids } = await targets(scene, "api", 3));
  });
  after(async () => {
    await plugin?.stop();
    await scene?.close();
  });
  afterEach(() => scene.simulator.clearFaults());

  const inputs = (instanceType: string) => ({ targetGroupArn, machines: 3, instanceType });
  async function turn(name: string): Promise<EngineResource> {
    const resource = new EngineResource(plugin, type, name);
    await resource.up(inputs("t3.xlarge"));
    return resource;
  }
  const looks = async () =>
    (await scene.simulator.requests()).filter(({ action }) => action === "DescribeTargetHealth").length;

  it("asks nobody until the type is another", async () => {
    await scene.simulator.clearRequests();
    const resource = await turn("quiet");
    await resource.up({ ...inputs("t3.xlarge"), targetGroupArn: `${targetGroupArn}-of-before` });
    assert.equal(await looks(), 0);
    await resource.destroy();
    assert.equal(await looks(), 0);
  });

  it("waits until all targets are healthy", async () => {
    const resource = await turn("waits");
    await scene.ec2.send(new StopInstancesCommand({ InstanceIds: [ids[0]!] }));
    let isOver = false;
    const up = resource.up(inputs("m6i.xlarge")).finally(() => (isOver = true));
    await scene.simulator.clearRequests();
    while ((await looks()) < 3) assert.ok(!isOver, "it did not wait");
    await scene.ec2.send(new StartInstancesCommand({ InstanceIds: [ids[0]!] }));
    await up;
  });

  it("says at its deadline which machine does not serve, and waits again the next time", async () => {
    const resource = await turn("late");
    await scene.ec2.send(new StopInstancesCommand({ InstanceIds: [ids[1]!] }));
    const other = (await resource.check(inputs("m6i.xlarge"))).inputs;
    await assert.rejects(
      resource.update(other, 2),
      new RegExp(
        `did not finish within 2 s \\(customTimeouts\\): 2 of 3 serve, ${ids[1]} is unused \\(Target is in the stopp\\w+ state\\)\\. Set controlPlane.instanceType back`,
      ),
    );
    await assert.rejects(resource.update(other, 2), /2 of 3 serve/);
    await scene.ec2.send(new StartInstancesCommand({ InstanceIds: [ids[1]!] }));
    await resource.up(inputs("m6i.xlarge"));
  });

  it("does not wait for a target group that is not there", async () => {
    const resource = await turn("lost");
    const gone = `${targetGroupArn.replace("targetgroup/api", "targetgroup/gone")}`;
    await assert.rejects(resource.up({ ...inputs("m6i.xlarge"), targetGroupArn: gone }), /TargetGroupNotFound/);
  });

  it("refuses to wait for no machine", async () => {
    const none = new EngineResource(plugin, type, "none").up({ ...inputs("t3.xlarge"), machines: 0 });
    await assert.rejects(none, /machines: must be at least 1/);
  });
});
