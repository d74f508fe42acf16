import assert from "node:assert/strict";
import {
  CreateFleetCommand,
  ModifyFleetCommand,
  TerminateInstancesCommand,
  type DescribeFleetHistoryCommand,
  type EC2Client,
} from "@aws-sdk/client-ec2";
import { createFleetRequest } from "../../../provider/aws/fleet/fleet-request";
import { shapeOfSpec } from "../../../provider/aws/fleet/fleet-spec";
import { Fleets } from "../../../provider/aws/fleet/fleets";
import { addTemplateVersion, deadline, makeGroup, pace, startScene, type Scene } from "./scene";
import { until } from "../../until";

describe("fleet driver", () => {
  let scene: Scene;
  before(async function () {
    this.timeout(300_000);
    scene = await startScene();
  });
  after(() => scene.close());
  afterEach(() => scene.simulator.clearFaults());

  const instances = async (nodeGroup: string) =>
    (await scene.simulator.state()).instances.filter((one) => one.tags?.["gpu-clusters/node-group"] === nodeGroup);

  it("makes, grows and describes a group", async () => {
    const group = await makeGroup(scene, "grows", 2);
    await group.running(2);
    await group.driver.resize(4, deadline());
    await group.running(4);
    const { size, machines } = await group.restarted().describe(deadline());
    assert.equal(size, 4);
    for (const machine of machines) {
      assert.match(machine.providerId, /^aws:\/\/\/us-west-2[ab]\/i-[0-9a-f]+$/);
      assert.match(machine.nodeName, /^ip-10-0-\d+-\d+\.us-west-2\.compute\.internal$/);
      assert.ok(Date.parse(machine.createdAt!) > 0);
    }
  });

  it("never terminates a live machine by resizing", async () => {
    const group = await makeGroup(scene, "shrinks", 3);
    await group.running(3);
    await group.driver.resize(1, deadline());
    assert.equal((await group.driver.describe(deadline())).size, 3);
    await group.running(3);
  });

  it("gives up machines still to come when it is resized", async () => {
    const fault = await scene.simulator.addFault({ capacity: { instanceType: "m5.large" } });
    const group = await makeGroup(scene, "patient", 3);
    await until("a problem", async () => (await group.driver.problems(new Date(0), deadline())).length > 0);
    await group.driver.resize(1, deadline());
    await scene.simulator.removeFault(fault);
    await group.running(1);
  });

  it("removes exactly the machines that are named", async () => {
    const group = await makeGroup(scene, "removes", 4);
    const [first, second, third, fourth] = await group.running(4);
    await group.driver.remove([second!, fourth!], deadline());
    assert.equal((await group.driver.describe(deadline())).size, 2);
    assert.deepEqual(new Set(await group.running(2)), new Set([first, third]));
    await group.driver.remove([second!, "i-0123456789abcdef0"], deadline());
    assert.equal((await group.driver.describe(deadline())).size, 2);
  });

  it("loses another machine, or buys one, when the order is wrong: why the target goes down first", async () => {
    const group = await makeGroup(scene, "order", 3);
    const before = await group.running(3);
    const target = (policy: "termination" | "no-termination") =>
      scene.ec2.send(
        new ModifyFleetCommand({
          FleetId: group.fleetId,
          ExcessCapacityTerminationPolicy: policy,
          TargetCapacitySpecification: { TotalTargetCapacity: 2 },
        }),
      );
    const others = before.slice(1);
    await scene.simulator.setTiming({ fleetNoticesLoss: 3_000 });
    await scene.ec2.send(new TerminateInstancesCommand({ InstanceIds: [before[0]!] }));
    await target("termination");
    const running = async () =>
      (await instances("order")).filter(({ state }) => state === "running").map(({ id }) => id);
    await until("another had to go", async () => (await running()).filter((id) => others.includes(id)).length === 1);
    await until("a replacement", async () => (await running()).length === 2);
    await scene.simulator.setTiming({ fleetNoticesLoss: 80 });
  });

  it("finishes a removal that was interrupted after the target went down", async () => {
    const group = await makeGroup(scene, "crash-late", 3);
    const [victim] = await group.running(3);
    await scene.simulator.addFault({ action: "TerminateInstances", code: "UnauthorizedOperation", times: 1 });
    await assert.rejects(group.driver.remove([victim!], deadline()), /UnauthorizedOperation/);
    const restarted = group.restarted();
    assert.equal((await restarted.describe(deadline())).size, 2);
    assert.equal((await restarted.describe(deadline())).machines.find(({ id }) => id === victim)?.state, "deleting");
    await restarted.remove([victim!], deadline());
    assert.equal((await restarted.describe(deadline())).size, 2);
    assert.ok(!(await group.running(2)).includes(victim!));
  });

  it("finishes a removal that was interrupted before the target went down, and goes on with the next change", async () => {
    const group = await makeGroup(scene, "crash-early", 3);
    const [victim] = await group.running(3);
    await scene.simulator.addFault({ action: "ModifyFleet", code: "UnauthorizedOperation", times: 1 });
    await assert.rejects(group.driver.remove([victim!], deadline()), /UnauthorizedOperation/);
    await group.restarted().resize(4, deadline());
    const now = await group.running(4);
    assert.ok(!now.includes(victim!));
  });

  it("does not lose count when answers are lost", async () => {
    const group = await makeGroup(scene, "lost-answers", 3);
    const [victim] = await group.running(3);
    for (const action of ["ModifyFleet", "CreateTags", "TerminateInstances"]) {
      await scene.simulator.addFault({ action, code: "InternalError", afterEffect: true, times: 1 });
    }
    await group.driver.remove([victim!], deadline());
    assert.equal((await group.driver.describe(deadline())).size, 2);
    await group.running(2);
  });

  it("waits out throttling and other changes of the fleet", async () => {
    const group = await makeGroup(scene, "throttled", 1);
    await scene.simulator.addFault({ action: "ModifyFleet", code: "RequestLimitExceeded", times: 2 });
    await scene.simulator.addFault({ action: "DescribeFleets", code: "RequestLimitExceeded", times: 1 });
    await Promise.all([group.driver.resize(2, deadline()), group.restarted().resize(2, deadline())]);
    await group.running(2);
  });

  it("does not believe the fleet's own list of instances", async () => {
    const group = await makeGroup(scene, "stale", 2);
    await scene.simulator.setTiming({ fleetInstancesLag: 60_000 });
    try {
      const [victim] = await group.running(2);
      await group.driver.remove([victim!], deadline());
      await group.running(1);
    } finally {
      await scene.simulator.setTiming({ fleetInstancesLag: 0 });
    }
  });

  it("waits until EC2 shows the fleet that it has just made, and keeps its id", async () => {
    await scene.simulator.addFault({ action: "DescribeFleets", code: "InvalidFleetId.NotFound", skip: 1, times: 3 });
    const group = await makeGroup(scene, "fresh", 1);
    await group.driver.reshape(deadline());
    await group.running(1);
  });

  it("tells capacity, quota and rejection apart, in the cloud's words", async () => {
    await scene.simulator.addFault({ capacity: { instanceType: "p3.2xlarge" } });
    const short = await makeGroup(scene, "no-capacity", 1, { instanceTypes: ["p3.2xlarge"] });
    await scene.simulator.setQuotas({ "L-DB2E81BA": 4 });
    const capped = await makeGroup(scene, "no-quota", 2, { instanceTypes: ["g4dn.xlarge"] });
    const wrong = await makeGroup(scene, "no-group", 1, {
      launchTemplateId: (await makeGroup(scene, "template-only", 0)).spec.launchTemplateId,
    });
    await scene.simulator.addHistory(wrong.fleetId, {
      eventSubType: "launchSpecUnusable",
      description: "The security group 'sg-1' does not exist",
    });
    const problem = (group: typeof short) =>
      until("a problem", async () => (await group.driver.problems(new Date(0), deadline())).at(-1));
    const capacity = await problem(short);
    assert.equal(capacity.kind, "capacity");
    assert.match(capacity.message, /do not have sufficient p3\.2xlarge capacity in the Availability Zone/);
    const quota = await problem(capped);
    assert.equal(quota.kind, "quota");
    assert.match(quota.message, /VcpuLimitExceeded/);
    const rejected = await problem(wrong);
    assert.equal(rejected.kind, "rejected");
    assert.match(rejected.message, /security group 'sg-1' does not exist/);
    assert.deepEqual(await short.driver.problems(new Date(Date.now() + 60_000), deadline()), []);
    await scene.simulator.setQuotas({ "L-DB2E81BA": 1000 });
  });

  it("reads a fleet's whole history, oldest first, whatever the pages", async () => {
    const at = (minute: number) => ({ Timestamp: new Date(minute * 60_000), EventType: "error" });
    const pages: Record<string, object> = {
      first: { HistoryRecords: [at(3)], NextToken: "second" },
      second: { HistoryRecords: [], NextToken: "third" },
      third: { HistoryRecords: [at(1), at(2)] },
    };
    const asked: string[] = [];
    const send = async ({ input: { NextToken = "first" } }: DescribeFleetHistoryCommand) => {
      asked.push(NextToken);
      return pages[NextToken];
    };
    const fleets = new Fleets({ send } as unknown as EC2Client, { clusterName: "alpha", nodeGroup: "paged" }, pace);
    const records = await fleets.history("fleet-1", new Date(0), deadline());
    assert.deepEqual(asked, ["first", "second", "third"]);
    assert.deepEqual(records, [at(1), at(2), at(3)]);
  });

  it("reports an interruption of a spot machine, which the fleet replaces", async () => {
    const spot = { allocationStrategy: "capacity-optimized" } as const;
    const group = await makeGroup(scene, "spot", 2, { capacity: { spot } });
    const [lost] = await group.running(2);
    await scene.simulator.interrupt(lost!);
    const after = await until("a replacement", async () => {
      const now = (await group.driver.describe(deadline())).machines.filter(({ state }) => state === "running");
      return now.length === 2 && now.every(({ id }) => id !== lost) && now;
    });
    assert.equal(after.length, 2);
    const problems = await group.driver.problems(new Date(0), deadline());
    assert.deepEqual(
      problems.map(({ kind, message }) => ({ kind, message })),
      [{ kind: "lost", message: `AWS takes the spot instance ${lost} back` }],
    );
  });

  it("waits until EC2 knows a launch template, or its version, that was just made", async () => {
    await scene.simulator.addFault({ action: "CreateFleet", code: "InvalidLaunchTemplateId.NotFound", times: 2 });
    const group = await makeGroup(scene, "early", 1);
    await group.running(1);
    await scene.simulator.addFault({
      action: "ModifyFleet",
      code: "InvalidLaunchTemplateId.VersionNotFound",
      times: 2,
    });
    const launchTemplateVersion = Number(
      await addTemplateVersion(scene, group.spec.launchTemplateId, { EbsOptimized: true }),
    );
    assert.equal(await group.restarted({ launchTemplateVersion }).reshape(deadline()), true);
    assert.deepEqual(
      (await scene.simulator.faults()).map(({ struck }) => struck),
      [2, 2],
    );
  });

  it("uses a new launch template version for new machines only", async () => {
    const group = await makeGroup(scene, "reshaped", 1);
    const [old] = await group.running(1);
    const version = await addTemplateVersion(scene, group.spec.launchTemplateId, { KeyName: "newer" });
    assert.equal(await group.restarted({ launchTemplateVersion: Number(version) }).reshape(deadline()), true);
    assert.equal((await group.driver.describe(deadline())).size, 1);
    await group.driver.resize(2, deadline());
    await group.running(2);
    const keys = Object.fromEntries((await instances("reshaped")).map(({ id, keyName }) => [id, keyName]));
    assert.equal(Object.values(keys).filter((key) => key === "newer").length, 1);
    assert.notEqual(keys[old!], "newer");
  });

  it("destroys everything that carries the group's tags, and nothing else", async () => {
    const neighbour = await makeGroup(scene, "neighbour", 1);
    const group = await makeGroup(scene, "destroyed", 3);
    await Promise.all([group.running(3), neighbour.running(1)]);
    // A second fleet of the same group, as a create whose answer was lost leaves it.
    const twin = createFleetRequest(
      shapeOfSpec(group.spec),
      2,
      { "gpu-clusters/cluster": "alpha", "gpu-clusters/node-group": "destroyed" },
      "twin",
    );
    await scene.ec2.send(new CreateFleetCommand(twin));
    const restarted = group.restarted();
    await restarted.destroy(deadline());
    assert.deepEqual(await instances("destroyed"), []);
    const { fleets } = await scene.simulator.state();
    const left = fleets.filter((fleet) => fleet.tags?.["gpu-clusters/node-group"] === "destroyed");
    assert.deepEqual(
      left.filter(({ state }) => state !== "deleted_terminating"),
      [],
    );
    await restarted.destroy(deadline());
    await neighbour.running(1);
  });

  it("says why a fleet cannot be deleted, and ends when it is told to", async () => {
    const group = await makeGroup(scene, "undeletable", 1);
    await group.running(1);
    const fault = await scene.simulator.addFault({
      action: "DeleteFleets",
      code: "UnauthorizedOperation",
      message: "no",
    });
    await assert.rejects(group.driver.destroy(deadline()), /AWS: no \(DeleteFleets: UnauthorizedOperation, HTTP 403/);
    await scene.simulator.removeFault(fault);
    await scene.simulator.setTiming({ shutDown: 60_000 });
    const reason = new Error("enough");
    const controller = new AbortController();
    const destroyed = group.driver.destroy(controller.signal);
    await until("shutting down", async () =>
      (await instances("undeletable")).some(({ state }) => state === "shutting-down"),
    );
    controller.abort(reason);
    await assert.rejects(destroyed, reason);
    await scene.simulator.setTiming({ shutDown: 40 });
  });
});
