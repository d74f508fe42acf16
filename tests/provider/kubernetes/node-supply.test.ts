/** What becomes of groups' machines while their nodes are waited for. */
import assert from "node:assert/strict";
import type { NodeGroupDriver, NodeGroupMachine, NodeGroupProblem } from "../../../provider/node-groups/driver";
import { SupplyWatch, type OpenGroups } from "../../../provider/kubernetes/handlers/node-supply";
import { nodesReady } from "../../../provider/kubernetes/handlers/nodes-ready";
import { moveClock } from "../../moved-clock";
import { testContext } from "./context";
import { httpsServer } from "./https-server";

const machine = (id: string, state: NodeGroupMachine["state"] = "creating"): NodeGroupMachine => ({
  id,
  nodeName: id,
  providerId: id,
  state,
});
const problem = (kind: NodeGroupProblem["kind"], message: string, machineId?: string): NodeGroupProblem => ({
  kind,
  message,
  at: new Date(),
  ...(machineId !== undefined && { machineId }),
});

describe("the clouds of nodes that are waited for", () => {
  let machines: NodeGroupMachine[];
  let problems: NodeGroupProblem[];
  let isAway: boolean;
  let opened: unknown[];
  const supply = { cloud: "mithril", name: "gpu", owner: "urn:gpu", minSize: 2, spec: '{"name":"gpu"}' };
  const open: OpenGroups = (cloud, _config, spec, { owner }) => {
    opened.push([cloud, spec, owner]);
    const describe = () =>
      isAway ? Promise.reject(new Error("503 from the cloud")) : Promise.resolve({ size: machines.length, machines });
    return Promise.resolve({
      describe,
      problems: () => Promise.resolve(problems),
    } as Partial<NodeGroupDriver> as never);
  };
  const watching = (minSize = 2) => new SupplyWatch([{ ...supply, minSize }], open, testContext());
  const later = async (watch: SupplyWatch, ms: number) => {
    const back = moveClock(ms);
    try {
      await watch.look();
    } finally {
      back();
    }
  };

  beforeEach(() => {
    machines = [machine("a"), machine("b")];
    problems = [];
    isAway = false;
    opened = [];
  });

  it("say nothing while all is ordered, and what the market says, and are waited for then", async () => {
    const watch = watching();
    await watch.look();
    assert.deepEqual([watch.said, watch.lost], [[], undefined]);
    problems = [problem("capacity", "bid a offers $1.00, the market is at $2.00: raise limitPrice", "a")];
    await later(watch, 3_600_000);
    const told = ['node group "gpu": bid a offers $1.00, the market is at $2.00: raise limitPrice'];
    assert.deepEqual([watch.said, watch.lost], [told, undefined]);
    assert.deepEqual(opened, [["mithril", { name: "gpu" }, "urn:gpu"]], "it is opened once");
  });

  it("are given up once nobody orders what is missing for five minutes", async () => {
    const watch = watching();
    await watch.look();
    machines = [machine("a", "failed"), machine("b")];
    problems = [problem("rejected", "VM a failed: no host", "a")];
    await watch.look();
    const told = 'node group "gpu" has 1 of 2 machines at its cloud, 1 order has ended, VM a failed: no host';
    assert.deepEqual([watch.said, watch.lost], [[told], undefined]);
    await later(watch, 290_000);
    assert.equal(watch.lost, undefined);
    await later(watch, 301_000);
    assert.match(watch.lost!, /VM a failed: no host\. Mend the cause, .*`pulumi up --refresh` orders what is missing$/);
    machines = [machine("b"), machine("c")];
    await later(watch, 310_000);
    assert.equal(watch.lost, undefined, "somebody has ordered it");
  });

  it("are given up where one order ends after the other, and at once where the group itself is over", async () => {
    const watch = watching(1);
    for (const id of ["a", "b", "c", "d"]) {
      assert.equal(watch.lost, undefined);
      machines = [machine(id)];
      await watch.look();
    }
    assert.equal(watch.lost, undefined, "one is ordered");
    machines = [];
    await watch.look();
    assert.match(
      watch.lost!,
      /^node group "gpu" has 0 of 1 machine at its cloud, 4 orders have ended\. Mend the cause/,
    );
    problems = [problem("lost", "the reservation ended at 2026-01-01T00:00:00Z")];
    const reserved = watching();
    await reserved.look();
    assert.match(reserved.lost!, /has 0 of 2 machines at its cloud, the reservation ended at/);
  });

  it("are given up where each order has the id of the one before, and counted once while the cloud forgets one for a moment", async () => {
    const watch = watching(1);
    const order = (round: number) => ({ ...machine("a"), createdAt: `2026-01-0${round}T00:00:00Z` });
    for (const flapping of [1, 1, 1, 1]) {
      machines = [order(flapping)];
      await watch.look();
      machines = [];
      await watch.look();
    }
    assert.match(watch.said.join(), /, 1 order has ended$/);
    assert.equal(watch.lost, undefined);
    for (const round of [2, 3]) {
      machines = [order(round)];
      await watch.look();
      machines = [];
      await watch.look();
    }
    assert.match(watch.lost!, /3 orders have ended\. Mend/);
  });

  it("are waited for while they go on trying for what they have not", async () => {
    machines = [machine("a")];
    problems = [problem("capacity", "InsufficientInstanceCapacity")];
    const watch = watching();
    await watch.look();
    await later(watch, 1_000_000);
    assert.deepEqual(
      [watch.said, watch.lost],
      [['node group "gpu" has 1 of 2 machines at its cloud, InsufficientInstanceCapacity'], undefined],
    );
  });

  it("end nothing while they cannot be asked", async () => {
    isAway = true;
    const watch = watching();
    await watch.look();
    await later(watch, 1_000_000);
    const told = ['node group "gpu" cannot be asked for at its cloud: 503 from the cloud'];
    assert.deepEqual([watch.said, watch.lost], [told, undefined]);
  });

  it("are told in the error about nodes that did not come", async () => {
    const server = await httpsServer(({ url }, response) => {
      if (url === "/api/v1") response.end(JSON.stringify({ resources: [{ name: "nodes", kind: "Node" }] }));
      else response.end(JSON.stringify({ items: [] }));
    });
    try {
      machines = [];
      problems = [problem("lost", "the reservation ended at noon")];
      const { kubeconfig } = server;
      const nodeGroups = [{ name: "gpu", minSize: 2 }];
      const inputs = { kubeconfig, nodeGroups, controlPlaneNodes: 0, supplies: [supply], timeoutSeconds: 1 };
      await assert.rejects(nodesReady({}, open).create(inputs, testContext()), (error: Error) => {
        assert.match(
          error.message,
          /did not have its nodes after 1 s: node group "gpu" has 0 of 2 nodes \(2 not joined\)/,
        );
        assert.match(
          error.message,
          /\n {2}node group "gpu" has 0 of 2 machines at its cloud, the reservation ended at noon/,
        );
        return true;
      });
      const began = Date.now();
      const context = testContext();
      await assert.rejects(
        nodesReady({}, open).create({ ...inputs, timeoutSeconds: 60 }, context),
        /^Error: the cluster does not have its nodes: .*\(2 not joined\)\. node group "gpu" has 0 of 2 machines at its cloud, the reservation ended at noon\. Mend/,
      );
      assert.ok(Date.now() - began < 40_000);
    } finally {
      await server.close();
    }
  }).timeout(60_000);
});
