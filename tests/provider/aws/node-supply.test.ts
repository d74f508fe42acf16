/** Instances that AWS does not give, or ends as soon as they run, while their nodes are waited for. */
import assert from "node:assert/strict";
import { openNodeGroup } from "../../../provider/clouds";
import { SupplyWatch } from "../../../provider/kubernetes/handlers/node-supply";
import { moveClock } from "../../moved-clock";
import { until } from "../../until";
import { testContext } from "../kubernetes/context";
import { deadline, makeTemplate, region, specOf, startScene, type Scene } from "./scene";

describe("AWS's machines while nodes are waited for", function () {
  this.timeout(300_000);
  let scene: Scene;
  before(async () => {
    scene = await startScene();
  });
  after(() => scene.close());
  afterEach(() => scene.simulator.clearFaults());

  const watched = async (name: string) => {
    const config = { aws: { region, endpoint: scene.simulator.endpoint } };
    const spec = { ...specOf(scene, name, await makeTemplate(scene, name)), minSize: 1 };
    const group = await openNodeGroup("aws", config, spec, { owner: "urn", warn: () => {} });
    const supply = { cloud: "aws", name, owner: "urn", minSize: 1, spec: JSON.stringify(spec) };
    return { group, watch: new SupplyWatch([supply], openNodeGroup, { ...testContext(), config }) };
  };

  it("are told with EC2's reason while there is no capacity, and waited for, because the fleet goes on trying", async () => {
    const { group, watch } = await watched("full");
    await scene.simulator.addFault({ capacity: {} });
    await group.ensure(1, deadline());
    const told = await until("AWS's words", async () => {
      await watch.look();
      return /Insufficient/.test(watch.said.join()) && watch.said;
    });
    assert.equal(told.length, 1);
    assert.match(told[0]!, /^node group "full" has 0 of 1 machine at its cloud, .*InsufficientInstanceCapacity/);
    const back = moveClock(1_000_000);
    try {
      await watch.look();
      assert.equal(watch.lost, undefined);
    } finally {
      back();
    }
    await scene.simulator.clearFaults();
    await until("the machine", async () => {
      await watch.look();
      return !/has 0 of 1/.test(watch.said.join());
    });
    await group.destroy(deadline());
  });

  it("are given up where each ends as soon as it runs, with EC2's reason, once the order is taken back", async () => {
    const { group, watch } = await watched("ended");
    const code = "Client.InvalidKMSKey.InvalidState";
    await scene.simulator.addFault({ launch: {}, code, message: `${code}: The KMS key is disabled` });
    await group.ensure(1, deadline());
    await until("EC2's words", async () => {
      await watch.look();
      return /The KMS key is disabled/.test(watch.said.join());
    });
    // As `up` does it.
    await until("nothing more", async () => {
      await group.resize(0, deadline());
      const { size, machines } = await group.describe(deadline());
      return size === 0 && machines.length === 0;
    });
    await watch.look();
    const back = moveClock(301_000);
    try {
      await watch.look();
    } finally {
      back();
    }
    assert.match(
      watch.lost!,
      /^node group "ended" has 0 of 1 machine at its cloud, .*The KMS key is disabled.*\. Mend the cause/,
    );
    await group.destroy(deadline());
  });

  it("are given up where somebody took the fleet's target down", async () => {
    const { group, watch } = await watched("lowered");
    await group.ensure(1, deadline());
    const [id] = await until("the machine", async () => {
      const { machines } = await group.describe(deadline());
      return machines.some(({ state }) => state === "running") && machines.map((machine) => machine.id);
    });
    await watch.look();
    assert.deepEqual([watch.said, watch.lost], [[], undefined]);
    await group.remove([id!], deadline());
    await watch.look();
    assert.match(watch.said.join(), /^node group "lowered" has 0 of 1 machine at its cloud, 1 order has ended/);
    const back = moveClock(301_000);
    try {
      await watch.look();
    } finally {
      back();
    }
    assert.match(watch.lost!, /1 order has ended.*\. Mend the cause, .*`pulumi up --refresh` orders what is missing$/);
    await group.destroy(deadline());
  });
});
