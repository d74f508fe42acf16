/** Load balancers of the stand-in, driven over gRPC against the simulated AWS. */
import assert from "node:assert/strict";
import type { Properties } from "../../../provider/server/wire";
import { region } from "../../provider/aws/scene";
import type { EngineResource } from "../../provider/server/harness";
import { DrivenStandIn, stateOf } from "./driven-stand-in";

describe("load balancers of the stand-in for the aws provider", function () {
  let aws: DrivenStandIn;

  before(async function () {
    this.timeout(300_000);
    aws = await DrivenStandIn.start();
  });
  after(() => aws?.close());

  const idOf = ({ stored }: EngineResource) => stored!.id;
  const isSettled = async (thing: EngineResource, program: Properties) => {
    assert.equal(await thing.up(program), "same", thing.type);
    assert.equal(await thing.refresh(), true);
    assert.equal(await thing.up(program), "same", `${thing.type}: after a refresh`);
  };

  it("pass connections on to machines, and go when they are not wanted", async () => {
    const vpcId = idOf(await aws.make("aws:ec2/vpc:Vpc", "net", { cidrBlock: "10.0.0.0/16" }));
    const place = { vpcId, cidrBlock: "10.0.1.0/24", availabilityZone: `${region}a` };
    const subnetId = idOf(await aws.make("aws:ec2/subnet:Subnet", "sub", place));
    const { result } = await aws.plugin.invoke("aws:ec2/getAmi:getAmi", { mostRecent: true });
    const machine = { ami: result.values["id"] as string, instanceType: "t3.micro", subnetId };
    const targetId = idOf(await aws.make("aws:ec2/instance:Instance", "machine", machine));

    const tags = { team: "search" };
    const group = {
      name: "train-api",
      vpcId,
      protocol: "TCP",
      port: 6443,
      preserveClientIp: "false",
      deregistrationDelay: 0,
      healthCheck: { protocol: "HTTPS", path: "/readyz", interval: 10, healthyThreshold: 2, unhealthyThreshold: 2 },
      tags,
    };
    const targets = await aws.make("aws:lb/targetGroup:TargetGroup", "api", group);
    const balancer = { name: "train-api", loadBalancerType: "network", subnets: [subnetId], internal: true, tags };
    const balancing = await aws.make("aws:lb/loadBalancer:LoadBalancer", "api", balancer);
    const targetGroupArn = idOf(targets);
    const listener = {
      loadBalancerArn: idOf(balancing),
      protocol: "TCP",
      port: 6443,
      defaultActions: [{ type: "forward", targetGroupArn }],
      tags,
    };
    const listening = await aws.make("aws:lb/listener:Listener", "api", listener);
    const attachment = { targetGroupArn, targetId, port: 6443 };
    const attached = await aws.make("aws:lb/targetGroupAttachment:TargetGroupAttachment", "api", attachment);

    assert.ok(stateOf(balancing)["dnsName"]);
    assert.deepEqual(stateOf(balancing)["tags"], tags);
    assert.deepEqual([stateOf(targets)["preserveClientIp"], stateOf(targets)["deregistrationDelay"]], ["false", 0]);
    await isSettled(targets, group);
    await isSettled(balancing, balancer);
    await isSettled(listening, listener);
    await isSettled(attached, attachment);

    const changed = { ...group, healthCheck: { ...group.healthCheck, path: "/livez" }, tags: { team: "ads" } };
    assert.equal(await targets.up(changed), "update");
    assert.equal((stateOf(targets)["healthCheck"] as Properties)["path"], "/livez");
    assert.deepEqual(stateOf(targets)["tags"], { team: "ads" });
    assert.equal(await balancing.up({ ...balancer, enableCrossZoneLoadBalancing: true }), "update");
    await assert.rejects(balancing.up({ ...balancer, loadBalancerType: "application" }), /does "network" only/);

    await aws.leavesNothing();
  });
});
