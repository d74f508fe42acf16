/** What somebody deletes or changes at AWS's console: `up` brings it right or says what is missing, and a destroy leaves nothing. */
import {
  CreateSubnetCommand,
  CreateTagsCommand,
  CreateVpcCommand,
  DeleteFleetsCommand,
  DeleteSubnetCommand,
  DeleteVpcCommand,
  TerminateInstancesCommand,
} from "@aws-sdk/client-ec2";
import { IAM } from "@aws-sdk/client-iam";
import { SSM } from "@aws-sdk/client-ssm";
import { KMS } from "@aws-sdk/client-kms";
import { until } from "../../until";
import { itStandsWhatIsDoneByHand, type ByHand } from "../server/harness/by-hand";
import type { Plugin } from "../server/harness";
import {
  makeTemplate,
  openToTheWorld,
  region,
  reserve,
  startImpatientPlugin,
  startScene,
  targetGroup,
  type Scene,
} from "./scene";

describe("By hand on AWS", function () {
  this.timeout(300_000);
  let scene: Scene;
  let plugin: Plugin;
  let ssm: SSM;
  let iam: IAM;
  let kmsKeyId: string;
  let launchTemplateId: string;
  let reservation: string;
  let targetGroupArn: string;
  before(async () => {
    scene = await startScene();
    plugin = await startImpatientPlugin(scene);
    const settings = { region, endpoint: scene.simulator.endpoint };
    [ssm, iam] = [new SSM(settings), new IAM(settings)];
    kmsKeyId = (await new KMS(settings).createKey({})).KeyMetadata!.Arn!;
    launchTemplateId = await makeTemplate(scene, "hand");
    reservation = await reserve(scene, "m5.large", 4);
    targetGroupArn = await targetGroup(scene, "hand");
    await openToTheWorld(scene);
  });
  after(async () => {
    await plugin?.stop();
    await scene?.close();
  });

  const nothing = () => Promise.resolve([]);
  const group = (minSize: number, more: object = {}) => ({
    clusterName: "alpha",
    name: "hand",
    minSize,
    maxSize: 3,
    launchTemplateId,
    launchTemplateVersion: 1,
    instanceTypes: ["m5.large"],
    subnetIds: [...scene.subnetIds],
    tags: { team: "ml" },
    ...more,
  });
  const fleets = async () => (await scene.simulator.state()).fleets.filter(({ state }) => state === "active");
  const machines = async () =>
    (await scene.simulator.state()).instances.filter(({ state }) => state === "pending" || state === "running");
  const groupLeft = async () => [
    ...(await fleets()).map(({ tags }) => `fleet ${tags?.["team"]}`),
    ...(await machines()).map(() => "machine"),
  ];
  const loseFleet = async (TerminateInstances: boolean) => {
    const FleetIds = (await fleets()).map(({ id }) => id);
    await scene.ec2.send(new DeleteFleetsCommand({ FleetIds, TerminateInstances }));
    await until("the fleet is gone", async () => (await fleets()).length === 0);
    if (TerminateInstances) await until("its machines are gone", async () => (await machines()).length === 0);
  };
  const fleetRefusal =
    /^node group "hand" of cluster "alpha" has no EC2 fleet any more; run `pulumi refresh`, then `pulumi up` makes it again/;

  const nodeGroup = {
    type: "gpu-clusters:aws:NodeGroup",
    inputs: () => group(1),
    updated: () => group(2),
    left: groupLeft,
  };
  const parameter = (name: string) => `/gpu-clusters/${name}/control-plane-keys`;
  const keys = (name: string, tags: Record<string, string>) => ({
    parameterPath: `/gpu-clusters/${name}`,
    kmsKeyId,
    tags,
  });
  const clusterKeys = {
    type: "gpu-clusters:aws:ClusterKeys",
    inputs: (name: string) => keys(name, { team: "ml" }),
    updated: (name: string) => keys(name, { team: "ai" }),
    async left(name: string) {
      const all = (await scene.simulator.state()).parameters.map(({ id }) => id);
      const own = all.filter((id) => id.startsWith(`/gpu-clusters/${name}/`));
      const values = own.map(async (Name) => {
        const { Parameter } = await ssm.getParameter({ Name, WithDecryption: true });
        return `${Name} ${Object.keys(JSON.parse(Parameter!.Value!) as object).join()}`;
      });
      return Promise.all(values);
    },
  };
  const own = new Map<string, { vpcId: string; subnetId: string }>();
  const network = async (round: string) => {
    const { Vpc } = await scene.ec2.send(new CreateVpcCommand({ CidrBlock: "10.9.0.0/16" }));
    const vpcId = Vpc!.VpcId!;
    const place = { VpcId: vpcId, CidrBlock: "10.9.0.0/20", AvailabilityZone: `${region}a` };
    const { Subnet } = await scene.ec2.send(new CreateSubnetCommand(place));
    own.set(round, { vpcId, subnetId: Subnet!.SubnetId! });
  };
  const loseNetwork = async (round: string) => {
    const { vpcId, subnetId } = own.get(round)!;
    await scene.ec2.send(new DeleteSubnetCommand({ SubnetId: subnetId }));
    await scene.ec2.send(new DeleteVpcCommand({ VpcId: vpcId }));
  };
  before(async () => {
    for (const round of ["new", "newer", "lost", "edited", "gone"]) await network(round);
  });

  const rows: ByHand[] = [
    { ...nodeGroup, lose: () => loseFleet(true), refusal: fleetRefusal },
    {
      ...nodeGroup,
      of: "machines that outlive their fleet",
      lose: () => loseFleet(false),
      refusal: fleetRefusal,
      // EC2 gives no fleet machines that it did not start: these stay in the group until somebody removes them, or it goes.
      left: async () => [...new Set(await groupLeft())],
    },
    {
      ...nodeGroup,
      of: "no machines",
      inputs: () => group(0),
      updated: () => group(0, { tags: { team: "ai" } }),
      lose: () => loseFleet(true),
      refusal: fleetRefusal,
    },
    {
      ...nodeGroup,
      of: "others' tags",
      change: async () => {
        const Resources = (await fleets()).map(({ id }) => id);
        await scene.ec2.send(new CreateTagsCommand({ Resources, Tags: [{ Key: "team", Value: "others" }] }));
      },
    },
    {
      ...nodeGroup,
      of: "a reservation",
      inputs: () => group(1, { capacity: { reservation: { id: reservation } } }),
      updated: () => group(2, { capacity: { reservation: { id: reservation } } }),
      again: "update",
      async lose() {
        const InstanceIds = (await machines()).map(({ id }) => id);
        await scene.ec2.send(new TerminateInstancesCommand({ InstanceIds }));
        await until("they are gone", async () => (await machines()).length === 0);
      },
    },
    {
      ...clusterKeys,
      again: "update",
      async lose(name) {
        const Names = ["control-plane-keys", "admin-credential"].map((part) => `/gpu-clusters/${name}/${part}`);
        await ssm.deleteParameters({ Names });
      },
    },
    {
      ...clusterKeys,
      of: "another text",
      change: (name) => ssm.putParameter({ Name: parameter(name), Value: "{}", Overwrite: true }),
    },
    {
      type: "gpu-clusters:aws:ServiceLoadBalancers",
      inputs: (clusterName) => ({ clusterName, vpcId: own.get(clusterName)!.vpcId }),
      lose: loseNetwork,
      again: "same",
      left: nothing,
    },
    {
      type: "gpu-clusters:aws:AccountReady",
      inputs: () => ({ serviceRoles: ["spot.amazonaws.com"] }),
      lose: () => iam.deleteServiceLinkedRole({ RoleName: "AWSServiceRoleForEC2Spot" }),
      again: "update",
      left: nothing,
    },
    {
      type: "gpu-clusters:aws:SubnetChoice",
      inputs: () => ({ subnetIds: [...scene.subnetIds] }),
      left: nothing,
    },
    {
      type: "gpu-clusters:aws:ControlPlaneTurn",
      inputs: () => ({
        targetGroupArn,
        machines: 3,
        machineName: "train-control-plane-1",
        instanceType: "t3.xlarge",
      }),
      left: nothing,
    },
    { type: "gpu-clusters:aws:Deployer", inputs: () => ({}), left: nothing },
    { type: "gpu-clusters:aws:ImageChoice", inputs: () => ({ gpu: true }), left: nothing },
    { type: "gpu-clusters:aws:InstanceTypeFacts", inputs: () => ({ instanceTypes: ["m5.large"] }), left: nothing },
    { type: "gpu-clusters:aws:ZoneChoice", inputs: () => ({ count: 2 }), left: nothing },
  ];
  itStandsWhatIsDoneByHand("aws", () => plugin, rows);
});
