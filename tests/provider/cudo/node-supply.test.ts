/** VMs that fail or that somebody deletes while their nodes are waited for. */
import assert from "node:assert/strict";
import { openNodeGroup } from "../../../provider/clouds";
import { SupplyWatch } from "../../../provider/kubernetes/handlers/node-supply";
import { moveClock } from "../../moved-clock";
import { until } from "../../until";
import { testContext } from "../kubernetes/context";
import { fakeApiServer } from "./fake-api-server";
import { cpuGroup, never, readyNetwork, simulatedCloud, type SimulatedCloud } from "./simulated-cloud";

describe("Cudo's machines while nodes are waited for", function () {
  this.timeout(300_000);
  let cloud: SimulatedCloud;
  let cluster: Awaited<ReturnType<typeof fakeApiServer>>;
  before(async () => {
    [cloud, cluster] = await Promise.all([simulatedCloud(), fakeApiServer()]);
  });
  after(async () => {
    await cluster.close();
    await cloud.close();
  });
  beforeEach(async () => {
    await cloud.simulator.reset();
    await readyNetwork(cloud);
  });

  const watched = async () => {
    const config = { cudo: cloud.config };
    const script = {
      kubeconfig: cluster.kubeconfig,
      startScript: "#!/bin/bash\necho @@NODE_NAME@@ @@BOOTSTRAP_TOKEN@@",
    };
    const spec = { ...cpuGroup, ...script, minSize: 1, maxSize: 3, gpus: 0, labels: {}, taints: [] };
    const group = await openNodeGroup("cudo", config, spec, { owner: "urn", warn: () => {} });
    const supply = { cloud: "cudo", name: "cpu", owner: "urn", minSize: 1, spec: JSON.stringify(spec) };
    return { group, watch: new SupplyWatch([supply], openNodeGroup, { ...testContext(), config }) };
  };

  it("are told when one fails, and given up when nobody orders another for five minutes", async () => {
    const { group, watch } = await watched();
    await cloud.simulator.setConditions("cudo", { vmFails: { times: 1 } });
    await group.ensure(1, never);
    const told = await until("the failed VM", async () => {
      await watch.look();
      return /FAILED/.test(watch.said.join()) && watch.said;
    });
    assert.equal(told.length, 1);
    assert.match(
      told[0]!,
      /^node group "cpu" has 0 of 1 machine at its cloud, (1 order has ended, )?VM "train-cpu-0" went to the state FAILED.*Cudo gives no reason$/,
    );
    assert.equal(watch.lost, undefined);
    const back = moveClock(301_000);
    try {
      await watch.look();
    } finally {
      back();
    }
    assert.match(watch.lost!, /VM "train-cpu-0" went to the state FAILED.*\. Mend the cause, .*pulumi up --refresh/);
    await group.resize(1, never);
    await watch.look();
    assert.equal(watch.lost, undefined, "another is ordered");
  });

  it("are given up when one VM after the other is deleted", async () => {
    const { group, watch } = await watched();
    for (let round = 1; round <= 3; round++) {
      assert.equal(watch.lost, undefined);
      await group.resize(1, never);
      await watch.look();
      assert.deepEqual(watch.said, []);
      const { machines } = await group.describe(never);
      for (const { id } of machines) await until("the VM's end", () => deleted(id));
      await watch.look();
      assert.match(watch.said.join(), new RegExp(`has 0 of 1 machine at its cloud, ${round} orders? ha(s|ve) ended$`));
    }
    assert.match(watch.lost!, /3 orders have ended\. Mend the cause/);
  });

  /** A VM that still starts is not deleted. */
  const deleted = async (id: string) => {
    const vm = (await cloud.api.vms.list(never)).find((each) => each.id === id && each.state !== "DELETED");
    if (vm) await cloud.api.vms.terminate(id, never);
    return vm === undefined;
  };
});
