import assert from "node:assert/strict";
import { operations } from "../../../simulator/mithril/operations";
import { describedOperations, operationOf } from "../../provider/mithril/api-description";
import { projectId, publicKey, signal, TestMithril } from "../../provider/mithril/cloud";

const region = "us-central5-a";
const h100 = "it_5ECSoHQjLBzrp5YM";
/** Lists of one project's things. */
const ofProject = /^List(Quotas|Clusters|SshKeys|Volumes|Bids|Reservations|Instances)$/;

describe("Answers of simulated Mithril", () => {
  let mithril: TestMithril;
  before(async () => {
    mithril = await TestMithril.start();
  });
  after(() => mithril.close());

  async function ask(
    method: string,
    path: string,
    body?: unknown,
  ): Promise<{ status: number; body: unknown; id: string | null }> {
    const response = await fetch(mithril.baseUrl + path, {
      method,
      headers: { authorization: "Bearer fkey_test" },
      ...(body === undefined ? {} : { body: JSON.stringify(body) }),
    });
    const text = await response.text();
    return {
      status: response.status,
      body: text === "" ? undefined : JSON.parse(text),
      id: response.headers.get("x-request-id"),
    };
  }

  it("have the shapes of the API description, every operation", async () => {
    const project = projectId;
    const made = async (path: string, body: object) => ((await ask("POST", path, body)).body as { fid: string }).fid;
    const key = await made("/v2/ssh-keys", { project, name: "a", public_key: publicKey() });
    const unused = await made("/v2/ssh-keys", { project, name: "generated" });
    const cluster = await made("/v2/kubernetes/clusters", {
      project,
      name: "c",
      region,
      ssh_keys: [key],
      instance_type: "it_simCpu4x000000",
    });
    const volume = await made("/v2/volumes", { project, name: "v", region, disk_interface: "File", size_gb: 1 });
    const launch_specification = { volumes: [volume], ssh_keys: [key], kubernetes_cluster: cluster };
    const order = { project, region, instance_type: h100, instance_quantity: 1, launch_specification };
    const bid = await made("/v2/spot/bids", { ...order, name: "b", limit_price: "$20.00" });
    const [start, end, later] = [0, 3, 4].map((hours) => new Date(Date.now() + hours * 3_600_000).toISOString());
    const reservation = await made("/v2/reservation", { ...order, name: "r", start_time: start, end_time: end });
    await ask("PATCH", `/v2/ssh-keys/${key}`, { required: true });
    await ask("PATCH", `/v2/volumes/${volume}`, { name: "w" });
    await ask("PATCH", `/v2/spot/bids/${bid}`, { limit_price: "$21.00" });
    await ask("PATCH", `/v2/reservation/${reservation}`, { paused: true });
    await ask("POST", `/v2/reservation/${reservation}/extend`, { end_time: later });
    await ask("GET", `/v2/instances?project=${project}`);
    const [instance] = Object.keys(mithril.cloud.state.instances);
    const queries: Record<string, Record<string, string>> = {
      GetCurrentPrices: { instance_type: h100 },
      ListClusterImages: { region },
      GetReservationQuote: {
        project,
        region,
        instance_type: h100,
        quantity: "1",
        start_time: start!,
        end_time: end!,
      },
    };
    for (const { name, method, path } of operations) {
      if (method !== "GET") continue;
      const fid = { GetCluster: cluster, GetBid: bid, GetBidStatus: bid, GetInstanceStatus: instance }[name] ?? "";
      const query = ofProject.test(name) ? { project } : queries[name];
      const search = new URLSearchParams(query).toString();
      assert.equal((await ask("GET", `${path.replace("{fid}", fid)}?${search}`)).status, 200, name);
    }
    await ask("POST", `/v2/reservation/${reservation}/terminate-instances`, {
      instances: mithril.cloud.state.reservations[reservation]!.instances,
      reduce_capacity: true,
    });
    await ask("DELETE", `/v2/spot/bids/${bid}`);
    const spare = await made("/v2/volumes", { project, name: "s", region, disk_interface: "Block", size_gb: 1 });
    await ask("DELETE", `/v2/volumes/${spare}`);
    await ask("DELETE", `/v2/kubernetes/clusters/${cluster}`);
    await ask("DELETE", `/v2/ssh-keys/${unused}`);

    // `close` holds each against the description.
    const answered = mithril.requests.filter(({ status }) => status < 300).map(operationOf);
    const all = operations.map(({ method, path }) => operationOf({ method, path: path.replace("{fid}", "x_1") }));
    assert.deepEqual([...new Set(answered)].sort(), all.sort());
    assert.deepEqual(
      all.filter((name) => !describedOperations.includes(name)),
      ["GET /marketplace/v1/regions"],
    );
  });

  it("refuse in FastAPI's words and carry a request id", async () => {
    assert.deepEqual((await ask("POST", "/v2/ssh-keys", { project: projectId })).body, {
      detail: [{ loc: ["body", "name"], msg: "Field required", type: "missing" }],
    });
    const refused = await ask("GET", "/v2/reservation/res_1");
    assert.deepEqual([refused.status, refused.body], [405, { detail: "Method Not Allowed" }]);
    assert.match(refused.id!, /^[0-9a-f]{32}$/);
    const missing = await ask("GET", "/v2/kubernetes/clusters/clust_1");
    assert.deepEqual([missing.status, missing.body], [404, { detail: "Kubernetes cluster clust_1 not found" }]);
    const price = {
      project: projectId,
      region,
      instance_type: h100,
      instance_quantity: 1,
      name: "x",
      limit_price: "20",
    };
    const bid = await ask("POST", "/v2/spot/bids", { ...price, launch_specification: { volumes: [], ssh_keys: [] } });
    assert.equal(bid.status, 422);
    assert.match(JSON.stringify(bid.body), /"loc":\["body","limit_price"\]/);
  });
});

describe("Rules of simulated Mithril", () => {
  let mithril: TestMithril;
  beforeEach(async () => {
    mithril = await TestMithril.start();
  });
  afterEach(() => mithril.close());

  const order = (changes: object = {}) => ({
    name: "b",
    region,
    instanceType: h100,
    limitPrice: "$20.00",
    quantity: 1,
    launchSpecification: { volumes: [] as string[], sshKeys: [] as string[] },
    ...changes,
  });

  it("want required keys in every order", async () => {
    const api = mithril.api();
    const key = await api.sshKeys.create({ name: "all", publicKey: publicKey(), required: true }, signal());
    await assert.rejects(api.bids.create(order(), "k", signal()), /Missing required SSH key: all/);
    await api.bids.create(order({ launchSpecification: { volumes: [], sshKeys: [key.fid] } }), "k", signal());
  });

  it("change volumes of paused bids only, and give block volumes to one instance", async () => {
    const api = mithril.api();
    const disk = await api.volumes.create({ name: "disk", region, diskInterface: "Block", sizeGb: 10 }, "k", signal());
    const bid = await api.bids.create(order(), "k", signal());
    await assert.rejects(api.bids.update(bid.fid, { volumes: [disk.fid] }, signal()), { kind: "precondition" });
    await api.bids.update(bid.fid, { paused: true }, signal());
    await api.bids.update(bid.fid, { volumes: [disk.fid] }, signal());
    const second = order({ name: "c", launchSpecification: { volumes: [disk.fid], sshKeys: [] } });
    await assert.rejects(api.bids.create(second, "k", signal()), /in use by b/);
    const third = order({ name: "d", quantity: 2, launchSpecification: { volumes: [disk.fid], sshKeys: [] } });
    await assert.rejects(api.bids.create(third, "k", signal()), /order of one instance/);
    const elsewhere = order({ name: "e", region: "eu-central1-a", instanceType: "it_XqgKWbhZ5gznAYsG" });
    await assert.rejects(
      api.bids.create({ ...elsewhere, launchSpecification: { volumes: [disk.fid], sshKeys: [] } }, "k", signal()),
      /disk is in us-central5-a/,
    );
  });

  it("give instances to the highest bids, the older ones first", async () => {
    const api = mithril.api();
    mithril.cloud.conditions.markets = { [`h100-80gb.sxm.8x/${region}`]: { capacity: 2 } };
    const [low, high, late] = [
      await api.bids.create(order({ name: "low" }), "k", signal()),
      await api.bids.create(order({ name: "high", limitPrice: "$30.00" }), "k", signal()),
      await api.bids.create(order({ name: "late" }), "k", signal()),
    ];
    const statuses = async () =>
      Promise.all([low, high, late].map(async ({ fid }) => (await api.bids.find(fid!, signal()))!.status));
    for (const stop = signal(); (await statuses()).join() !== "Allocated,Allocated,Open";) stop.throwIfAborted();
    // All or nothing.
    await api.bids.delete(low!.fid, signal());
    await api.bids.delete(late!.fid, signal());
    await api.bids.create(order({ name: "two", quantity: 2 }), "k", signal());
    const two = async () => (await api.bids.list({ name: "two" }, signal()))[0]!.status;
    assert.equal(await two(), "Open");
    await api.bids.update(high!.fid, { paused: true }, signal());
    for (const stop = signal(); (await two()) !== "Allocated";) stop.throwIfAborted();
  });

  it("win nothing that the computer cannot carry: there is no capacity", async () => {
    const api = mithril.api();
    mithril.room = 0;
    const bid = await api.bids.create(order(), "k", signal());
    const capacity = async () =>
      (await api.spotAvailability(signal())).find((one) => one.region === region && one.instanceType === h100)!
        .capacity;
    assert.equal(await capacity(), 0);
    assert.equal((await api.bids.find(bid.fid, signal()))!.status, "Open");
    mithril.room = 1;
    const status = async () => (await api.bids.find(bid.fid, signal()))!.status;
    for (const stop = signal(); (await status()) !== "Allocated";) stop.throwIfAborted();
  });

  it("refuse prices below the minimum, wrong regions, quotas and accounts without billing", async () => {
    const api = mithril.api();
    await assert.rejects(api.bids.create(order({ limitPrice: "$0.10" }), "k", signal()), { kind: "price" });
    await assert.rejects(
      api.bids.create(order({ region: "us-central1-b" }), "k", signal()),
      /not available in this region/,
    );
    mithril.cloud.conditions.spotQuota = { "h100-80gb.sxm.8x": 0 };
    await assert.rejects(api.bids.create(order(), "k", signal()), { kind: "quota" });
    mithril.cloud.conditions = { withoutBilling: true };
    await assert.rejects(api.bids.create(order(), "k", signal()), { kind: "billing", httpStatus: 402 });
  });

  it("hold an hour of auctions at once when nobody looked", async () => {
    const api = mithril.api();
    mithril.cloud.conditions.markets = { [`h100-80gb.sxm.8x/${region}`]: { spotPriceCents: 9000 } };
    await api.bids.create(order(), "k", signal());
    const later = Date.now() + 3_600_000;
    mithril.cloud.advance(later);
    assert.ok(mithril.cloud.nextDue()! > later - 100_000);
  });
});
