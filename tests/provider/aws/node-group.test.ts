import assert from "node:assert/strict";
import {
  CreateFleetCommand,
  CreateSubnetCommand,
  DeleteFleetsCommand,
  DescribeFleetHistoryCommand,
  DescribeFleetsCommand,
} from "@aws-sdk/client-ec2";
import { createFleetRequest } from "../../../provider/aws/fleet/fleet-request";
import { shapeOfSpec, type FleetSpec } from "../../../provider/aws/fleet/fleet-spec";
import { driveResource, EngineResource, type Plugin } from "../server/harness";
import {
  addTemplateVersion,
  deadline,
  driverOf,
  foreignFleet,
  makeTemplate,
  region,
  specOf,
  startImpatientPlugin,
  startScene,
  type Scene,
} from "./scene";
import { until } from "../../until";

const type = "gpu-clusters:aws:NodeGroup";

describe("AWS NodeGroup", () => {
  let scene: Scene;
  let plugin: Plugin;
  before(async function () {
    this.timeout(300_000);
    scene = await startScene();
    plugin = await startImpatientPlugin(scene);
  });
  after(async () => {
    await plugin.stop();
    await scene.close();
  });
  afterEach(async () => {
    await scene.simulator.clearFaults();
    await scene.simulator.setQuotas({ "L-DB2E81BA": 1000, "L-C4BD4855": 1000 });
    const { instances, fleets } = await scene.simulator.state();
    assert.deepEqual(
      instances.filter(({ state }) => state !== "shutting-down"),
      [],
      "no instance may be left behind",
    );
    assert.deepEqual(
      fleets.filter(({ state }) => state !== "deleted_terminating"),
      [],
      "no fleet may be left behind",
    );
  });

  const program = async (name: string, rest: object = {}) => ({
    clusterName: "alpha",
    name,
    minSize: 1,
    maxSize: 3,
    launchTemplateId: await makeTemplate(scene, name),
    launchTemplateVersion: 1,
    instanceTypes: ["m5.large", "m6i.large"],
    subnetIds: [...scene.subnetIds],
    ...rest,
  });
  const group = (name: string) => new EngineResource(plugin, type, name);
  const live = async (name: string) =>
    (await scene.simulator.state()).instances.filter(
      ({ state, tags }) => tags?.["gpu-clusters/node-group"] === name && ["pending", "running"].includes(String(state)),
    );
  const refusal = async (inputs: object) => (await group("refused").check(inputs as never)).failures;

  it("keeps the contract", async () => {
    const inputs = await program("contract", { tags: { team: "ml" } });
    await driveResource({
      plugin,
      type,
      inputs,
      updated: { ...inputs, minSize: 2, maxSize: 5, instanceTypes: ["m5.large"], tags: { team: "research" } },
      replaced: { ...inputs, capacity: { spot: {} } },
      volatile: ["machines", "problems"],
      inspect: async (_, when) => assert.equal((await live("contract")).length, when === "created" ? 1 : 2),
    });
  });

  it("leaves the size to others between the bounds, and brings it back into them", async () => {
    const resource = group("sizes");
    const inputs = await program("sizes", { initialSize: 2 });
    await resource.up(inputs);
    assert.equal(resource.stored!.state.values.size, 2);
    const { driver } = attached("sizes");
    await driver.resize(3, deadline());
    await until("three machines", async () => (await live("sizes")).length === 3);
    await resource.refresh();
    assert.equal(resource.stored!.state.values.size, 3);
    assert.equal(await resource.up(inputs), "same");
    const before = (await live("sizes")).map(({ id }) => id);
    assert.equal(await resource.up({ ...inputs, maxSize: 2 }), "update");
    const after = (await live("sizes")).map(({ id }) => id);
    assert.equal(after.length, 2);
    assert.ok(after.every((id) => before.includes(id)));
    await driver.remove(after, deadline());
    await resource.refresh();
    assert.equal(await resource.up({ ...inputs, maxSize: 2 }), "update");
    assert.equal((await live("sizes")).length, 1);
    await resource.destroy();
  });

  it("uses a new launch template version for new machines, and never replaces for it", async () => {
    const resource = group("versions");
    const inputs = await program("versions");
    await resource.up(inputs);
    const [old] = await live("versions");
    const launchTemplateVersion = Number(
      await addTemplateVersion(scene, inputs.launchTemplateId, { KeyName: "newer" }),
    );
    assert.equal(await resource.up({ ...inputs, launchTemplateVersion, minSize: 2 }), "update");
    const keys = (await live("versions")).map(({ id, keyName }) => (id === old!.id ? "old" : keyName));
    assert.deepEqual(new Set(keys), new Set(["old", "newer"]));
    await resource.destroy();
  });

  it("keeps a group that AWS does not fill, says why, and goes on with it", async () => {
    const resource = group("late");
    const inputs = await program("late", { instanceTypes: ["g5.xlarge"] });
    await scene.simulator.setQuotas({ "L-DB2E81BA": 100 });
    const fault = await scene.simulator.addFault({ capacity: {}, code: "VcpuLimitExceeded", message: "no more vCPUs" });
    await assert.rejects(resource.up(inputs), /the cloud makes 0 of 1 machines \(quota\): .*no more vCPUs/);
    assert.match(resource.stored!.id, /^fleet-/);
    await scene.simulator.removeFault(fault);
    await resource.up(inputs);
    assert.equal((await live("late")).length, 1);
    await resource.destroy();
  });

  it("shows a stock-out that the autoscaler met at the next refresh, each once, and calls it no difference", async () => {
    const resource = group("shown");
    const inputs = await program("shown");
    await resource.up(inputs);
    assert.deepEqual(resource.stored!.state.values.problems, []);
    const fault = await scene.simulator.addFault({ capacity: {} });
    const driver = driverOf(scene, specOf(scene, "shown", inputs.launchTemplateId));
    await driver.resize(2, deadline());
    await until(
      "a history that says so more than once",
      async () => (await driver.problems(new Date(0), deadline())).length > 1,
    );
    await driver.resize(1, deadline());
    await scene.simulator.removeFault(fault);
    await resource.refresh();
    const { problems } = resource.stored!.state.values as { problems: string[] };
    assert.match(problems.join("\n"), /do not have sufficient m5\.large/);
    assert.deepEqual(problems, [...new Set(problems)]);
    assert.equal(await resource.up(inputs), "same");
    await resource.destroy();
  });

  it("stops buying machines that EC2 terminates at once, says why, and goes on when the cause is mended", async () => {
    const resource = group("doomed");
    const inputs = await program("doomed");
    const fault = await scene.simulator.addFault({
      launch: {},
      code: "Client.InvalidKMSKey.InvalidState",
      message: "The KMS key provided is in an incorrect state",
    });
    await assert.rejects(
      resource.up(inputs),
      /made and lost at once, and no more are asked for \(rejected\): EC2 terminated i-\w+ at once: Client\.InvalidKMSKey\.InvalidState: The KMS key/,
    );
    const { fleets } = await scene.simulator.state();
    assert.equal(fleets.find(({ id }) => id === resource.stored!.id)?.target, 0);
    await scene.simulator.removeFault(fault);
    assert.equal(await resource.up(inputs), "update");
    assert.equal((await live("doomed")).length, 1);
    await resource.destroy();
  });

  it("waits while AWS has no capacity, and tells so", async () => {
    const resource = group("scarce");
    const inputs = await program("scarce");
    const fault = await scene.simulator.addFault({ capacity: {} });
    const made = resource.up(inputs);
    await until("a warning", () =>
      Promise.resolve(
        plugin.messages.some(({ message }) => /capacity: .*do not have sufficient m5\.large/.test(message)),
      ),
    );
    await scene.simulator.removeFault(fault);
    await made;
    await resource.destroy();
  });

  it("keeps its fleet in the state when it is interrupted while AWS has no capacity, so that a destroy directly after deletes it", async () => {
    const resource = group("interrupted");
    const { inputs } = await resource.check(await program("interrupted"));
    const fault = await scene.simulator.addFault({ capacity: {} });
    const making = assert.rejects(resource.create(inputs), /was cancelled.*goes on/);
    const fleets = async () => (await scene.simulator.state()).fleets.filter(({ state }) => state === "active");
    await until("a fleet", async () => (await fleets()).length > 0);
    await plugin.cancel();
    await making;
    assert.equal(resource.stored!.id, (await fleets())[0]!.id);
    assert.equal(resource.stored!.state.values.fleetId, resource.stored!.id);
    await resource.destroy();
    await scene.simulator.removeFault(fault);
  });

  it("finds its fleet again when the answer was lost, and makes no second one", async () => {
    const resource = group("lost");
    const inputs = await program("lost");
    await scene.simulator.addFault({
      action: "CreateFleet",
      code: "UnauthorizedOperation",
      afterEffect: true,
      times: 1,
    });
    await assert.rejects(resource.up(inputs), /UnauthorizedOperation/);
    await resource.up(inputs);
    const { fleets } = await scene.simulator.state();
    assert.equal(fleets.filter(({ tags }) => tags?.["gpu-clusters/node-group"] === "lost").length, 1);
    await resource.destroy();
  });

  it("does not take another's group, but imports it", async () => {
    const inputs = await program("taken");
    const mine = group("taken");
    await mine.up(inputs);
    const other = group("other");
    await assert.rejects(other.up(inputs), /"taken" of a cluster "alpha" exists already.*fleet-.*pulumi import/);
    await other.import(mine.stored!.id);
    assert.equal(await other.up(inputs), "same");
    await other.destroy();
    await mine.refresh();
    assert.equal(mine.stored, undefined);
  });

  it("destroys also machines that it did not make", async () => {
    const resource = group("gone");
    const inputs = await program("gone", { minSize: 3 });
    await resource.up(inputs);
    await foreignFleet(scene, "gone", inputs.launchTemplateId);
    await resource.destroy();
    assert.deepEqual(await live("gone"), []);
  });

  it("refuses at preview what cannot work, all at once, in the user's own words", async () => {
    const inputs = await program("checked");
    assert.deepEqual(await refusal({ ...inputs, capacity: {}, minSize: 4, instanceTypes: [] }), [
      { property: "minSize", reason: "4 is more than maxSize, 3" },
      { property: "instanceTypes", reason: "must name at least one" },
      { property: "capacity", reason: "must have exactly one of onDemand, spot, reservation, has none" },
    ]);
    const diversified = { onDemand: { allocationStrategy: "diversified" } };
    assert.deepEqual(await refusal({ ...inputs, capacity: diversified }), [
      {
        property: "capacity.onDemand.allocationStrategy",
        reason: 'must be one of "lowest-price", "prioritized", not the string "diversified"',
      },
    ]);
    const reasons = async (rest: object) =>
      (await refusal({ ...inputs, ...rest })).map(({ property, reason }) => `${property}: ${reason}`);
    const [shapes] = await reasons({ instanceTypes: ["m5.large", "m5.xlarge", "m6i.large"] });
    assert.match(
      shapes!,
      /^instanceTypes: .*split it into 2 groups: m5\.large, m6i\.large \(2 vCPUs, 8 GiB\); m5\.xlarge \(4 vCPUs, 16 GiB\)/,
    );
    const [offered] = await reasons({ instanceTypes: ["g5.thousandxlarge"] });
    assert.match(
      offered!,
      /^instanceTypes\[0\]: "g5\.thousandxlarge" is not offered in us-west-2; offered: g5\.2xlarge, g5\.4xlarge, /,
    );
    const [architecture] = await reasons({ instanceTypes: ["m6g.large"] });
    assert.match(architecture!, /^instanceTypes\[0\]: "m6g\.large" is arm64, but the group's image is x86_64/);
    await scene.simulator.setQuotas({ "L-C4BD4855": 0 });
    const [quota] = await reasons({ instanceTypes: ["p5.48xlarge"], capacity: { spot: {} } });
    assert.match(
      quota!,
      /1 × p5\.48xlarge needs 192 vCPUs, but the account's quota "All P5 Spot Instance Requests" is 0 in us-west-2 \(AWS gives new accounts none/,
    );
    const [tags] = await reasons({ name: "another" });
    assert.match(tags!, /^launchTemplateId: .*must give instances the tag gpu-clusters\/node-group=another/);
  });

  it("asks for types only in zones that offer them, and takes a fleet without the others for the same", async () => {
    const place = { VpcId: scene.vpcId, CidrBlock: "10.0.192.0/20", AvailabilityZone: `${region}d` };
    const { Subnet } = await scene.ec2.send(new CreateSubnetCommand(place));
    const subnetIds = [Subnet!.SubnetId!, ...scene.subnetIds];
    // In the first zone there are no g5, and of the two types only the second is there.
    const inputs = await program("offered", { instanceTypes: ["g5.12xlarge"], subnetIds });
    const offered = group("offered");
    await offered.up(inputs);
    const { Fleets } = await scene.ec2.send(new DescribeFleetsCommand({ FleetIds: [offered.stored!.id] }));
    const pairs = Fleets![0]!.LaunchTemplateConfigs![0]!.Overrides!.map(({ SubnetId }) => SubnetId);
    assert.deepEqual(pairs, [...scene.subnetIds]);
    await offered.refresh();
    assert.equal(await offered.up(inputs), "same");
    assert.deepEqual(offered.stored!.state.values["subnetIds"], subnetIds);
    assert.equal(await offered.up({ ...inputs, subnetIds: [...scene.subnetIds] }), "update");
    await offered.destroy();
    // A fleet that somebody else gave such a pair says so, and makes machines where it can.
    const shape = shapeOfSpec({ ...inputs, name: "by-hand", subnetIds } as FleetSpec);
    const made = await scene.ec2.send(
      new CreateFleetCommand(createFleetRequest(shape, 1, { by: "hand" }, crypto.randomUUID())),
    );
    const history = { FleetId: made.FleetId, StartTime: new Date(0) };
    const unusable = await until("an unusable pair", async () => {
      const { HistoryRecords } = await scene.ec2.send(new DescribeFleetHistoryCommand(history));
      return HistoryRecords?.find(({ EventInformation }) => EventInformation?.EventSubType === "launchSpecUnusable");
    });
    assert.match(unusable.EventInformation!.EventDescription!, /g5\.12xlarge.*not supported.*us-west-2d/);
    await scene.ec2.send(new DeleteFleetsCommand({ FleetIds: [made.FleetId!], TerminateInstances: true }));
  });

  it("refuses subnets of one zone, and ones that do not exist", async () => {
    const inputs = await program("subnets");
    const twin = await scene.ec2.send(
      new CreateSubnetCommand({ VpcId: scene.vpcId, CidrBlock: "10.0.64.0/20", AvailabilityZone: `${region}a` }),
    );
    const failures = await refusal({
      ...inputs,
      subnetIds: [scene.subnetIds[0], twin.Subnet!.SubnetId, "subnet-none"],
    });
    assert.deepEqual(
      failures.map(({ property }) => property),
      ["subnetIds[1]", "subnetIds[2]"],
    );
    assert.match(failures[0]!.reason, /are both in us-west-2a: a fleet takes one subnet for each zone/);
  });

  it("says where a group counts no GPUs and AWS does", async () => {
    const warned = async (inputs: object) => {
      const before = plugin.messages.length;
      assert.deepEqual(await refusal(inputs), []);
      return plugin.messages.slice(before).map(({ message }) => message);
    };
    const inputs = await program("uncounted", { instanceTypes: ["g5.12xlarge"] });
    const [message] = await warned({ ...inputs, gpus: { count: 0 } });
    assert.match(message!, /AWS says that g5\.12xlarge has 4 × NVIDIA A10G, and the group counts none: with `gpus: 4`/);
    assert.deepEqual(await warned({ ...inputs, gpus: { count: 4 } }), []);
  });

  it("refuses launch templates that nothing would start from", async () => {
    const good = await program("template");
    const version = await addTemplateVersion(scene, good.launchTemplateId, {
      IamInstanceProfile: { Name: "nobody" },
      MetadataOptions: { InstanceMetadataTags: "enabled" },
    });
    const inputs = { ...good, launchTemplateVersion: Number(version) };
    const reasons = (await refusal(inputs)).map(({ reason }) => reason);
    assert.equal(reasons.length, 2);
    assert.match(reasons[0]!, /shows tags in instance metadata: EC2 then refuses tag keys with a slash/);
    assert.match(reasons[1]!, /the instance profile "nobody", which does not exist/);
  });

  it("warns and goes on where it may not read", async () => {
    const inputs = await program("blind");
    for (const action of ["DescribeInstanceTypeOfferings", "GetServiceQuota"]) {
      await scene.simulator.addFault({ action, code: "UnauthorizedOperation" });
    }
    assert.deepEqual(await refusal(inputs), []);
    assert.ok(plugin.messages.some(({ message }) => message.startsWith("not checked against AWS: AWS: ")));
  });

  function attached(nodeGroup: string) {
    return { driver: driverOf(scene, specOf(scene, nodeGroup, "")) };
  }
});
