/** Bids that Mithril ends while their nodes are waited for. */
import assert from "node:assert/strict";
import { openNodeGroup } from "../../../provider/clouds";
import { SupplyWatch } from "../../../provider/kubernetes/handlers/node-supply";
import { testContext } from "../kubernetes/context";
import { publicKey, signal, TestMithril } from "./cloud";
import { market, orderCluster, region } from "./hosted-cluster";

describe("Mithril's machines while nodes are waited for", () => {
  let mithril: TestMithril;
  before(async () => {
    mithril = await TestMithril.start();
  });
  after(() => mithril?.close());

  it("are told with the market's price, and given up when one bid ends after the other", async () => {
    const api = mithril.api();
    const { clusterId, key } = await orderCluster(api, publicKey());
    const sizes = { minSize: 1, maxSize: 3 };
    const names = { clusterId, clusterName: "train", name: "gpu", region, instanceType: "h100-80gb.sxm.8x" };
    const spec = { ...names, ...sizes, sshKeys: [key], capacity: { spot: { limitPrice: "$20.00" } } };
    const group = await openNodeGroup("mithril", mithril.config, spec, { owner: "urn", warn: () => {} });
    const supply = { cloud: "mithril", name: "gpu", owner: "urn", minSize: 1, spec: JSON.stringify(spec) };
    const watch = new SupplyWatch([supply], openNodeGroup, { ...testContext(), config: mithril.config });

    mithril.cloud.conditions.markets = { [market]: { spotPriceCents: 3_000 } };
    await group.ensure(1, signal());
    await watch.look();
    assert.match(
      watch.said.join(),
      /^node group "gpu": bid train-gpu-0 \(.*\) offers \$20\.00 .* is at \$30\.00: raise limitPrice/,
    );
    const ended = async () => {
      const live = Object.values(mithril.cloud.state.bids).filter(({ status }) => status !== "Terminated");
      for (const { fid } of live) await api.bids.delete(fid, signal());
      await watch.look();
    };
    await ended();
    assert.deepEqual(watch.said, ['node group "gpu" has 0 of 1 machine at its cloud, 1 order has ended']);
    for (let again = 0; again < 2; again++) {
      assert.equal(watch.lost, undefined);
      await group.resize(1, signal());
      await watch.look();
      await ended();
    }
    assert.match(watch.lost!, /has 0 of 1 machine at its cloud, 3 orders have ended\. Mend the cause/);
  });
});
