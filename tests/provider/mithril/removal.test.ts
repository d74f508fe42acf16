/** Deletes that Mithril accepts, and does late or not at all; and orders that are there and do not show at once. */
import assert from "node:assert/strict";
import { SpotGroupDriver } from "../../../provider/mithril/node-group-driver";
import type { Bid } from "../../../provider/mithril/types";
import { EngineResource } from "../server/harness";
import { noTemplate, signal } from "./cloud";
import { Creates } from "./creates";

const deletes: Readonly<Record<string, [operation: string, what: string]>> = {
  Cluster: ["DeleteCluster", "Cluster train"],
  Volume: ["DeleteVolume", "Volume data"],
  SpotBid: ["DeleteBid", "Bid o"],
  Reservation: ["TerminateReservationInstances", "Reservation o"],
};
const reads: Readonly<Record<string, string>> = {
  Cluster: "GetCluster",
  SpotBid: "GetBid",
  Reservation: "ListReservations",
};

describe("Mithril", function () {
  this.timeout(60_000);
  const scene = new Creates();
  const resource = (type: string) => new EngineResource(scene.plugin, `gpu-clusters:mithril:${type}`);

  for (const { type, inputs } of scene.all) {
    const [operation, what] = deletes[type] ?? [];
    if (operation === undefined) continue;

    it(`has a ${type} deleted where it accepts that and does it late, or forgets it`, async () => {
      const one = resource(type);
      await one.up({ ...inputs() });
      scene.mithril.inject(operation, {
        effect: "before",
        outcome: { status: operation === "TerminateReservationInstances" ? 200 : 204, body: "" },
      });
      for (const [nth, status] of [
        [2, 409],
        [3, 400],
      ] as const) {
        const outcome = { status, body: { detail: `${what} is being deleted` } };
        scene.mithril.inject(operation, { effect: "before", nth, outcome });
      }
      await one.destroy();
      assert.equal(scene.mithril.count(operation), 4);
    });
  }

  for (const { type, inputs } of scene.all) {
    const read = reads[type];
    if (read === undefined) continue;

    it(`shows a new ${type} a little later than it took it`, async () => {
      const isList = read.startsWith("List");
      const outcome = isList
        ? { status: 200, body: { data: [], next_cursor: null } }
        : { status: 404, body: { detail: "not found" } };
      scene.mithril.inject(read, { effect: "before", nth: isList ? 2 : 1, times: 2, outcome });
      const one = resource(type);
      assert.equal(await one.up({ ...inputs() }), "create");
      assert.equal(await one.up({ ...inputs() }), "same");
      await one.destroy();
    });
  }

  it("ends a group's bids in states that are new, and those whose end it is slow with", async () => {
    const api = scene.mithril.api();
    const launchSpecification = { volumes: [], sshKeys: [scene.key], cluster: "clust_1" };
    const order = { instanceType: "it_5ECSoHQjLBzrp5YM", launchSpecification: { volumes: [], sshKeys: [scene.key] } };
    const suspended = (bid: Bid): Bid => ({
      ...bid,
      launchSpecification,
      ...(bid.status !== "Terminated" && { status: "Suspended" }),
    });
    const list: typeof api.bids.list = async (filter, stop) =>
      filter.status === undefined ? (await api.bids.list(filter, stop)).map(suspended) : [];
    const group = new SpotGroupDriver({
      api: { ...api, bids: { ...api.bids, list } },
      clusterId: "clust_1",
      clusterName: "train",
      group: "gpu",
      region: "us-central5-a",
      limitPrice: "$20.00",
      bidSize: 1,
      order: () => Promise.resolve(order),
      paused: false,
      template: noTemplate,
    });
    await group.resize(2, signal());
    scene.mithril.inject("DeleteBid", { effect: "before", times: 2, outcome: { status: 204, body: "" } });
    const outcome = { status: 409, body: { detail: "Bid is being terminated" } };
    scene.mithril.inject("DeleteBid", { effect: "before", nth: 3, times: 2, outcome });
    await group.destroy(AbortSignal.timeout(10_000));
    assert.ok(Object.values(scene.mithril.cloud.state.bids).every(({ status }) => status === "Terminated"));
  });
});
