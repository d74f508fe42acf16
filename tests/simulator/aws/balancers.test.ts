import assert from "node:assert/strict";
import { DescribeInstanceTopologyCommand, RunInstancesCommand, TerminateInstancesCommand } from "@aws-sdk/client-ec2";
import { ElasticLoadBalancing } from "@aws-sdk/client-elastic-load-balancing";
import { ElasticLoadBalancingV2 } from "@aws-sdk/client-elastic-load-balancing-v2";
import { region, startScene, type Scene } from "../../provider/aws/scene";

describe("what AWS's cloud controller manager asks of the simulated AWS", () => {
  let scene: Scene;
  let balancing: ElasticLoadBalancingV2;
  let LoadBalancerArn: string;

  before(async function () {
    this.timeout(300_000);
    scene = await startScene();
    balancing = new ElasticLoadBalancingV2({ endpoint: scene.simulator.endpoint, region });
    const Tags = [{ Key: "kubernetes.io/service-name", Value: "default/web" }];
    const Subnets = [...scene.subnetIds];
    const { LoadBalancers } = await balancing.createLoadBalancer({ Name: "web", Type: "network", Subnets, Tags });
    LoadBalancerArn = LoadBalancers![0]!.LoadBalancerArn!;
    assert.match(LoadBalancers![0]!.DNSName!, new RegExp(`^web-[0-9a-f]+\\.elb\\.${region}\\.amazonaws\\.com$`));
  });
  after(() => scene.close());

  async function targetGroup(Name: string): Promise<string> {
    const given = { Name, Protocol: "TCP", Port: 30080, VpcId: scene.vpcId, TargetType: "instance" } as const;
    return (await balancing.createTargetGroup(given)).TargetGroups![0]!.TargetGroupArn!;
  }

  it("has the attributes that network target groups have", async () => {
    const TargetGroupArn = await targetGroup("attributes");
    const { Attributes } = await balancing.describeTargetGroupAttributes({ TargetGroupArn });
    const value = (key: string) => Attributes!.find(({ Key }) => Key === key)?.Value;
    assert.equal(value("preserve_client_ip.enabled"), "true");
    assert.equal(value("proxy_protocol_v2.enabled"), "false");
  });

  it("links the target group of a listener that is changed, and not the one before", async () => {
    const [first, second] = [await targetGroup("first"), await targetGroup("second")];
    const forward = (TargetGroupArn: string) => [{ Type: "forward" as const, TargetGroupArn }];
    const made = await balancing.createListener({
      LoadBalancerArn,
      Protocol: "TCP",
      Port: 80,
      DefaultActions: forward(first),
    });
    const linked = async () =>
      (await balancing.describeTargetGroups({ LoadBalancerArn })).TargetGroups!.map((group) => group.TargetGroupArn);
    assert.deepEqual(await linked(), [first]);
    const { ListenerArn } = made.Listeners![0]!;
    await balancing.modifyListener({ ListenerArn, Protocol: "TCP", Port: 80, DefaultActions: forward(second) });
    assert.deepEqual(await linked(), [second]);
  });

  it("deregisters what is no target any more, as AWS does", async () => {
    const TargetGroupArn = await targetGroup("gone");
    const place = { ImageId: scene.imageId, SubnetId: scene.subnetIds[0]!, InstanceType: "t3.xlarge" } as const;
    const run = await scene.ec2.send(new RunInstancesCommand({ ...place, MinCount: 1, MaxCount: 1 }));
    const Id = run.Instances![0]!.InstanceId!;
    await scene.ec2.send(new TerminateInstancesCommand({ InstanceIds: [Id] }));
    await balancing.deregisterTargets({ TargetGroupArn, Targets: [{ Id }] });
  });

  it("gives classic balancers a health check from the beginning", async () => {
    const classic = new ElasticLoadBalancing({ endpoint: scene.simulator.endpoint, region });
    const LoadBalancerName = "classic";
    const Listeners = [{ Protocol: "TCP", LoadBalancerPort: 80, InstanceProtocol: "TCP", InstancePort: 30080 }];
    await classic.createLoadBalancer({ LoadBalancerName, Listeners, Subnets: [...scene.subnetIds] });
    const { LoadBalancerDescriptions } = await classic.describeLoadBalancers({ LoadBalancerNames: [LoadBalancerName] });
    assert.deepEqual(LoadBalancerDescriptions![0]!.HealthCheck, {
      Target: "TCP:30080",
      Interval: 30,
      Timeout: 5,
      HealthyThreshold: 10,
      UnhealthyThreshold: 2,
    });
  });

  it("knows no topology of its instances", async () => {
    assert.deepEqual((await scene.ec2.send(new DescribeInstanceTopologyCommand({}))).Instances, []);
  });
});
