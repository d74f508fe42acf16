import assert from "node:assert/strict";
import {
  CancelCapacityReservationCommand,
  DescribeCapacityReservationsCommand,
  DescribeFleetsCommand,
  DescribeInstancesCommand,
  RunInstancesCommand,
  type CapacityReservation,
} from "@aws-sdk/client-ec2";
import { autoscaledGroup } from "../../../components/aws/node-groups";
import { priorities } from "../../../components/addons/autoscaler/groups";
import { checkCapacity } from "../../../components/aws/capacity";
import { controlPlanePolicy } from "../../../components/aws/policies";
import { Problems } from "../../../components/errors";
import { FleetDriver } from "../../../provider/aws/fleet/fleet-driver";
import { readFleet } from "../../../provider/aws/fleet/fleet-request";
import { capacityOf, type FleetSpec } from "../../../provider/aws/fleet/fleet-spec";
import { ReservationDriver } from "../../../provider/aws/fleet/reservation-driver";
import { examineGroup, type GroupFacts } from "../../../provider/aws/preflight/preflight";
import { getPreflightHandler } from "../../../provider/aws/handlers/functions";
import { checkNodeGroup } from "../../../provider/aws/handlers/node-group-inputs";
import { isAwsError } from "../../../provider/aws/errors";
import { isLive } from "../../../provider/node-groups/bounds";
import { GroupUnfinished, type NodeGroupDriver } from "../../../provider/node-groups/driver";
import { Unknown } from "../../../provider/server/values";
import { capacityProblems, purchaseOf, readCapacity } from "../../../sdk/aws/capacity";
import { deadline, makeTemplate, pace, region, reserve as reserveIn, specOf, startScene, type Scene } from "./scene";
import { until } from "../../until";

const id = "cr-0123456789abcdef0";

describe("provider/aws/fleet/reservation-driver", () => {
  let scene: Scene;
  before(async () => {
    scene = await startScene();
  });
  after(() => scene.close());

  const reserve = (count: number, type = "m5.large") => reserveIn(scene, type, count);

  async function group(name: string, reservationId: string, template = {}) {
    const launchTemplateId = await makeTemplate(scene, name, template);
    const spec: FleetSpec = {
      ...specOf(scene, name, launchTemplateId),
      capacity: { reservation: { id: reservationId } },
    };
    const open = () => new ReservationDriver({ ec2: scene.ec2, spec, owner: "urn:test", pace });
    return { driver: open(), open, spec };
  }

  const free = async (reservationId: string) => {
    const command = new DescribeCapacityReservationsCommand({ CapacityReservationIds: [reservationId] });
    return (await scene.ec2.send(command)).CapacityReservations![0]!.AvailableInstanceCount;
  };
  const live = async (driver: NodeGroupDriver) => (await driver.describe(deadline())).machines.filter(isLive);

  it("runs all machines in the reservation, in its zone, and makes nothing beyond it", async () => {
    const reservationId = await reserve(3);
    const { driver, open } = await group("held", reservationId);
    const fleetId = await driver.ensure(2, deadline());
    assert.equal(await free(reservationId), 1);
    const machines = await live(driver);
    assert.equal(machines.length, 2);
    assert.ok(machines.every(({ providerId }) => providerId.includes(`${region}b`)));
    assert.equal((await driver.template(deadline())).labels["topology.kubernetes.io/zone"], `${region}b`);

    const tooMany = open().resize(4, deadline());
    await assert.rejects(
      tooMany,
      (error) => isAwsError(error, "capacity") && /ReservationCapacityExceeded/.test(error.message),
    );
    assert.equal((await live(driver)).length, 2);

    await open().resize(3, deadline());
    await open().resize(3, deadline());
    assert.deepEqual([await free(reservationId), (await driver.describe(deadline())).size], [0, 3]);
    assert.equal(await open().ensure(1, deadline()), fleetId, "found again, and left as it is");
    assert.equal((await driver.describe(deadline())).size, 3);

    await driver.remove([machines[0]!.id], deadline());
    await until("a free place", async () => (await free(reservationId)) === 1);
    assert.equal((await driver.describe(deadline())).size, 2);

    // The fleet has a mark, by which an import knows what it is.
    const { Fleets } = await scene.ec2.send(new DescribeFleetsCommand({ FleetIds: [fleetId] }));
    assert.equal(Fleets![0]!.TargetCapacitySpecification!.TotalTargetCapacity, 0);
    assert.deepEqual(capacityOf(readFleet(Fleets![0]!)), { reservation: { id: reservationId } });
    await driver.destroy(deadline());
    assert.equal(await free(reservationId), 3);
  });

  it("says that something was made when the reservation is too small, and destroys it", async () => {
    const { driver } = await group("small", await reserve(1));
    await assert.rejects(driver.ensure(2, deadline()), GroupUnfinished);
    const { id: fleetId, size } = await driver.describe(deadline());
    assert.deepEqual([fleetId !== undefined, size], [true, 0]);
    await driver.destroy(deadline());
  });

  it("puts the template's network interfaces into the reservation's subnet: EC2 takes no subnet beside them", async () => {
    const NetworkInterfaces = [{ DeviceIndex: 0, InterfaceType: "interface", Groups: [scene.securityGroupId] }];
    const { driver } = await group("cards", await reserve(1), { SecurityGroupIds: undefined, NetworkInterfaces });
    // Not even while EC2 does not know the template everywhere.
    for (const action of ["DescribeLaunchTemplateVersions", "RunInstances"])
      await scene.simulator.addFault({ action, code: "InvalidLaunchTemplateId.NotFound", times: 1 });
    await driver.ensure(1, deadline());
    assert.deepEqual(
      (await scene.simulator.faults()).map(({ struck }) => struck),
      [1, 1],
    );
    await scene.simulator.clearFaults();
    const InstanceIds = (await live(driver)).map((machine) => machine.id);
    const { Reservations } = await scene.ec2.send(new DescribeInstancesCommand({ InstanceIds }));
    assert.equal(Reservations![0]!.Instances![0]!.SubnetId, scene.subnetIds[1]);
    await driver.destroy(deadline());
  });

  it("waits for no machine that EC2 has ended before its lists showed it", async () => {
    const { spec } = await group("ended", await reserve(2));
    const shown = Date.now() + 1_500;
    const late = Object.create(scene.ec2, {
      send: {
        value: (command: DescribeInstancesCommand, options: object) =>
          command instanceof DescribeInstancesCommand && Date.now() < shown
            ? Promise.resolve({ $metadata: {}, Reservations: [] })
            : scene.ec2.send(command, options),
      },
    }) as typeof scene.ec2;
    const message = "Client error on launch";
    const fault = await scene.simulator.addFault({ launch: {}, code: "Client.InternalError", message });
    const driver = new ReservationDriver({ ec2: late, spec, owner: "urn:test", pace });
    try {
      await driver.ensure(2, AbortSignal.timeout(15_000));
      assert.equal((await driver.describe(deadline())).size, 0);
      const problems = await driver.problems(new Date(Date.now() - 60_000), deadline());
      assert.deepEqual(new Set(problems.map(({ kind }) => kind)), new Set(["rejected"]));
      assert.match(problems[0]!.message, /at once: Client.InternalError: Client error on launch/);
    } finally {
      await scene.simulator.removeFault(fault);
      await driver.destroy(deadline());
    }
  });

  it("is refused by the simulated AWS where a launch does not match", async () => {
    const CapacityReservationId = await reserve(2, "m5.xlarge");
    const launch = (InstanceType: string, SubnetId: string) =>
      scene.ec2.send(
        new RunInstancesCommand({
          MinCount: 1,
          MaxCount: 1,
          ImageId: scene.imageId,
          InstanceType: InstanceType as never,
          SubnetId,
          CapacityReservationSpecification: { CapacityReservationTarget: { CapacityReservationId } },
        }),
      );
    for (const [type, subnet] of [
      ["m5.large", 1],
      ["m5.xlarge", 0],
    ] as const)
      await assert.rejects(launch(type, scene.subnetIds[subnet]!), /ReservationCapacityExceeded/);
    await launch("m5.xlarge", scene.subnetIds[1]!);
    assert.equal(await free(CapacityReservationId), 1);
  });

  it("asks for nothing that the control plane's role may not do, for the autoscaler runs there", async () => {
    const { driver, open, spec } = await group("autoscaled", await reserve(2));
    await driver.ensure(0, deadline());
    const { simulator, ec2 } = scene;
    const fleet = new FleetDriver({ ec2, spec: { ...spec, capacity: {} }, owner: "urn:test", pace });
    for (const [kind, asking] of [
      ["reservation", open()],
      ["fleet", fleet],
    ] as const) {
      await simulator.clearRequests();
      await asking.template(deadline());
      await asking.resize(1, deadline());
      await asking.problems(new Date(0), deadline());
      const [machine] = await until("a machine", async () => {
        const machines = await live(asking);
        return machines.length > 0 && machines;
      });
      await asking.remove([machine!.id], deadline());
      const arn = "arn:aws:ssm:us-west-2:123456789012:parameter/x";
      const names = { clusterName: "alpha", keysParameter: arn, kmsKey: "arn", joinParameter: arn };
      const policy = controlPlanePolicy({
        ...names,
        kubernetesTag: undefined,
        reserved: kind === "reservation" ? { nodeRole: "arn", vpcId: "vpc-1" } : undefined,
      });
      const allowed = policy.Statement.flatMap(({ Action }) => Action);
      const asked = (await simulator.requests()).map(({ service, action }) => `${service}:${action}`);
      assert.deepEqual(
        [...new Set(asked)].filter((action) => !allowed.includes(action)),
        [],
        kind,
      );
    }
    await driver.destroy(deadline());
  });

  it("is checked by the resource itself, when it is new", async () => {
    const reservationId = await reserve(2);
    const { driver, spec } = await group("checked", reservationId);
    const warnings: string[] = [];
    const context = {
      config: { aws: { region, endpoint: scene.simulator.endpoint } },
      signal: deadline(),
      log: { warn: (message: string) => warnings.push(message) },
    };
    const check = async (inputs: FleetSpec, before?: FleetSpec) =>
      (await checkNodeGroup(inputs as never, context as never, before)).map(({ property }) => property);
    assert.deepEqual(await check({ ...spec, minSize: 2, maxSize: 2 }), []);
    assert.deepEqual(await check({ ...spec, capacity: { reservation: { id: "cr-x" } } }), ["capacity.reservation.id"]);
    // A network that is still to be made has zones, and no subnets yet.
    const unmade = { ...spec, maxSize: 2, subnetIds: Unknown.value as never };
    assert.deepEqual(await check({ ...unmade, zones: [`${region}b`] }), []);
    assert.deepEqual(await check({ ...unmade, zones: [`${region}a`] }), ["capacity.reservation.id"]);
    assert.deepEqual(await check({ ...spec, minSize: 3, subnetIds: [spec.subnetIds[0]!] }), [
      "capacity.reservation.id",
      "maxSize",
      "minSize",
    ]);
    await driver.ensure(2, deadline());
    // What runs is not refused for what has come over the reservation since.
    const running = { ...spec, minSize: 2, maxSize: 2 };
    await scene.ec2.send(new CancelCapacityReservationCommand({ CapacityReservationId: reservationId }));
    assert.deepEqual(await check(running, running), []);
    assert.match(warnings.join(), /is cancelled, not active/);
    await driver.destroy(deadline());
  });

  it("is looked at by the preflight of a whole cluster", async () => {
    const reservationId = await reserve(2);
    const ask = (zones: string[], given: string) =>
      getPreflightHandler.invoke(
        {
          zones,
          nodeGroups: [
            {
              path: "nodeGroups[0]",
              instanceTypes: ["m5.large"],
              minSize: 0,
              maxSize: 3,
              capacity: { reservation: { id: given } },
            },
          ],
        },
        { config: { aws: { region, endpoint: scene.simulator.endpoint } }, signal: deadline() } as never,
      );
    const { problems } = await ask([`${region}a`], reservationId);
    assert.deepEqual(
      problems.map(({ property }) => property),
      ["nodeGroups[0].capacity.reservation.id", "nodeGroups[0].maxSize"],
    );
    const missing = await ask([`${region}b`], id);
    assert.match(missing.problems[0]!.reason, /cr-0123456789abcdef0 does not exist in us-west-2/);
  });
});

describe("provider/aws/preflight/reservation", () => {
  const good: CapacityReservation = {
    CapacityReservationId: id,
    State: "active",
    InstanceType: "p5.48xlarge",
    InstancePlatform: "Linux/UNIX",
    AvailabilityZone: "us-west-2b",
    Tenancy: "default",
    TotalInstanceCount: 4,
    AvailableInstanceCount: 4,
    InstanceMatchCriteria: "targeted",
    ReservationType: "default",
  };
  const examine = (reservation: CapacityReservation, plan = {}) => {
    const facts: GroupFacts = {
      region: "us-west-2",
      offerings: [],
      alternatives: [],
      types: [],
      imageArchitecture: undefined,
      zones: ["us-west-2a", "us-west-2b"],
      tenancy: "default",
      quotas: new Map(),
      reservation,
    };
    const reserved = { kind: "reservation" as const, id };
    const whole = { capacityType: "on-demand" as const, reserved, minSize: 1, maxSize: 4, isNew: true };
    return examineGroup({ instanceTypes: [], ...whole, ...plan }, facts, "nodeGroups[1]");
  };

  it("finds nothing wrong with one that fits", () => {
    assert.deepEqual(examine(good), { failures: [], warnings: [] });
  });

  it("tells everything that is wrong at once, by the user's field", () => {
    const bad: CapacityReservation = {
      ...good,
      State: "expired",
      InstancePlatform: "Windows",
      Tenancy: "dedicated",
      PlacementGroupArn: "arn:aws:ec2:us-west-2:123456789012:placement-group/near",
      ReservationType: "capacity-block",
      AvailabilityZone: "us-west-2d",
      TotalInstanceCount: 2,
      AvailableInstanceCount: 0,
    };
    const { failures } = examine(bad, { minSize: 1 });
    assert.deepEqual(
      failures.map(({ property, reason }) => `${property}: ${reason}`),
      [
        `nodeGroups[1].capacity.reservation.id: ${id} is expired, not active`,
        `nodeGroups[1].capacity.reservation.id: ${id} is a Capacity Block, which is not supported`,
        `nodeGroups[1].capacity.reservation.id: ${id} is for Windows, nodes are Linux/UNIX`,
        `nodeGroups[1].capacity.reservation.id: ${id} has the tenancy dedicated, machines in this network have default`,
        `nodeGroups[1].capacity.reservation.id: ${id} is in the placement group near, where the group's machines are not: take one that is in none`,
        `nodeGroups[1].capacity.reservation.id: ${id} is in us-west-2d, but the group's subnets are in us-west-2a, us-west-2b`,
        `nodeGroups[1].maxSize: 4 is more than ${id} has, 2`,
        `nodeGroups[1].minSize: 1 is more than ${id} has free, 0 of 2`,
      ],
    );
    const { failures: other } = examine({ ...good, InstanceType: "p4d.24xlarge" }, { instanceTypes: ["p5.48xlarge"] });
    assert.ok(
      other.some(({ reason }) => /holds p4d.24xlarge: the group must have this type and no other/.test(reason)),
    );
    // Machines of a group that runs are what takes the places.
    assert.deepEqual(examine({ ...good, AvailableInstanceCount: 0 }, { isNew: false }).failures, []);
  });

  it("says nothing of one whose id is not known yet, and holds no group in it against the account's quota", () => {
    const quota = { quota: { code: "L-417A185B", name: "Running On-Demand P instances" }, vcpus: 0 };
    const shape = { name: "p5.48xlarge", vcpus: 192, memoryMib: 1, gpus: 8, architectures: ["x86_64"] };
    const facts = {
      region: "us-west-2",
      alternatives: [],
      types: [shape],
      zones: ["us-west-2a"],
      imageArchitecture: undefined,
      offerings: [{ instanceType: "p5.48xlarge", zone: "us-west-2a" }],
      quotas: new Map([["p5.48xlarge", quota]]),
    } as unknown as GroupFacts;
    const given = { reservation: { id: undefined } };
    const plan = { instanceTypes: ["p5.48xlarge"], minSize: 1, maxSize: 4, ...purchaseOf(given) };
    assert.deepEqual(examineGroup(plan, facts), { failures: [], warnings: [] });
    assert.match(examineGroup({ ...plan, reserved: undefined }, facts).failures[0]!.reason, /quota/);
  });

  it("warns of an open one and of an end", () => {
    const { failures, warnings } = examine({
      ...good,
      InstanceMatchCriteria: "open",
      EndDate: new Date("2027-01-04T08:00:00Z"),
    });
    assert.deepEqual(failures, []);
    assert.match(warnings.join("\n"), /is open: .*\n.*ends at 2027-01-04T08:00:00.000Z/);
  });
});

describe("sdk/aws/capacity", () => {
  it("takes one kind, and a reservation's id as AWS writes it", () => {
    assert.deepEqual(capacityProblems({ reservation: { id } }, 1), []);
    assert.match(capacityProblems({ reservation: { id: "cr-1" } }, 1)[0]!.reason, /"cr-1" is no id/);
    assert.match(capacityProblems({ reservation: { id }, spot: {} }, 1)[0]!.reason, /exactly one of onDemand, spot, /);
  });

  it("is read with what is not known yet left out, its kinds never", () => {
    const unknown = Symbol();
    const read = (capacity: unknown) => readCapacity(capacity, (value) => (value === unknown ? undefined : value));
    assert.deepEqual(read({ reservation: { id: unknown }, spot: undefined }), { reservation: { id: undefined } });
    assert.deepEqual(read({ spot: unknown }), { spot: {} });
    assert.deepEqual(read({ spot: { onDemandBase: 2 } }), { spot: { onDemandBase: 2 } });
    assert.deepEqual(read(unknown), {});
  });

  it("refuses a cluster placement group beside a reservation, and tells the autoscaler that it is paid for", () => {
    const group = { capacity: { reservation: { id } }, minSize: 0, placementGroup: "cluster" as const };
    const problems = new Problems();
    checkCapacity("nodeGroups[0].capacity", group, problems);
    assert.match(problems.all[0]!.reason, /a reservation has its own place/);
    const whole = { ...group, name: "gpu", role: "worker" as const, maxSize: 1, instanceTypes: ["p5.48xlarge"] };
    assert.equal(autoscaledGroup(whole, {} as never)!.priority, priorities.reserved);
  });
});
