import assert from "node:assert/strict";
import { createServer, connect } from "node:net";
import { once } from "node:events";
import { gzipSync } from "node:zlib";
import {
  AllocateAddressCommand,
  AssociateAddressCommand,
  CreateFleetCommand,
  DeleteFleetsCommand,
  DescribeFleetHistoryCommand,
  DescribeFleetInstancesCommand,
  DescribeFleetsCommand,
  DescribeInstancesCommand,
  DescribeSubnetsCommand,
  DeleteSubnetCommand,
  ModifyFleetCommand,
  RunInstancesCommand,
  StartInstancesCommand,
  StopInstancesCommand,
  TerminateInstancesCommand,
} from "@aws-sdk/client-ec2";
import { AddRoleToInstanceProfileCommand, CreateInstanceProfileCommand, CreateRoleCommand } from "@aws-sdk/client-iam";
import { createFleetRequest } from "../../../provider/aws/fleet/fleet-request";
import { isAwsError } from "../../../provider/aws/errors";
import type { Machine, MachineKind, MachineSpec } from "../../../simulator/machines/machine";
import { deadline, makeGroup, makeTemplate, quick, startScene, type Scene } from "../../provider/aws/scene";
import { freePort } from "../../free-port";
import { until } from "../../until";

/** Machines that only remember what was asked of them. */
class RecordedMachines implements MachineKind {
  readonly name = "light";
  readonly machines = new Map<string, { spec: MachineSpec; calls: string[] }>();
  most = Number.POSITIVE_INFINITY;
  /** What the next machine that is switched on says instead. */
  failing: Error | undefined;
  capacity = () => ({ most: this.most, bound: "this computer carries no more" });
  machine(spec: MachineSpec): Machine {
    const { failing } = this;
    this.failing = undefined;
    const calls: string[] = [];
    this.machines.set(spec.name, { spec, calls });
    const note = (call: string) => () => Promise.resolve(void calls.push(call));
    return {
      spec,
      state: failing ? "failed" : "running",
      start: failing ? () => Promise.reject(failing) : note("start"),
      stop: note("stop"),
      powerCut: note("powerCut"),
      terminate: note("terminate"),
      console: () => Promise.resolve(""),
    };
  }
  sweep = () => Promise.resolve();
  close = () => Promise.resolve();
}

describe("simulated AWS", () => {
  let scene: Scene;
  const machines = new RecordedMachines();
  /** A port that nothing else on this machine has: public addresses forward it. */
  let port: number;
  before(async function () {
    this.timeout(300_000);
    port = await freePort();
    scene = await startScene({
      machines,
      publicPorts: [port],
      startScript: (data, { zone }) => data.replace("@@ZONE@@", zone),
    });
  });
  after(() => scene.close());
  afterEach(async () => {
    await scene.simulator.clearFaults();
    await scene.simulator.setTiming(quick);
  });

  const fleetRequest = (launchTemplateId: string, size: number, rest: object = {}) =>
    createFleetRequest(
      {
        launchTemplateId,
        launchTemplateVersion: "1",
        instanceTypes: ["m5.large"],
        subnetIds: scene.subnetIds,
        capacityType: "on-demand",
        allocationStrategy: "lowest-price",
        onDemandBase: 0,
        ...rest,
      },
      size,
      { Name: "x" },
      crypto.randomUUID(),
    );
  const oneInstance = () =>
    new RunInstancesCommand({
      ImageId: scene.imageId,
      InstanceType: "m5.large",
      SubnetId: scene.subnetIds[0],
      MinCount: 1,
      MaxCount: 1,
    });
  const states = async (ids: readonly string[]) => {
    const { Reservations } = await scene.ec2.send(new DescribeInstancesCommand({ InstanceIds: [...ids] }));
    return (Reservations ?? []).flatMap(({ Instances }) => Instances ?? []).map(({ State }) => State?.Name);
  };

  it("honours the launch template's security groups, profile, metadata options and tags, and marks instances with their fleet", async () => {
    const iam = scene.clients.iam;
    await iam.send(new CreateRoleCommand({ RoleName: "node", AssumeRolePolicyDocument: "{}" }));
    await iam.send(new CreateInstanceProfileCommand({ InstanceProfileName: "node" }));
    await iam.send(new AddRoleToInstanceProfileCommand({ InstanceProfileName: "node", RoleName: "node" }));
    const launchTemplateId = await makeTemplate(scene, "template", {
      IamInstanceProfile: { Name: "node" },
      MetadataOptions: { HttpTokens: "required", HttpPutResponseHopLimit: 1 },
      BlockDeviceMappings: [{ DeviceName: "/dev/sda1", Ebs: { VolumeSize: 100, DeleteOnTermination: true } }],
    });
    const group = await makeGroup(scene, "template", 1, { launchTemplateId });
    const [id] = await group.running(1);
    const { Reservations } = await scene.ec2.send(
      new DescribeInstancesCommand({ Filters: [{ Name: "tag:aws:ec2:fleet-id", Values: [group.fleetId] }] }),
    );
    const instance = Reservations![0]!.Instances![0]!;
    assert.equal(instance.InstanceId, id);
    assert.deepEqual(
      instance.SecurityGroups?.map(({ GroupId }) => GroupId),
      [scene.securityGroupId],
    );
    assert.match(instance.IamInstanceProfile?.Arn ?? "", /:instance-profile\/node$/);
    assert.equal(instance.MetadataOptions?.HttpTokens, "required");
    assert.ok(instance.Tags?.some(({ Key, Value }) => Key === "aws:ec2launchtemplate:version" && Value === "1"));
    const found = (await scene.simulator.state()).instances.find((one) => one.id === id)!;
    assert.deepEqual(found.securityGroups, [scene.securityGroupId]);
    assert.equal(found.instanceProfile, "node");
    await group.driver.destroy(deadline());
    assert.deepEqual((await scene.simulator.state()).volumes, [], "disks go with their machines");
  });

  it("does not start what EC2 would refuse to start: tags with a slash in instance metadata", async () => {
    const launchTemplateId = await makeTemplate(scene, "slash", {
      MetadataOptions: { InstanceMetadataTags: "enabled" },
    });
    const group = await makeGroup(scene, "slash", 1, { launchTemplateId });
    const [problem] = await until("a problem", async () => {
      const problems = await group.driver.problems(new Date(0), deadline());
      return problems.length > 0 && problems;
    });
    assert.match(problem!.message, /'gpu-clusters\/cluster' is not a valid tag key/);
    await group.driver.destroy(deadline());
  });

  it("has modifying fleets, a history, and deletes fleets in the end", async () => {
    const request = fleetRequest(await makeTemplate(scene, "states"), 1);
    const { FleetId } = await scene.ec2.send(new CreateFleetCommand(request));
    const again = await scene.ec2.send(new CreateFleetCommand(request));
    assert.equal(again.FleetId, FleetId);
    await assert.rejects(
      scene.ec2.send(new CreateFleetCommand({ ...request, TagSpecifications: [] })),
      (error) => isAwsError(error) && error.code === "IdempotentParameterMismatch",
    );
    const state = async () => {
      const { Fleets } = await scene.ec2.send(new DescribeFleetsCommand({ FleetIds: [FleetId!] }));
      return Fleets![0]!;
    };
    await until("active", async () => (await state()).FleetState === "active");
    await scene.simulator.setTiming({ fleetModification: 300 });
    const modify = (TotalTargetCapacity: number) =>
      scene.ec2.send(new ModifyFleetCommand({ FleetId, TargetCapacitySpecification: { TotalTargetCapacity } }));
    await modify(2);
    assert.equal((await state()).FleetState, "modifying");
    await assert.rejects(modify(3), (error) => isAwsError(error, "precondition"));
    await until("two instances", async () => (await state()).ActivityStatus === "fulfilled");
    const history = await scene.ec2.send(new DescribeFleetHistoryCommand({ FleetId, StartTime: new Date(0) }));
    const events = history.HistoryRecords!.map(({ EventInformation }) => EventInformation!.EventSubType);
    assert.deepEqual(events, ["submitted", "active", "launched", "modify_in_progress", "modify_succeeded", "launched"]);
    const deleted = await scene.ec2.send(
      new DeleteFleetsCommand({ FleetIds: [FleetId!, "fleet-none"], TerminateInstances: true }),
    );
    assert.equal(deleted.SuccessfulFleetDeletions![0]!.CurrentFleetState, "deleted_terminating");
    assert.equal(deleted.UnsuccessfulFleetDeletions![0]!.Error!.Code, "fleetIdDoesNotExist");
    await until("deleted", async () => (await state()).FleetState === "deleted");
    await assert.rejects(scene.ec2.send(new DescribeFleetInstancesCommand({ FleetId: "fleet-none" })), (error) =>
      isAwsError(error, "notFound"),
    );
  });

  it("filters and pages fleets", async () => {
    const launchTemplateId = await makeTemplate(scene, "pages");
    const made: string[] = [];
    for (let count = 0; count < 3; count++) {
      made.push((await scene.ec2.send(new CreateFleetCommand(fleetRequest(launchTemplateId, 0)))).FleetId!);
    }
    const seen: string[] = [];
    let NextToken: string | undefined;
    do {
      const page = await scene.ec2.send(
        new DescribeFleetsCommand({
          MaxResults: 2,
          NextToken,
          Filters: [{ Name: "fleet-state", Values: ["submitted", "active"] }],
        }),
      );
      assert.ok(page.Fleets!.length <= 2);
      seen.push(...page.Fleets!.map(({ FleetId }) => FleetId!));
      NextToken = page.NextToken;
    } while (NextToken);
    assert.deepEqual(new Set(seen), new Set(made));
    await scene.ec2.send(new DeleteFleetsCommand({ FleetIds: made, TerminateInstances: true }));
  });

  it("refuses fleets that EC2 would refuse", async () => {
    const launchTemplateId = await makeTemplate(scene, "refused");
    const refused = async (change: object) => {
      await assert.rejects(
        scene.ec2.send(new CreateFleetCommand({ ...fleetRequest(launchTemplateId, 1), ...change })),
        (error) => isAwsError(error, "invalid"),
      );
    };
    await refused({ TagSpecifications: [{ ResourceType: "instance", Tags: [{ Key: "a", Value: "b" }] }] });
    await refused({ LaunchTemplateConfigs: [{ LaunchTemplateSpecification: { LaunchTemplateId: launchTemplateId } }] });
    assert.deepEqual(
      (await scene.simulator.state()).fleets.filter(({ state }) => state === "active"),
      [],
    );
  });

  it("shows instances late in a fleet's list when it is told to", async () => {
    await scene.simulator.setTiming({ fleetInstancesLag: 60_000 });
    const group = await makeGroup(scene, "lag", 1);
    await group.running(1);
    const list = () => scene.ec2.send(new DescribeFleetInstancesCommand({ FleetId: group.fleetId }));
    assert.deepEqual((await list()).ActiveInstances ?? [], []);
    await scene.simulator.setTiming({ fleetInstancesLag: 0 });
    assert.equal((await list()).ActiveInstances!.length, 1);
    await group.driver.destroy(deadline());
  });

  it("runs machines with their user data while their instances run, and takes them away with them", async () => {
    const UserData = gzipSync("#!/bin/bash\necho in @@ZONE@@\n").toString("base64");
    const made = await scene.ec2.send(
      new RunInstancesCommand({
        ImageId: scene.imageId,
        InstanceType: "g4dn.12xlarge",
        SubnetId: scene.subnetIds[1],
        UserData,
        MinCount: 1,
        MaxCount: 1,
      }),
    );
    const { InstanceId, State } = made.Instances![0]!;
    assert.equal(State?.Name, "pending");
    const machine = await until("a machine", () => machines.machines.get(InstanceId!));
    assert.deepEqual(
      { ...machine.spec, address: undefined, environment: undefined },
      {
        id: `aws/us-west-2/${InstanceId}`,
        name: InstanceId,
        address: undefined,
        environment: undefined,
        vcpus: 48,
        memoryGib: 192,
        gpus: { count: 4, model: "T4" },
        startScript: "#!/bin/bash\necho in us-west-2b\n",
      },
    );
    assert.match(machine.spec.address, /^127\.78\.\d+\.\d+$/);
    await scene.ec2.send(new StopInstancesCommand({ InstanceIds: [InstanceId!] }));
    await until("stopped", async () => (await states([InstanceId!]))[0] === "stopped");
    await scene.ec2.send(new StartInstancesCommand({ InstanceIds: [InstanceId!] }));
    await until("running", async () => (await states([InstanceId!]))[0] === "running");
    await until("another start", () => machine.calls.length === 3);
    await scene.ec2.send(new TerminateInstancesCommand({ InstanceIds: [InstanceId!] }));
    await until("terminated", async () => (await states([InstanceId!]))[0] === "terminated");
    await scene.simulator.settled();
    assert.deepEqual(machine.calls, ["start", "stop", "start", "terminate"]);
    assert.deepEqual(scene.simulator.machines(), []);
  });

  it("has no capacity for more instances than the computer carries machines, and fleets say so", async () => {
    const living = (await scene.simulator.state()).instances.filter(({ state }) => state !== "shutting-down").length;
    machines.most = living + 1;
    try {
      const group = await makeGroup(scene, "full", 2);
      const [id] = await group.running(1);
      await assert.rejects(scene.ec2.send(oneInstance()), (error) => {
        assert.ok(isAwsError(error, "capacity"));
        assert.match(String(error), /sufficient m5\.large capacity.*Simulator: this computer carries no more/);
        return true;
      });
      const problems = async () =>
        (await group.driver.problems(new Date(0), deadline())).map(({ kind }) => kind).slice(0, 1);
      assert.deepEqual(await until("a problem", async () => ((await problems()).length > 0 ? problems() : undefined)), [
        "capacity",
      ]);
      machines.most++;
      assert.ok((await group.running(2)).includes(id!));
    } finally {
      machines.most = Number.POSITIVE_INFINITY;
    }
  });

  it("terminates an instance whose machine cannot run, and says why", async () => {
    machines.failing = new Error("another machine has its address");
    const { Instances } = await scene.ec2.send(oneInstance());
    const id = Instances![0]!.InstanceId!;
    const terminated = async () => ((await states([id]))[0] === "terminated" ? id : undefined);
    await until("its end", terminated);
    const { Reservations } = await scene.ec2.send(new DescribeInstancesCommand({ InstanceIds: [id] }));
    const { StateReason } = Reservations![0]!.Instances![0]!;
    assert.equal(StateReason?.Code, "Server.InternalError");
    assert.match(StateReason.Message!, /Internal error on launch\. Simulator: another machine has its address/);
  });

  it("forwards public addresses to the machines", async () => {
    const made = await scene.ec2.send(
      new RunInstancesCommand({
        ImageId: scene.imageId,
        InstanceType: "t3.xlarge",
        SubnetId: scene.subnetIds[0],
        MinCount: 1,
        MaxCount: 1,
      }),
    );
    const InstanceId = made.Instances![0]!.InstanceId!;
    const machine = await until("a machine", () => machines.machines.get(InstanceId));
    const service = createServer((socket) => socket.end(`hello from ${machine.spec.address}`)).listen(
      port,
      machine.spec.address,
    );
    await once(service, "listening");
    const { AllocationId, PublicIp } = await scene.ec2.send(new AllocateAddressCommand({ Domain: "vpc" }));
    assert.match(PublicIp!, /^127\.79\./);
    await scene.ec2.send(new AssociateAddressCommand({ AllocationId, InstanceId }));
    const answer = await until("an answer", async () => {
      const socket = connect(port, PublicIp!);
      const chunks: Buffer[] = [];
      socket.on("data", (chunk) => chunks.push(chunk));
      await once(socket, "close").catch(() => undefined);
      return chunks.length > 0 && Buffer.concat(chunks).toString();
    });
    assert.equal(answer, `hello from ${machine.spec.address}`);
    await new Promise((resolve) => service.close(resolve));
    await scene.ec2.send(new TerminateInstancesCommand({ InstanceIds: [InstanceId] }));
  });

  it("keeps a subnet while something is in it", async () => {
    const group = await makeGroup(scene, "in-use", 1);
    await group.running(1);
    await assert.rejects(scene.ec2.send(new DeleteSubnetCommand({ SubnetId: scene.subnetIds[0] })), (error) =>
      isAwsError(error, "precondition"),
    );
    const { Subnets } = await scene.ec2.send(new DescribeSubnetsCommand({ SubnetIds: [scene.subnetIds[0]!] }));
    assert.equal(Subnets!.length, 1);
    await group.driver.destroy(deadline());
  });

  it("logs each call without its parameters, and refuses faults that it does not know", async () => {
    await scene.simulator.clearRequests();
    await scene.simulator.addFault({
      action: "DescribeSubnets",
      code: "UnauthorizedOperation",
      message: "no",
      times: 1,
    });
    await assert.rejects(
      scene.ec2.send(new DescribeSubnetsCommand({})),
      /AWS: no \(DescribeSubnets: UnauthorizedOperation, HTTP 403/,
    );
    await scene.ec2.send(new DescribeSubnetsCommand({}));
    const records = await scene.simulator.requests();
    assert.deepEqual(
      records.map(({ service, region, action, status, code }) => ({ service, region, action, status, code })),
      [
        { service: "ec2", region: "us-west-2", action: "DescribeSubnets", status: 403, code: "UnauthorizedOperation" },
        { service: "ec2", region: "us-west-2", action: "DescribeSubnets", status: 200, code: null },
      ],
    );
    assert.deepEqual(Object.keys(records[0]!).sort(), [
      "action",
      "at",
      "code",
      "milliseconds",
      "region",
      "service",
      "status",
    ]);
    await assert.rejects(scene.simulator.addFault({ actoin: "x" } as never), /HTTP 400/);
    await assert.rejects(scene.simulator.setTiming({ lunch: 1 } as never), /no such timing: \['lunch'\]/);
  });
});
