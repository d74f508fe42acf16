import assert from "node:assert/strict";
import {
  AuthorizeSecurityGroupIngressCommand,
  CreateSecurityGroupCommand,
  CreateSubnetCommand,
  CreateVpcCommand,
  DeleteSecurityGroupCommand,
  DeleteSubnetCommand,
  DescribeSecurityGroupsCommand,
} from "@aws-sdk/client-ec2";
import { ElasticLoadBalancing } from "@aws-sdk/client-elastic-load-balancing";
import { ElasticLoadBalancingV2 } from "@aws-sdk/client-elastic-load-balancing-v2";
import { createServiceLoadBalancersHandler } from "../../../provider/aws/handlers/service-load-balancers";
import { toTagList } from "../../../provider/aws/ownership";
import type { ProviderDefinition } from "../../../provider/server/resource";
import { provider } from "../../../plugin/provider";
import { driveResource, EngineResource, type Plugin } from "../server/harness";
import { pace, region, startScene, startScenePlugin, type Scene } from "./scene";

const type = "gpu-clusters:aws:ServiceLoadBalancers";

/** The real provider, looking more often than one would look at AWS. */
const impatient: ProviderDefinition = {
  ...provider,
  resources: { ...provider.resources, [type]: () => createServiceLoadBalancersHandler({ pace }) },
};

type Tags = Record<string, string>;
const listOf = (tags: Tags) => Object.entries(tags).map(([Key, Value]) => ({ Key, Value }));
const owned: Tags = { "kubernetes.io/cluster/train": "owned", "kubernetes.io/service-name": "default/web" };
const controller: Tags = { "elbv2.k8s.aws/cluster": "train", "service.k8s.aws/stack": "default/web" };
const ownTags: Tags = { "kubernetes.io/cluster/train": "owned", "gpu-clusters/cluster": "train" };

describe("AWS ServiceLoadBalancers", () => {
  let scene: Scene;
  let plugin: Plugin;
  let classic: ElasticLoadBalancing;
  let current: ElasticLoadBalancingV2;
  before(async function () {
    this.timeout(300_000);
    scene = await startScene();
    plugin = await startScenePlugin(scene, impatient);
    const settings = { region, endpoint: scene.simulator.endpoint };
    classic = new ElasticLoadBalancing(settings);
    current = new ElasticLoadBalancingV2(settings);
  });
  after(async () => {
    await plugin.stop();
    await scene.close();
  });
  afterEach(async () => {
    await scene.simulator.clearFaults();
    await scene.simulator.setTiming({ balancerRelease: 60 });
  });

  const sweeper = async (name: string, program: object = {}) => {
    const resource = new EngineResource(plugin, type, name);
    await resource.up({ clusterName: "train", vpcId: scene.vpcId, ...program });
    return resource;
  };
  const group = async (GroupName: string, tags: Tags, VpcId = scene.vpcId): Promise<string> => {
    const Tags = toTagList(tags);
    const made = await scene.ec2.send(
      new CreateSecurityGroupCommand({
        GroupName,
        Description: GroupName,
        VpcId,
        TagSpecifications: [{ ResourceType: "security-group", Tags }],
      }),
    );
    return made.GroupId!;
  };
  const classicBalancer = (LoadBalancerName: string, groupId: string, tags: Tags, subnetId = scene.subnetIds[0]!) =>
    classic.createLoadBalancer({
      LoadBalancerName,
      Listeners: [{ Protocol: "tcp", LoadBalancerPort: 80, InstancePort: 30_080 }],
      Subnets: [subnetId],
      SecurityGroups: [groupId],
      Tags: listOf(tags),
    });
  const networkBalancer = async (Name: string, tags: Tags, groups: string[] = []): Promise<string> => {
    const Tags = listOf(tags);
    const { TargetGroups } = await current.createTargetGroup({
      Name,
      Protocol: "TCP",
      Port: 30_080,
      VpcId: scene.vpcId,
      Tags,
    });
    const { LoadBalancers } = await current.createLoadBalancer({
      Name,
      Type: "network",
      Subnets: [...scene.subnetIds],
      SecurityGroups: groups,
      Tags,
    });
    const [TargetGroupArn, LoadBalancerArn] = [TargetGroups![0]!.TargetGroupArn, LoadBalancers![0]!.LoadBalancerArn!];
    const DefaultActions = [{ Type: "forward" as const, TargetGroupArn }];
    await current.createListener({ LoadBalancerArn, Protocol: "TCP", Port: 80, DefaultActions, Tags });
    return LoadBalancerArn;
  };
  const letIn = (GroupId: string, from: string, protocol = "-1") =>
    scene.ec2.send(
      new AuthorizeSecurityGroupIngressCommand({
        GroupId,
        IpPermissions: [
          {
            IpProtocol: protocol,
            ...(protocol !== "-1" && { FromPort: 80, ToPort: 80 }),
            UserIdGroupPairs: [{ GroupId: from }],
          },
        ],
      }),
    );
  const names = async () => {
    const state = await scene.simulator.state();
    const kinds = ["classicLoadBalancers", "loadBalancers", "targetGroups", "securityGroups"] as const;
    return Object.fromEntries(kinds.map((kind) => [kind, state[kind].map(({ name }) => String(name)).sort()]));
  };
  const rulesOf = async (id: string) => {
    const found = await scene.ec2.send(new DescribeSecurityGroupsCommand({ GroupIds: [id] }));
    return found.SecurityGroups![0]!.IpPermissions!.flatMap(({ UserIdGroupPairs = [] }) =>
      UserIdGroupPairs.map(({ GroupId }) => GroupId),
    );
  };

  it("keeps the contract, and asks nothing of Elastic Load Balancing before it is deleted", async () => {
    await driveResource({
      plugin,
      type,
      inputs: { clusterName: "train", vpcId: scene.vpcId },
      importable: false,
      replaced: { clusterName: "other", vpcId: scene.vpcId },
      inspect: async () => {
        const asked = (await scene.simulator.requests()).map(({ service }) => service);
        assert.ok(!asked.includes("elasticloadbalancing"));
      },
    });
  });

  it("deletes what both controllers made, and nothing of the cluster's own, of others, or of another VPC", async () => {
    const { vpcId, ec2 } = scene;
    const nodes = await group("train-nodes", ownTags);
    const elb = await group("k8s-elb-web", owned);
    const traffic = await group("k8s-traffic-train-1", controller);
    const front = await group("k8s-web-front-1", controller);
    await letIn(nodes, elb);
    await letIn(nodes, traffic, "tcp");
    await letIn(nodes, nodes);
    await letIn(elb, elb);
    await letIn(traffic, front, "tcp");
    await letIn(front, traffic, "tcp");
    await classicBalancer("web", elb, owned);
    await networkBalancer("k8s-web", controller, [front, traffic]);
    await networkBalancer("plain", owned);

    // What stays: our own balancer, others' things, things of a cluster of the same name in another VPC.
    await networkBalancer("train-api", ownTags, [nodes]);
    const eks = await group("eks-cluster-sg-train", { "kubernetes.io/cluster/train": "owned" });
    await letIn(nodes, eks);
    await classicBalancer("others", eks, { "kubernetes.io/cluster/train-2": "owned" });
    const vpc = await ec2.send(new CreateVpcCommand({ CidrBlock: "10.1.0.0/16" }));
    const elsewhere = vpc.Vpc!.VpcId!;
    const subnet = await ec2.send(new CreateSubnetCommand({ VpcId: elsewhere, CidrBlock: "10.1.0.0/24" }));
    const far = await group("k8s-elb-far", owned, elsewhere);
    await classicBalancer("far", far, owned, subnet.Subnet!.SubnetId);

    // What the sweep is for.
    const refused = (work: Promise<unknown>) => assert.rejects(work, /dependen/);
    await refused(ec2.send(new DeleteSecurityGroupCommand({ GroupId: elb })));
    await refused(ec2.send(new DeleteSubnetCommand({ SubnetId: scene.subnetIds[1] })));

    await scene.simulator.setTiming({ balancerRelease: 3_000 });
    const resource = await sweeper("sweeps");
    await resource.destroy();
    assert.deepEqual(await names(), {
      classicLoadBalancers: ["far", "others"],
      loadBalancers: ["train-api"],
      targetGroups: ["train-api"],
      securityGroups: ["eks-cluster-sg-train", "k8s-elb-far", "nodes", "train-nodes"],
    });
    assert.deepEqual((await rulesOf(nodes)).sort(), [eks, nodes].sort());
    const told = plugin.messages.map(({ message }) => message);
    assert.ok(told.includes("deleting web, which a controller of the cluster made"), told.join("\n"));
    assert.ok(
      told.some((message) => /^waiting until AWS has deleted network interface eni-\w+ \(ELB \S+\)/.test(message)),
    );

    // Another one finds nothing to do.
    await (await sweeper("again")).destroy();
    await (await sweeper("far", { vpcId: elsewhere })).destroy();
    assert.deepEqual((await names()).classicLoadBalancers, ["others"]);
    assert.ok(vpcId !== elsewhere);
  });

  it("says what is left at its deadline, and a second one goes on", async () => {
    const elb = await group("k8s-elb-slow", owned);
    await classicBalancer("slow", elb, owned);
    await scene.simulator.setTiming({ balancerRelease: 60_000 });
    const resource = await sweeper("slow");
    await assert.rejects(
      resource.destroy(5),
      new RegExp(
        `did not finish within 5 s \\(customTimeouts\\): left in ${scene.vpcId}: .*network interface eni-\\w+ \\(ELB slow\\), security group ${elb}`,
      ),
    );
    assert.ok(resource.stored, "the engine keeps what it could not delete");
    await scene.simulator.setTiming({ balancerRelease: 60 });
    const rest = await classicBalancer("slow", elb, owned);
    assert.ok(rest.DNSName);
    await resource.destroy();
    assert.ok(!(await names()).securityGroups!.includes("k8s-elb-slow"));
  });

  it("keeps AWS's words for what it may not delete", async () => {
    const elb = await group("k8s-elb-kept", owned);
    await classicBalancer("kept", elb, owned);
    const resource = await sweeper("kept");
    const fault = {
      action: "DeleteLoadBalancer",
      code: "OperationNotPermitted",
      message: "deletion protection is enabled",
    };
    await scene.simulator.addFault({ ...fault, times: 1 });
    await assert.rejects(
      resource.destroy(),
      /deletion protection is enabled \(DeleteLoadBalancer: OperationNotPermitted/,
    );
    await resource.destroy();
    assert.ok(!(await names()).classicLoadBalancers!.includes("kept"));
  });

  it("goes on after any of its calls was refused, or its answer lost", async () => {
    const elb = await group("k8s-elb-refused", owned);
    await letIn(scene.securityGroupId, elb);
    await classicBalancer("refused", elb, owned);
    await networkBalancer("refused", owned);
    await scene.simulator.clearRequests();
    const calls = [
      "DescribeLoadBalancers",
      "DescribeTags",
      "DescribeTargetGroups",
      "DescribeSecurityGroups",
      "DescribeNetworkInterfaces",
      "DeleteLoadBalancer",
      "DeleteTargetGroup",
      "RevokeSecurityGroupIngress",
      "DeleteSecurityGroup",
    ];
    for (const action of calls)
      for (const afterEffect of [false, true])
        await scene.simulator.addFault({ action, code: "AccessDenied", status: 403, times: 1, afterEffect });
    const resource = await sweeper("refused");
    const refused: string[] = [];
    while (resource.stored && refused.length <= 2 * calls.length)
      await resource
        .destroy()
        .catch((error: Error) => refused.push(/\((\w+): AccessDenied/.exec(error.message)?.[1] ?? error.message));
    assert.deepEqual(
      [...new Set(refused)].filter((action) => !calls.includes(action)),
      [],
    );
    const left = (await scene.simulator.faults()).filter(({ struck }) => struck === 0);
    assert.deepEqual(left, [], "calls that nobody made");
    const { securityGroups, targetGroups, classicLoadBalancers } = await names();
    assert.ok(!securityGroups!.includes("k8s-elb-refused"));
    assert.ok(!targetGroups!.includes("refused") && !classicLoadBalancers!.includes("refused"));
    assert.deepEqual(await rulesOf(scene.securityGroupId), []);
  });

  it("tries again what something still uses", async () => {
    const elb = await group("k8s-elb-busy", owned);
    await classicBalancer("busy", elb, owned);
    await networkBalancer("busy", owned);
    await scene.simulator.addFault({ action: "DeleteTargetGroup", code: "ResourceInUse", status: 400, times: 1 });
    await scene.simulator.addFault({
      action: "DeleteSecurityGroup",
      code: "DependencyViolation",
      status: 400,
      times: 1,
    });
    await (await sweeper("busy")).destroy();
    const { securityGroups, targetGroups } = await names();
    assert.ok(!securityGroups!.includes("k8s-elb-busy") && !targetGroups!.includes("busy"));
  });

  it("refuses empty names", async () => {
    const { failures } = await new EngineResource(plugin, type, "wrong").check({
      clusterName: "",
      vpcId: "",
    });
    assert.deepEqual(
      failures.map(({ property }) => property),
      ["clusterName", "vpcId"],
    );
  });
});
