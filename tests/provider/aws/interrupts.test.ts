/** ^C and time limits at each request: nothing that AWS made is lost. */
import type { ProviderDefinition } from "../../../provider/server/resource";
import { provider } from "../../../plugin/provider";
import { createNodeGroupHandler } from "../../../provider/aws/handlers/node-group";
import {
  interruptEachCreate,
  interruptEachDelete,
  interruptEachUpdate,
  rig,
  type Interrupted,
  type Rig,
} from "../server/harness/interruption";
import { makeTemplate, pace, region, startScene, type Scene } from "./scene";

const type = "gpu-clusters:aws:NodeGroup";
const impatient: ProviderDefinition = {
  ...provider,
  resources: { ...provider.resources, [type]: () => createNodeGroupHandler({ pace }) },
};

describe("Whatever is interrupted on AWS", function () {
  this.timeout(300_000);
  let scene: Scene;
  let rigged: Rig;
  let launchTemplateId: string;
  before(async () => {
    scene = await startScene();
    rigged = await rig(impatient, scene.simulator.endpoint, (endpoint) => ({ aws: { region, endpoint } }));
    launchTemplateId = await makeTemplate(scene, "cut");
  });
  after(async () => {
    await rigged.close();
    await scene.close();
  });

  const inputs = (minSize: number) => ({
    ...{ clusterName: "alpha", name: "cut", minSize, maxSize: 3, launchTemplateId, launchTemplateVersion: 1 },
    ...{ instanceTypes: ["m5.large"], subnetIds: [...scene.subnetIds], tags: { size: String(minSize) } },
  });
  const group: Interrupted = {
    type,
    inputs: () => inputs(1),
    updated: () => inputs(2),
    async left() {
      const { instances, fleets } = await scene.simulator.state();
      const alive = instances.filter(({ state }) => state === "pending" || state === "running");
      return [...alive, ...fleets.filter(({ state }) => state === "active")].map(({ id }) => id);
    },
    most: 4,
  };
  it("a node group is not lost when it is made", () => interruptEachCreate(rigged, group));
  it("a node group is not lost when it is changed", () => interruptEachUpdate(rigged, group));
  it("a node group is not lost when it is deleted", () => interruptEachDelete(rigged, group));
});
