/** The server over real drivers on the simulated AWS. */
import assert from "node:assert/strict";
import type { ServiceError } from "@grpc/grpc-js";
import type { ProtocolClient } from "../../simulator/machines/cluster-autoscaler/protocol-client";
import { startServer, type TestServer } from "./server";
import { makeGroup, startScene, type Group, type Scene } from "../provider/aws/scene";
import { until } from "../until";

describe("the autoscaler's server on AWS", () => {
  let scene: Scene;
  let server: TestServer;
  before(async function () {
    this.timeout(300_000);
    scene = await startScene();
  });
  after(() => scene.close());
  afterEach(async () => {
    await scene.simulator.clearFaults();
    await server.close();
  });

  const serve = async (...groups: Group[]): Promise<ProtocolClient> => {
    const clouds = Object.fromEntries(groups.map(({ spec, restarted }) => [spec.name, restarted()]));
    server = await startServer({ clouds, timing: { staleMs: 500, patienceMs: 200, idleMs: 500, callMs: 60_000 } });
    return server.client;
  };
  const instances = async (id: string) => (await server.client.call("NodeGroupNodes", { id })).instances;
  const running = async (id: string, count: number) =>
    until(`${count} machines of ${id}`, async () => {
      const all = (await instances(id)).filter(({ status }) => status.instanceState !== 3);
      return all.length === count && all.every(({ status }) => status.instanceState === 1) && all;
    });
  const node = ({ id }: { id: string }) => ({ providerID: id, name: id, labels: {} });
  const target = async (id: string) => (await server.client.call("NodeGroupTargetSize", { id })).targetSize;
  const modifications = async () =>
    (await scene.simulator.requests()).filter(({ action }) => action === "ModifyFleet").length;
  /** At rest, the cloud has what the server says. */
  const isAt = async ({ spec: { name }, restarted }: Group, size: number) => {
    const all = (await instances(name)).filter(({ status }) => status.instanceState !== 3);
    const runs = all.length === size && all.every(({ status }) => status.instanceState === 1);
    if (!runs || (await target(name)) !== size) return false;
    const { size: fleets, machines } = await restarted().describe(AbortSignal.timeout(60_000));
    return fleets === size && machines.filter(({ state }) => state !== "deleting").length === size;
  };
  const agrees = (group: Group, size: number) =>
    until(`${size} machines of ${group.spec.name}, and a fleet of as many`, () => isAt(group, size));

  it("grows from zero by one change, removes what is named, and its template says what a node will be", async () => {
    const group = await makeGroup(scene, "grows", 0);
    const client = await serve(group);
    assert.ok((await client.call("NodeGroupTemplateNodeInfo", { id: "grows" })).nodeBytes.length > 0);
    await scene.simulator.clearRequests();
    await client.call("NodeGroupIncreaseSize", { id: "grows", delta: 3 });
    const [first, second, third] = await running("grows", 3);
    assert.equal(await modifications(), 1);
    await client.call("NodeGroupDeleteNodes", { id: "grows", nodes: [node(second!)] });
    await client.call("NodeGroupDeleteNodes", { id: "grows", nodes: [node(second!)] });
    const left = await running("grows", 2);
    assert.deepEqual(new Set(left.map(({ id }) => id)), new Set([first!.id, third!.id]));
    await agrees(group, 2);
  });

  it("is out of one type: the next group is tried, and the fleet stops trying", async () => {
    const [full, other] = [
      await makeGroup(scene, "full", 0, { instanceTypes: ["p3.2xlarge"] }),
      await makeGroup(scene, "other", 0),
    ];
    await scene.simulator.addFault({ capacity: { instanceType: "p3.2xlarge" } });
    const client = await serve(full, other);
    await client.call("NodeGroupIncreaseSize", { id: "full", delta: 2 });
    const broken = await until("the shortage", async () => {
      const all = await instances("full");
      return all.length === 2 && all;
    });
    assert.deepEqual(
      broken.map(({ status }) => status.errorInfo?.instanceErrorClass),
      [1, 1],
    );
    await client.call("NodeGroupDeleteNodes", { id: "full", nodes: broken.map(node) });
    await client.call("NodeGroupIncreaseSize", { id: "other", delta: 2 });
    await agrees(other, 2);
    await until(
      "the fleet's target is lowered",
      async () => (await full.restarted().describe(AbortSignal.timeout(60_000))).size === 0,
    );
    await scene.simulator.clearFaults();
    await agrees(full, 0);
  });

  it("gives up orders of machines that EC2 ends at once, though the fleet makes others in their place", async () => {
    const group = await makeGroup(scene, "ended", 1);
    const client = await serve(group);
    const [good] = await running("ended", 1);
    await scene.simulator.addFault({
      launch: {},
      code: "Client.InvalidKMSKey.InvalidState",
      message: "its key is off",
    });
    /** What cluster-autoscaler does in each of its rounds: tells whether nothing was given back. */
    const giveBack = async () => {
      const broken = (await instances("ended")).filter(({ status }) => status.errorInfo);
      if (broken.length > 0) await client.call("NodeGroupDeleteNodes", { id: "ended", nodes: broken.map(node) });
      return broken.length === 0;
    };
    await client.call("NodeGroupIncreaseSize", { id: "ended", delta: 2 });
    await until("both orders are given up", async () => (await giveBack()) && isAt(group, 1));
    assert.deepEqual(
      (await running("ended", 1)).map(({ id }) => id),
      [good!.id],
    );
    await scene.simulator.clearFaults();
    await until("it grows again", async () => {
      if ((await giveBack()) && (await target("ended")) === 1)
        await client.call("NodeGroupIncreaseSize", { id: "ended", delta: 1 });
      return isAt(group, 2);
    });
  });

  it("goes through throttling, lost answers and lists that lag", async () => {
    const group = await makeGroup(scene, "rough", 0);
    const client = await serve(group);
    for (const action of ["ModifyFleet", "DescribeInstances", "DescribeFleets"])
      await scene.simulator.addFault({ action, code: "RequestLimitExceeded", times: 2 });
    await scene.simulator.addFault({ action: "ModifyFleet", code: "InternalError", afterEffect: true, times: 1 });
    await client.call("NodeGroupIncreaseSize", { id: "rough", delta: 2 });
    const [machine] = await running("rough", 2);
    await scene.simulator.addFault({
      action: "TerminateInstances",
      code: "InternalError",
      afterEffect: true,
      times: 1,
    });
    await client.call("NodeGroupDeleteNodes", { id: "rough", nodes: [node(machine!)] });
    await agrees(group, 1);
  });

  it("restarts in the middle of growing and of shrinking", async () => {
    const group = await makeGroup(scene, "restarts", 1);
    let client = await serve(group);
    await client.call("NodeGroupIncreaseSize", { id: "restarts", delta: 2 });
    await until(
      "the fleet has it",
      async () => (await group.restarted().describe(AbortSignal.timeout(60_000))).size === 3,
    );
    await server.close();
    client = await serve(group);
    const [machine] = await running("restarts", 3);
    await scene.simulator.addFault({ action: "TerminateInstances", code: "UnauthorizedOperation", times: 1 });
    await client.call("NodeGroupDeleteNodes", { id: "restarts", nodes: [node(machine!)] });
    await until(
      "the target is down",
      async () => (await group.restarted().describe(AbortSignal.timeout(60_000))).size === 2,
    );
    await server.close();
    await scene.simulator.clearFaults();
    await serve(group);
    await agrees(group, 2);
  });

  it("refuses to grow with credentials that do not work, and says so", async () => {
    const group = await makeGroup(scene, "expired", 0);
    const client = await serve(group);
    await scene.simulator.addFault({ action: "*", code: "UnauthorizedOperation", message: "no longer" });
    const refused = async () =>
      client.call("NodeGroupIncreaseSize", { id: "expired", delta: 1 }).then(
        () => client.call("NodeGroupDecreaseTargetSize", { id: "expired", delta: -1 }).then(() => false),
        (error: ServiceError) => /no longer/.test(error.details),
      );
    await until("the refusal", refused);
    await scene.simulator.clearFaults();
    await agrees(group, 0);
  });
});
