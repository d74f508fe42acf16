import assert from "node:assert/strict";
import { rmSync } from "node:fs";
import { join } from "node:path";
import { SimulatorClient } from "../../simulator/client";
import { compiledProgram } from "./compiled-program";
import { EngineEnvironment } from "./environment";
import { key } from "./mithril-config";
import { oneLife } from "./one-life";
import { paperMachines } from "./paper-machines";
import type { EngineStack } from "./stack";

const hour = 3_600_000;

describe("a reserved node with a block volume on the engine", function () {
  this.timeout(400_000);
  oneLife();
  let period: { start: string; end: string };
  let environment: EngineEnvironment;
  let client: SimulatorClient;
  let program: string;
  let stack: EngineStack;

  const config = (disk: boolean, onDestroy?: string) => ({
    ...environment.providerConfig,
    "mithril-orders:sshPublicKey": key.public,
    "mithril-orders:sshPrivateKey": key.private,
    "mithril-orders:sshPort": environment.simulator.mithril.sshPort,
    "mithril-orders:disk": disk,
    "mithril-orders:reservation": { ...period, ...(onDestroy && { onDestroy }) },
  });

  before(async () => {
    environment = await EngineEnvironment.start({ machines: () => paperMachines(), timing: { scale: 0 } });
    client = new SimulatorClient(environment.simulator.url);
    program = await compiledProgram(join(__dirname, "programs", "mithril-orders"));
    // It begins with the stack: a start that has passed is refused, and what is above may have taken long.
    const now = Date.now();
    period = { start: new Date(now).toISOString(), end: new Date(now + 24 * hour).toISOString() };
    stack = await environment.stack(config(true), { program });
  });
  after(async () => {
    await environment?.stop();
    if (program) rmSync(program, { recursive: true, force: true });
  });

  const mithril = async () => (await client.state()).mithril;
  const live = async () => (await mithril()).volumes.filter(({ deleted }) => !deleted);

  it("is bought once, joins, and has the volume and the file share", async () => {
    const up = await stack.up();
    assert.ok(up.ok, up.text);
    const [group] = (await stack.outputs()).nodeGroups as [{ size: number; machines: { orderStatus: string }[] }];
    assert.deepEqual([group.size, group.machines[0]!.orderStatus], [1, "Active"]);
    const { reservations } = await mithril();
    assert.equal(reservations.length, 1);
    const attached = reservations[0]!.launch_specification.volumes;
    assert.deepEqual(attached.slice().sort(), (await live()).map(({ fid }) => fid).sort());
    const again = await stack.up("--expect-no-changes");
    assert.ok(again.ok, again.text);
  });

  it("keeps its volume when the program drops it, and says which order has it", async () => {
    stack.configure(config(false));
    const up = await stack.up();
    assert.ok(!up.ok);
    assert.match(up.text, /volume "scratch" \(vol_\w+\) holds data and is attached to reservation orders-held/);
    assert.equal((await live()).length, 2);
  });

  it("is not destroyed before it is said what becomes of what is paid", async () => {
    stack.configure(config(true));
    assert.ok((await stack.up()).ok);
    const destroyed = await stack.destroy();
    assert.ok(!destroyed.ok);
    assert.match(destroyed.text, /capacity\.reservation\.onDestroy: reservation "orders-held".*cannot be cancelled/);
    const { reservations, clusters, instances } = await mithril();
    assert.deepEqual(
      [reservations[0]!.status, clusters[0]!.status, instances[0]!.status],
      ["Active", "Available", "STATUS_RUNNING"],
    );
    assert.equal((await live()).length, 2);
  });

  it("is destroyed whole when its instances may be terminated", async () => {
    stack.configure(config(true, "terminateInstances"));
    const up = await stack.up();
    assert.ok(up.ok, up.text);
    const destroyed = await stack.destroy();
    assert.ok(destroyed.ok, destroyed.text);
    // The reservation itself stays until its end, without instances, and its key with it.
    assert.match(destroyed.text, /SSH key "orders" \(sshkey_\w+\) stays registered: reservation orders-held/);
    const { clusters, instances, reservations } = await mithril();
    assert.deepEqual(
      [clusters[0]!.status, instances[0]!.status, reservations[0]!.instance_quantity],
      ["Terminated", "STATUS_TERMINATED", 0],
    );
    assert.deepEqual([await live(), await stack.resources()], [[], []]);
  });
});
