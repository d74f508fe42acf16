import assert from "node:assert/strict";
import { rmSync } from "node:fs";
import { EC2 } from "@aws-sdk/client-ec2";
import { defaultRegion } from "../../commands/simulated-aws";
import type { AwsNodeGroupArgs } from "../../components/aws/args";
import { compiledDefaultProgram } from "./compiled-program";
import { EngineEnvironment } from "./environment";
import { oneLife } from "./one-life";
import type { EngineStack } from "./stack";

const zones = { here: "us-west-2a", elsewhere: "us-west-2c" };

describe("an AWS group in a Capacity Reservation, on the engine", function () {
  this.timeout(400_000);
  oneLife();

  let environment: EngineEnvironment;
  let program: string;
  let stack: EngineStack;
  let ec2: EC2;
  let held: string;

  const group = (reservationId: string, changes: Partial<AwsNodeGroupArgs> = {}): AwsNodeGroupArgs => ({
    name: "gpu",
    role: "worker",
    minSize: 1,
    maxSize: 2,
    instanceTypes: ["g4dn.xlarge"],
    capacity: { reservation: { id: reservationId } },
    ...changes,
  });
  const config = (...nodeGroups: AwsNodeGroupArgs[]) => ({
    ...environment.providerConfig,
    "pulumi-gpu-clusters:cloud": "aws",
    "pulumi-gpu-clusters:clusterName": "held",
    "pulumi-gpu-clusters:cni": "none",
    "pulumi-gpu-clusters:keyPair": "ops",
    "pulumi-gpu-clusters:network": { zones: [zones.here], nat: "none" },
    "pulumi-gpu-clusters:nodeGroups": nodeGroups,
  });

  async function reserve(count: number, zone = zones.here): Promise<string> {
    const { CapacityReservation } = await ec2.createCapacityReservation({
      InstanceType: "g4dn.xlarge",
      InstancePlatform: "Linux/UNIX",
      InstanceMatchCriteria: "targeted",
      AvailabilityZone: zone,
      InstanceCount: count,
    });
    return CapacityReservation!.CapacityReservationId!;
  }
  async function free(): Promise<number> {
    const { CapacityReservations } = await ec2.describeCapacityReservations({ CapacityReservationIds: [held] });
    return CapacityReservations![0]!.AvailableInstanceCount!;
  }
  async function machines(): Promise<string[]> {
    const { instances } = await environment.aws.state();
    const own = instances.filter(({ tags }) => tags?.["gpu-clusters/node-group"] === "gpu");
    return own.filter(({ state }) => state !== "shutting-down").map(({ id }) => id);
  }

  before(async () => {
    program = await compiledDefaultProgram();
    environment = await EngineEnvironment.start({ machines: true, aws: {} });
    const credentials = { accessKeyId: "test", secretAccessKey: "test" };
    ec2 = new EC2({ endpoint: environment.aws.endpoint, region: defaultRegion, credentials });
    held = await reserve(2);
    stack = await environment.stack(config(group(held)), { program });
  });
  after(async () => {
    await environment?.stop();
    if (program) rmSync(program, { recursive: true, force: true });
  });

  it("is refused at the preview for zone, type and count, by the user's fields, and nothing is made", async () => {
    for (const [wrong, words] of [
      [group(await reserve(2, zones.elsewhere)), /is in us-west-2c, but the group's subnets are in us-west-2a/],
      [
        group(held, { instanceTypes: ["g4dn.2xlarge"] }),
        /instanceTypes.*holds g4dn\.xlarge: the group must have this/s,
      ],
      [group(held, { maxSize: 3 }), /maxSize.*3 is more than cr-\w+ has, 2/s],
      [group("cr-0123456789abcdef0"), /reservation\.id.*cr-0123456789abcdef0 does not exist in us-west-2/s],
    ] as const) {
      stack.configure(config(wrong));
      await assert.rejects(stack.preview(), words);
    }
    const asked = (await environment.aws.requests()).map(({ action }) => action);
    const changing = asked.filter((action) => !/^(Describe|Get|List|Assume|CreateCapacityReservation)/.test(action));
    assert.deepEqual(changing, []);
  });

  it("is made with its nodes Ready, machines in the reservation, and nothing left to do", async () => {
    stack.configure(config(group(held)));
    const up = await stack.up();
    assert.ok(up.ok, up.text);
    assert.equal((await stack.outputs()).status, "ready");
    assert.deepEqual([(await machines()).length, await free()], [1, 1]);
    assert.deepEqual(await stack.preview(), []);
  });

  it("grows within it, and gets back by `refresh` and `up` a machine that was lost", async () => {
    const [first] = await machines();
    await ec2.terminateInstances({ InstanceIds: [first!] });
    stack.configure(config(group(held, { minSize: 2 })));
    const refreshed = await stack.refresh();
    assert.ok(refreshed.ok, refreshed.text);
    const up = await stack.up();
    assert.ok(up.ok, up.text);
    const now = await machines();
    assert.deepEqual([now.length, now.includes(first!), await free()], [2, false, 0]);
    assert.deepEqual(await stack.preview(), []);
  });

  it("leaves nothing behind but the reservation, which is free again", async () => {
    const destroyed = await stack.destroy();
    assert.ok(destroyed.ok, destroyed.text);
    assert.deepEqual(await environment.aws.misfits(), [], "requests that AWS's own models do not have");
    assert.deepEqual(await stack.resources(), []);
    const left = Object.entries(await environment.aws.state()).filter(([, objects]) => objects.length > 0);
    assert.deepEqual([Object.fromEntries(left), await free()], [{}, 2]);
  });
});
