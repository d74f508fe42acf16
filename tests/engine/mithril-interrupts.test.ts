import assert from "node:assert/strict";
import { rmSync } from "node:fs";
import { SimulatorClient } from "../../simulator/client";
import { compiledDefaultProgram } from "./compiled-program";
import { EngineEnvironment } from "./environment";
import { mithrilConfig, spotGroup } from "./mithril-config";
import { oneLife } from "./one-life";
import { paperMachines } from "./paper-machines";
import type { EngineStack } from "./stack";
import { until } from "../until";

describe("a Mithril cluster whose up gets ^C", function () {
  this.timeout(400_000);
  oneLife();
  let environment: EngineEnvironment;
  let client: SimulatorClient;
  let program: string;
  let stack: EngineStack;
  let boot: () => void;
  let join: () => void;

  before(async () => {
    const booted = new Promise<void>((resolve) => (boot = resolve));
    const joined = new Promise<void>((resolve) => (join = resolve));
    const machines = () => paperMachines({ booted, joined });
    environment = await EngineEnvironment.start({ machines, timing: { scale: 0 } });
    client = new SimulatorClient(environment.simulator.url);
    program = await compiledDefaultProgram();
    const config = {
      ...mithrilConfig(environment.simulator, "stopped", [{ ...spotGroup, minSize: 2 }]),
      // There is no API server that anything could be put into.
      "pulumi-gpu-clusters:autoscaler": false,
    };
    stack = await environment.stack(config, { program });
  });
  after(async () => {
    await environment?.stop();
    if (program) rmSync(program, { recursive: true, force: true });
  });

  const mithril = async () => (await client.state()).mithril;
  /** The fids that the state knows. */
  const kept = async () => {
    const ids = (await stack.resources()).map(({ id = "" }) => id);
    // A login has the id of its cluster.
    return [...new Set(ids.filter((id) => /^(sshkey|clust|vol)_/.test(id)))].sort();
  };
  const made = async () => {
    const { sshKeys, clusters, volumes } = await mithril();
    return [...sshKeys, ...clusters, ...volumes].map(({ fid }) => fid).sort();
  };
  /** For the answer most often to come after ^C; where it does not, the up still waits for what does not come. */
  const late = (operation: string) =>
    client.addFault({
      cloud: "mithril",
      match: { operation },
      times: 2,
      effect: "after",
      outcome: { delayMs: 1000 },
    });
  const onItsWay = (operation: string) =>
    until(operation, async () =>
      (await client.faults()).faults.some(({ match, fired }) => match.operation === operation && fired > 0),
    );

  it("while the cluster is asked for, keeps all that was made", async () => {
    await late("CreateCluster");
    const up = await stack.interruptedUp(() => onItsWay("CreateCluster"));
    assert.ok(!up.ok, up.text);
    assert.equal((await mithril()).clusters.length, 1);
    assert.deepEqual(await kept(), await made());
  });

  it("while it waits for the cluster, keeps it", async () => {
    await client.clearRequests();
    const waits = async () => (await client.requests()).some(({ operation }) => operation === "GetCluster");
    const up = await stack.interruptedUp(() => until("the wait for the cluster", waits));
    assert.ok(!up.ok, up.text);
    assert.deepEqual(
      (await mithril()).clusters.map(({ status }) => status),
      ["Pending"],
    );
    assert.deepEqual(await kept(), await made());
    boot();
  });

  it("while bids are placed, keeps the group with those that were", async () => {
    await client.clearFaults();
    await late("CreateBid");
    const up = await stack.interruptedUp(() => onItsWay("CreateBid"));
    assert.ok(!up.ok, up.text);
    const group = (await stack.resources()).find(({ type }) => type === "gpu-clusters:mithril:NodeGroup");
    const { bids } = await mithril();
    assert.ok(bids.length > 0, up.text);
    assert.deepEqual(
      (group?.outputs.machines as { id: string }[]).map(({ id }) => id).sort(),
      bids.map(({ fid }) => `${fid}/1`).sort(),
    );
    join();
  });

  it("converges at the next up, with nothing made twice", async () => {
    await client.clearFaults();
    const up = await stack.up();
    assert.ok(up.ok, up.text);
    const { sshKeys, clusters, volumes, bids } = await mithril();
    assert.deepEqual([sshKeys.length, clusters.length, volumes.length, bids.length], [1, 1, 1, 2]);
    assert.deepEqual(await kept(), await made());
  });

  it("is destroyed whole", async () => {
    const destroyed = await stack.destroy();
    assert.ok(destroyed.ok, destroyed.text);
    const { sshKeys, clusters, volumes, bids } = await mithril();
    assert.deepEqual(sshKeys, []);
    assert.ok([...clusters, ...bids].every(({ status }) => status === "Terminated"));
    assert.ok(volumes.every(({ deleted }) => deleted));
    assert.deepEqual((await client.state()).machines, []);
  });
});
