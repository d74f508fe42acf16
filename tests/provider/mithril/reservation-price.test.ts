/** What a reservation may cost, and which types can be reserved. */
import assert from "node:assert/strict";
import { provider } from "../../../plugin/provider";
import { createOnce } from "../../../provider/mithril/create-once";
import { reservationCreate } from "../../../provider/mithril/reservation-lifecycle";
import { EngineResource, startPlugin, type Plugin } from "../server/harness";
import { publicKey, signal, TestMithril } from "./cloud";

const region = "us-central5-a";
const h100 = "h100-80gb.sxm.8x";

describe("A reservation's price", () => {
  let mithril: TestMithril;
  let plugin: Plugin;
  let clusterId: string;
  /** One for a whole test, which may run over its end. */
  let thisHour: number;
  beforeEach(async () => {
    thisHour = Math.floor(Date.now() / 3_600_000);
    mithril = await TestMithril.start();
    plugin = await startPlugin(provider, { config: mithril.config });
    const api = mithril.api();
    const key = await api.sshKeys.create({ name: "k", publicKey: publicKey(), required: false }, signal());
    const shape = { name: "c", region, sshKeys: [key.fid], instanceType: "it_simCpu4x000000" };
    clusterId = (await api.clusters.create({ ...shape, kubernetesVersion: "1.34" }, signal())).fid;
  });
  afterEach(async () => {
    await plugin.stop();
    await mithril.close();
  });

  const at = (hours: number) => new Date((thisHour + hours) * 3_600_000).toISOString();
  const period = (hours = 3) => ({ start: at(1), end: at(1 + hours) });
  const reservation = (changes: Record<string, unknown> = {}) => ({
    name: "r",
    region,
    instanceType: h100,
    sshKeys: [],
    onDestroy: "keep",
    quantity: 2,
    ...period(),
    ...changes,
  });
  const group = (reserved: Record<string, unknown> = {}, changes: Record<string, unknown> = {}) => ({
    clusterId,
    clusterName: "c",
    name: "gpu",
    region,
    instanceType: h100,
    minSize: 2,
    maxSize: 2,
    sshKeys: [],
    capacity: { reservation: { ...period(), onDestroy: "keep", ...reserved } },
    ...changes,
  });
  const resource = (type: string) => new EngineResource(plugin, `gpu-clusters:mithril:${type}`);
  const failures = async (type: string, inputs: Record<string, unknown>) =>
    (await resource(type).check(inputs)).failures.map(({ property, reason }) => `${property}: ${reason}`);

  const kinds = [
    ["Reservation", "", (price?: Record<string, unknown>) => reservation(price)],
    ["NodeGroup", "capacity.reservation.", (price?: Record<string, unknown>) => group(price)],
  ] as const;

  for (const [type, prefix, inputs] of kinds) {
    it(`is told at the preview of a ${type}, and not again when it is bought`, async () => {
      const told = () =>
        plugin.messages.filter(({ message }) => /cost \$120\.00 now \(\$20\.00 per instance and hour\)/.test(message));
      await resource(type).check(inputs());
      assert.equal(told().length, 1);
      assert.match(told()[0]!.message, /^2 × h100-80gb\.sxm\.8x in us-central5-a from /);
      const bought = resource(type);
      await bought.up(inputs());
      const quotes = mithril.count("GetReservationQuote");
      assert.equal(await bought.up(inputs()), "same");
      assert.equal(mithril.count("GetReservationQuote"), quotes);
    });

    it(`is refused at the preview of a ${type} when it is above the ceiling`, async () => {
      assert.deepEqual(await failures(type, inputs({ maxUnitPrice: "$19.99" })), [
        `${prefix}maxUnitPrice: $19.99 per instance and hour is less than Mithril asks for now, $20.00`,
      ]);
      assert.deepEqual(await failures(type, inputs({ maxUnitPrice: "twenty" })), [
        `${prefix}maxUnitPrice: "twenty" must be dollars per instance and hour, for example "$25.60"`,
      ]);
      assert.deepEqual(await failures(type, inputs({ maxUnitPrice: "20" })), []);
    });

    it(`is refused when it rises between the preview of a ${type} and its order`, async () => {
      const bought = resource(type);
      const { inputs: checked } = await bought.check(inputs({ maxUnitPrice: "$21" }));
      mithril.cloud.conditions.reservationPrices = { [h100]: 2101 };
      await assert.rejects(bought.create(checked), /maxUnitPrice: nothing was ordered: \$21\.00 .* \$21\.01/);
      assert.equal(mithril.count("CreateReservation"), 0);
    });
  }

  it("is held by Mithril itself, when it is ordered and when it is extended", async () => {
    const bought = resource("Reservation");
    const inputs = reservation({ maxUnitPrice: "$20" });
    await bought.up(inputs);
    const sent = JSON.parse(
      mithril.requests.find(({ operation }) => operation === "CreateReservation")!.body,
    ) as object;
    assert.deepEqual((sent as { price_specification: unknown }).price_specification, { max_unit_price: 2000 });
    mithril.cloud.conditions.reservationPrices = { [h100]: 2500 };
    await assert.rejects(bought.up({ ...inputs, end: at(6) }), /The unit price, \$25\.00, is above max_unit_price/);
    await bought.up({ ...inputs, end: at(6), maxUnitPrice: "$25" });
    assert.equal(new Date(Object.values(mithril.cloud.state.reservations)[0]!.endTime).toISOString(), at(6));
  });

  it("is not taken for an order whose outcome is unknown when it cannot be read", async () => {
    const api = mithril.api();
    const [startTime, endTime] = [at(1), at(4)];
    const request = { name: "r", region, instanceType: "it_5ECSoHQjLBzrp5YM", quantity: 1, startTime, endTime };
    const order = { ...request, launchSpecification: { volumes: [], sshKeys: [] }, maxUnitCents: 2000 };
    mithril.inject("GetReservationQuote", { effect: "before", outcome: { status: 503 }, times: 100 });
    await assert.rejects(
      createOnce(reservationCreate(api, order), signal()),
      /maxUnitPrice: nothing was ordered, because the price could not be read/,
    );
    mithril.clearFaults();
    assert.equal(mithril.count("CreateReservation"), 0);
  });

  it("depends on types that can be reserved, whatever is auctioned", async () => {
    const [reservedOnly, auctionedOnly] = ["b200-192gb.8x", "a100-80gb.sxm.8x"];
    assert.deepEqual(await failures("Reservation", reservation({ instanceType: reservedOnly })), []);
    await resource("NodeGroup").up(group({}, { instanceType: reservedOnly }));
    const here = { region: "us-central1-b", instanceType: auctionedOnly };
    assert.deepEqual(await failures("Reservation", reservation(here)), [
      'instanceType: "a100-80gb.sxm.8x" cannot be reserved; these types can: a100-80gb.sxm.1x, b200-192gb.8x, h100-80gb.sxm.8x, h200.8x',
    ]);
    assert.match(
      (await failures("Reservation", reservation({ region: "us-central1-b", instanceType: reservedOnly }))).join(),
      /^instanceType: Mithril does not offer 2 × b200-192gb\.8x in us-central1-b .*not available in this region/,
    );
    // A list that the project may not read counts against nothing: the quote tells.
    mithril.inject("ListReservableInstanceTypes", {
      effect: "before",
      outcome: { status: 403, body: { detail: "no" } },
    });
    const other = await startPlugin(provider, {
      config: { mithril: { ...mithril.config.mithril, baseUrl: `${mithril.baseUrl}/` } },
    });
    const blind = new EngineResource(other, "gpu-clusters:mithril:Reservation");
    const { failures: found } = await blind.check(reservation(here));
    assert.match(found[0]!.reason, /^Mithril does not offer .*a100-80gb\.sxm\.8x cannot be reserved/);
    await other.stop();
    // The same name is another type in another region.
    await resource("Reservation").up(reservation({ region: "eu-central1-a" }));
  });
});
