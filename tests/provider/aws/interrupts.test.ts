/** ^C and time limits at each request: nothing that AWS made is lost. */
import assert from "node:assert/strict";
import { CreateSecurityGroupCommand } from "@aws-sdk/client-ec2";
import { ElasticLoadBalancingV2 } from "@aws-sdk/client-elastic-load-balancing-v2";
import type { ProviderDefinition } from "../../../provider/server/resource";
import { provider } from "../../../plugin/provider";
import { createNodeGroupHandler } from "../../../provider/aws/handlers/node-group";
import { createServiceLoadBalancersHandler } from "../../../provider/aws/handlers/service-load-balancers";
import {
  interruptEachCreate,
  interruptEachDelete,
  interruptEachUpdate,
  rig,
  type Interrupted,
  type Rig,
} from "../server/harness/interruption";
import { makeTemplate, openToTheWorld, pace, region, startScene, targets, type Scene } from "./scene";

const balancersType = "gpu-clusters:aws:ServiceLoadBalancers";
/** What a controller makes for the cluster's Services. */
let makeBalancers: (clusterName: string) => Promise<void>;
const impatient: ProviderDefinition = {
  ...provider,
  resources: {
    ...provider.resources,
    "gpu-clusters:aws:NodeGroup": () => createNodeGroupHandler({ pace }),
    [balancersType]: () => {
      const handler = createServiceLoadBalancersHandler({ pace });
      return {
        ...handler,
        async create(inputs, context) {
          await makeBalancers(inputs.clusterName);
          return handler.create(inputs, context);
        },
      };
    },
  },
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
    const elb = new ElasticLoadBalancingV2({ region, endpoint: scene.simulator.endpoint });
    makeBalancers = async (clusterName) => {
      const Tags = [
        { Key: `kubernetes.io/cluster/${clusterName}`, Value: "owned" },
        { Key: "kubernetes.io/service-name", Value: "default/web" },
      ];
      const { vpcId: VpcId, subnetIds, ec2 } = scene;
      await elb.createLoadBalancer({ Name: clusterName, Type: "network", Subnets: [...subnetIds], Tags });
      await elb.createTargetGroup({ Name: `k8s-${clusterName}`, Protocol: "TCP", Port: 30_080, VpcId, Tags });
      await ec2.send(
        new CreateSecurityGroupCommand({
          VpcId,
          GroupName: `k8s-elb-${clusterName}`,
          Description: "of a Service",
          TagSpecifications: [{ ResourceType: "security-group", Tags: Tags.slice(0, 1) }],
        }),
      );
    };
    await openToTheWorld(scene);
  });
  after(async () => {
    await rigged.close();
    await scene.close();
  });

  const inputs = (minSize: number) => ({
    clusterName: "alpha",
    name: "cut",
    minSize,
    maxSize: 3,
    launchTemplateId,
    launchTemplateVersion: 1,
    instanceTypes: ["m5.large"],
    subnetIds: [...scene.subnetIds],
    tags: { size: String(minSize) },
  });
  const group: Interrupted = {
    type: "gpu-clusters:aws:NodeGroup",
    inputs: () => inputs(1),
    updated: () => inputs(2),
    async left() {
      const { instances, fleets } = await scene.simulator.state();
      const alive = instances.filter(({ state }) => state === "pending" || state === "running");
      return [...alive, ...fleets.filter(({ state }) => state === "active")].map(({ id }) => id);
    },
    most: 4,
  };
  it("what controllers made for Services is not lost when it is deleted", () =>
    interruptEachDelete(rigged, {
      type: balancersType,
      inputs: (clusterName) => ({ clusterName, vpcId: scene.vpcId }),
      async left(round) {
        const { loadBalancers = [], targetGroups = [], securityGroups = [] } = await scene.simulator.state();
        const all = [...loadBalancers, ...targetGroups, ...securityGroups].map(({ name }) => String(name));
        return all.filter((name) => [round, `k8s-${round}`, `k8s-elb-${round}`].includes(name));
      },
    }));

  it("a node group is not lost when it is made", () => interruptEachCreate(rigged, group));
  it("a node group is not lost when it is changed", () => interruptEachUpdate(rigged, group));
  it("a node group is not lost when it is deleted", () => interruptEachDelete(rigged, group));

  it("a control plane's turn is waited for again by the next `up`", async () => {
    const { targetGroupArn } = await targets(scene, "turn", "turn", 1);
    const inputs = (instanceType: string) => ({ targetGroupArn, machines: 1, machineName: "turn-1", instanceType });
    const turn = {
      type: "gpu-clusters:aws:ControlPlaneTurn",
      inputs: () => inputs("m5.xlarge"),
      updated: () => inputs("m6i.xlarge"),
      left: () => Promise.resolve([]),
      most: 3,
    };
    await interruptEachCreate(rigged, turn);
    await interruptEachUpdate(rigged, turn);
  });

  /** What AWS is only asked, and roles of AWS's services, which are the account's. */
  const answers: Pick<Interrupted, "type" | "inputs" | "updated">[] = [
    {
      type: "gpu-clusters:aws:AccountReady",
      inputs: () => ({ serviceRoles: ["spot.amazonaws.com"] }),
      updated: () => ({ serviceRoles: ["spot.amazonaws.com", "ec2fleet.amazonaws.com"] }),
    },
    { type: "gpu-clusters:aws:Deployer", inputs: () => ({}) },
    { type: "gpu-clusters:aws:ImageChoice", inputs: () => ({ gpu: true }), updated: () => ({ gpu: false }) },
    {
      type: "gpu-clusters:aws:InstanceTypeFacts",
      inputs: () => ({ instanceTypes: ["p5.48xlarge"] }),
      updated: () => ({ instanceTypes: ["p5.48xlarge", "m5.large"] }),
    },
    {
      type: "gpu-clusters:aws:SubnetChoice",
      inputs: () => ({ subnetIds: [...scene.subnetIds] }),
      updated: () => ({ subnetIds: [...scene.subnetIds], apart: { podCidr: "10.244.0.0/16" } }),
    },
    { type: "gpu-clusters:aws:ZoneChoice", inputs: () => ({ count: 2 }), updated: () => ({ count: 1 }) },
  ];
  for (const answer of answers) {
    it(`${answer.type.split(":").at(-1)} goes on with the next \`up\``, async () => {
      const asked = { ...answer, left: () => Promise.resolve([]), most: 4 };
      assert.ok((await interruptEachCreate(rigged, asked)) > 0);
      if (asked.updated) await interruptEachUpdate(rigged, asked);
      await interruptEachDelete(rigged, asked);
    });
  }
});
