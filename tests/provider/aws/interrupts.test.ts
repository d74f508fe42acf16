/** ^C and time limits at each request: nothing that AWS made is lost. */
import { CreateKeyCommand, KMSClient } from "@aws-sdk/client-kms";
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
  let kmsKeyId: string;
  before(async () => {
    scene = await startScene();
    rigged = await rig(impatient, scene.simulator.endpoint, (endpoint) => ({ aws: { region, endpoint } }));
    launchTemplateId = await makeTemplate(scene, "cut");
    const kms = new KMSClient({ region, endpoint: scene.simulator.endpoint });
    kmsKeyId = (await kms.send(new CreateKeyCommand({}))).KeyMetadata!.Arn!;
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
  const keys = (round: string, tags: Record<string, string>) => ({
    parameterPath: `/gpu-clusters/${round}`,
    kmsKeyId,
    tags,
  });
  const clusterKeys: Interrupted = {
    type: "gpu-clusters:aws:ClusterKeys",
    inputs: (round) => keys(round, {}),
    updated: (round) => keys(round, { team: "ml" }),
    async left(round) {
      const { parameters = [] } = await scene.simulator.state();
      return parameters.map(({ id }) => id).filter((id) => id.startsWith(`/gpu-clusters/${round}/`));
    },
  };
  it("a cluster's keys are not lost when they are made", () => interruptEachCreate(rigged, clusterKeys));
  it("a cluster's keys are not lost when they are changed", () => interruptEachUpdate(rigged, clusterKeys));
  it("a cluster's keys are not lost when they are deleted", () => interruptEachDelete(rigged, clusterKeys));

  it("a node group is not lost when it is made", () => interruptEachCreate(rigged, group));
  it("a node group is not lost when it is changed", () => interruptEachUpdate(rigged, group));
  it("a node group is not lost when it is deleted", () => interruptEachDelete(rigged, group));
});
