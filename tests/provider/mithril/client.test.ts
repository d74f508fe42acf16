import assert from "node:assert/strict";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { createMithrilClient } from "../../../provider/mithril/client";
import { OutcomeUnknown } from "../../../provider/cloud/outcome-unknown";
import { decodeSshKey } from "../../../provider/mithril/decode";
import { createOnce, NameTaken } from "../../../provider/mithril/create-once";
import { MithrilApiError } from "../../../provider/mithril/errors";
import type { BidRequest } from "../../../provider/mithril/types";
import { fastBackoff, projectId, publicKey, signal, TestMithril } from "./cloud";
import { until } from "../../until";

const region = "us-central5-a";
const cpuType = "it_simCpu4x000000";
const gpuType = "it_5ECSoHQjLBzrp5YM";

function bid(name: string, changes: Partial<BidRequest> = {}): BidRequest {
  return {
    name,
    region,
    instanceType: gpuType,
    limitPrice: "$20.00",
    quantity: 1,
    launchSpecification: { volumes: [], sshKeys: [] },
    ...changes,
  };
}

describe("Mithril client", () => {
  let mithril: TestMithril;
  beforeEach(async () => {
    mithril = await TestMithril.start();
  });
  afterEach(() => mithril.close());

  it("makes, reads and deletes keys, clusters, volumes and bids", async () => {
    const api = mithril.api();
    const key = await api.sshKeys.create({ name: "mine", publicKey: publicKey(), required: false }, signal());
    const cluster = await api.clusters.create(
      { name: "c", region, sshKeys: [key.fid], instanceType: cpuType, kubernetesVersion: "1.34" },
      signal(),
    );
    assert.equal(cluster.status, "Pending");
    assert.equal(cluster.kubeHost, undefined);
    assert.match((await api.clusters.find(cluster.fid, signal()))!.kubeHost!, /^127\.77\./);
    const share = await api.volumes.create({ name: "data", region, diskInterface: "File", sizeGb: 100 }, "k", signal());
    const made = await api.bids.create(
      bid("b", { launchSpecification: { volumes: [share.fid], sshKeys: [key.fid], cluster: cluster.fid } }),
      "k",
      signal(),
    );
    assert.equal(made.limitPrice, "$20.00");
    assert.deepEqual((await api.volumes.list(signal()))[0]!.bids, [made.fid]);
    await assert.rejects(api.volumes.delete(share.fid, signal()), { kind: "precondition", httpStatus: 409 });
    await assert.rejects(api.sshKeys.delete(key.fid, signal()), /in use by b/);
    await api.bids.delete(made.fid, signal());
    await api.bids.delete(made.fid, signal());
    assert.equal((await api.bids.find(made.fid, signal()))!.status, "Terminated");
    await api.volumes.delete(share.fid, signal());
    await api.clusters.delete(cluster.fid, signal());
    await api.sshKeys.delete(key.fid, signal());
    assert.deepEqual(await api.sshKeys.list(signal()), []);
    assert.equal((await api.clusters.list(signal()))[0]!.status, "Terminated");
  });

  it("asks and understands every operation as the API's description has it", async () => {
    const called = new Set<string>();
    const recording = <T extends object>(part: T, path: string): T =>
      new Proxy(part, {
        get(target, key) {
          const name = `${path}${String(key)}`;
          const value = Reflect.get(target, key) as unknown;
          if (typeof value === "function") called.add(name);
          return typeof value === "object" && value !== null ? recording(value, `${name}.`) : value;
        },
      });
    const plain = mithril.api();
    const api = recording(plain, "");
    const stop = signal();
    const key = await api.sshKeys.create({ name: "k", publicKey: publicKey(), required: false }, stop);
    const unused = await api.sshKeys.create({ name: "u", publicKey: publicKey(2), required: false }, stop);
    await api.sshKeys.setRequired(key.fid, true, stop);
    const shape = { name: "c", region, sshKeys: [key.fid], instanceType: cpuType };
    const cluster = await api.clusters.create({ ...shape, kubernetesVersion: "1.34" }, stop);
    const volume = await api.volumes.create({ name: "v", region, diskInterface: "File", sizeGb: 1 }, "key", stop);
    await api.volumes.rename(volume.fid, "w", stop);
    const launch = { volumes: [], sshKeys: [key.fid], startupScript: "#!/bin/bash\n", cluster: cluster.fid };
    const order = { launchSpecification: { ...launch, memoryGb: 100 } };
    const made = await api.bids.create(bid("b", order), "key", stop);
    await api.bids.update(made.fid, { limitPrice: "$21.00" }, stop);
    await api.bids.update(made.fid, { paused: true }, stop);
    await api.bids.update(made.fid, { volumes: [volume.fid] }, stop);
    await api.bids.update(made.fid, { volumes: [], memoryGb: 90 }, stop);
    const [startTime, endTime, later] = [0, 3, 4].map((hours) =>
      new Date(Date.now() + hours * 3_600_000).toISOString(),
    );
    const wanted = { region, instanceType: gpuType, quantity: 1, startTime: startTime!, endTime: endTime! };
    assert.deepEqual(await api.reservations.quote(wanted, stop), { unitPrice: "$20.00", totalPrice: "$60.00" });
    await api.reservations.instanceTypes(stop);
    const reserved = await api.reservations.create({ ...wanted, name: "r", maxUnitCents: 2000, ...order }, "key", stop);
    await api.reservations.extend(reserved.fid, { endTime: later!, maxUnitCents: 2000 }, stop);
    await api.reservations.update(reserved.fid, { volumes: [volume.fid] }, stop);
    await api.reservations.list(stop);
    await api.bids.list({ name: "b" }, stop);
    await api.bids.find(made.fid, stop);
    const [instance] = await api.instances.list({ reservations: [reserved.fid] }, stop);
    await api.instances.list({ bids: [made.fid] }, stop);
    await api.reservations.terminateInstances(reserved.fid, [instance!.fid], stop);
    await api.currentPrices({ instanceType: gpuType, region }, stop);
    for (const list of ["instanceTypes", "spotAvailability", "regions", "images"] as const) await api[list](stop);
    await api.clusterImages(region, stop);
    for (const list of [api.clusters, api.sshKeys, api.volumes]) await list.list(stop);
    await api.clusters.find(cluster.fid, stop);
    await api.bids.delete(made.fid, stop);
    const spare = await api.volumes.create({ name: "s", region, diskInterface: "Block", sizeGb: 1 }, "key", stop);
    await api.volumes.delete(spare.fid, stop);
    await api.sshKeys.delete(unused.fid, stop);
    await mithril.api().instances.list({}, stop);
    await api.clusters.delete(cluster.fid, stop);
    const all = Object.entries(plain).flatMap(([name, part]) =>
      typeof part === "function"
        ? [name]
        : typeof part === "object"
          ? Object.keys(part).map((key) => `${name}.${key}`)
          : [],
    );
    assert.deepEqual([...called].sort(), all.sort(), "the test calls all that the client can");
    // `mithril.close` holds what passed against the description.
    assert.ok(mithril.requests.every(({ status }) => status < 300));
  });

  it("takes a time without a zone for UTC, wherever this computer is", () => {
    const key = { fid: "sshkey_1", name: "k" };
    const read = (created_at: string) => decodeSshKey({ ...key, created_at }).createdAt;
    for (const naive of ["2026-11-21T10:00:00", "2026-11-21T10:00:00.123456", "2026-11-21 10:00:00"])
      assert.equal(read(naive), `${naive.replace(" ", "T")}Z`);
    for (const whole of ["2026-11-21T10:00:00Z", "2026-11-21T10:00:00+00:00", "2026-11-21T10:00:00.5-00:00", ""])
      assert.equal(read(whole), whole);
  });

  it("reads a list page by page", async () => {
    const api = mithril.api();
    mithril.cloud.conditions.spotQuota = { "h100-80gb.sxm.8x": 1000 };
    for (let i = 0; i < 103; i++) await api.bids.create(bid(`b-${i}`), "k", signal());
    const found = await api.bids.list({}, signal());
    assert.equal(new Set(found.map(({ fid }) => fid)).size, 103);
    assert.equal(mithril.count("ListBids"), 2);
    assert.deepEqual(
      (await api.bids.list({ name: "b-7" }, signal())).map(({ name }) => name),
      ["b-7"],
    );
  });

  it("stops at a cursor that comes twice", async () => {
    let asked = 0;
    const server = createServer((_, response) => {
      asked += 1;
      response.end(JSON.stringify({ data: [], next_cursor: asked % 2 === 0 ? "a" : "b" }));
    });
    await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
    const baseUrl = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
    try {
      const api = createMithrilClient({ baseUrl, apiKey: "k", projectId, backoff: fastBackoff });
      await assert.rejects(api.bids.list({}, signal()), /does not end: cursor "b" came twice/);
      assert.equal(asked, 3);
    } finally {
      server.closeAllConnections();
      server.close();
    }
  });

  it("repeats reads, changes and deletes, never a create", async () => {
    const api = mithril.api();
    mithril.inject("ListSshKeys", { effect: "before", outcome: { status: 503 }, times: 2 });
    assert.deepEqual(await api.sshKeys.list(signal()), []);
    assert.equal(mithril.count("ListSshKeys"), 3);
    mithril.inject("CreateSshKey", {
      effect: "after",
      outcome: { status: 502, body: "<html><title>Bad Gateway</title></html>" },
    });
    await assert.rejects(api.sshKeys.create({ name: "a", publicKey: publicKey(), required: false }, signal()), {
      kind: "unavailable",
      cloudMessage: "Bad Gateway",
    });
    assert.equal(mithril.count("CreateSshKey"), 1);
    const [key] = await api.sshKeys.list(signal());
    mithril.inject("DeleteSshKey", { effect: "after", outcome: "dropConnection" });
    await api.sshKeys.delete(key!.fid, signal());
    assert.equal(mithril.count("DeleteSshKey"), 2);
  });

  it("waits as long as Retry-After says, also for a create", async () => {
    const api = mithril.api();
    mithril.inject("CreateSshKey", { effect: "before", outcome: { status: 429, headers: { "retry-after": "0.2" } } });
    const begun = Date.now();
    await api.sshKeys.create({ name: "a", publicKey: publicKey(), required: false }, signal());
    assert.ok(Date.now() - begun >= 190);
    assert.equal(mithril.count("CreateSshKey"), 2);
  });

  for (const [outcome, kind, words] of [
    [
      { status: 422, body: { detail: [{ loc: ["body", "name"], msg: "Field required", type: "missing" }] } },
      "invalid",
      /name: Field required/,
    ],
    [{ status: 400, body: { detail: "Limit price below minimum" } }, "price", /below minimum/],
    [{ status: 402, body: { detail: "no payment method" } }, "billing", /billing/],
    [{ status: 403, body: { detail: "organization limit" } }, "permission", /organization limit/],
    [{ status: 403, body: { detail: "Spot quota exceeded" } }, "quota", /quota/],
    [{ status: 400, body: "nonsense" }, "invalid", /nonsense/],
    [{ status: 400, body: { detail: { reason: "odd" } } }, "invalid", /odd/],
  ] as const) {
    it(`understands ${outcome.status} ${JSON.stringify(outcome.body)}`, async () => {
      mithril.inject("CreateSshKey", { effect: "before", outcome: { ...outcome, headers: { "x-request-id": "r-1" } } });
      const failed = mithril.api().sshKeys.create({ name: "a", publicKey: publicKey(), required: false }, signal());
      await assert.rejects(failed, (error) => {
        assert.ok(error instanceof MithrilApiError);
        assert.equal(error.kind, kind);
        assert.equal(error.requestId, "r-1");
        assert.match(error.message, words);
        assert.match(error.message, new RegExp(`HTTP ${outcome.status}, request id r-1`));
        return true;
      });
    });
  }

  it("never shows the key or a start-up script in an error", async () => {
    const startupScript = '#!/bin/bash\necho "hidden"';
    mithril.inject("CreateBid", {
      effect: "before",
      outcome: { status: 400, body: { detail: `bad: ${startupScript} fkey_test` } },
    });
    const failed = mithril
      .api()
      .bids.create(bid("b", { launchSpecification: { volumes: [], sshKeys: [], startupScript } }), "k", signal());
    await assert.rejects(failed, (error: Error) => {
      assert.doesNotMatch(error.message, /hidden|fkey_/);
      return true;
    });
    await assert.rejects(mithril.api({ apiKey: "fkey_wrong" }).bids.list({}, signal()), /MITHRIL_API_KEY/);
  });

  it("ends when it is aborted", async () => {
    const controller = new AbortController();
    mithril.inject("ListSshKeys", { effect: "before", outcome: { status: 503, headers: { "retry-after": "60" } } });
    const reading = mithril.api().sshKeys.list(controller.signal);
    setTimeout(() => controller.abort(new Error("enough")), 20);
    await assert.rejects(reading, /enough/);
  });

  it("finds regions where the complete list is not there", async () => {
    mithril.inject("ListRegions", { effect: "before", outcome: { status: 404 } });
    const found = await mithril.api().regions(signal());
    assert.deepEqual(
      found.map(({ name }) => name),
      ["us-central1-b", "us-central5-a", "us-east1-a"],
    );
  });

  describe("createOnce", () => {
    const create = (api = mithril.api(), differences: string[] = [], stop = signal(), searchMs = 60_000) =>
      createOnce(
        {
          kind: "spot bid",
          name: "b",
          token: "gpu-clusters:mithril:SpotBid",
          find: async (stop) =>
            (await api.bids.list({ name: "b" }, stop)).filter(({ status }) => status !== "Terminated"),
          send: (stop) => api.bids.create(bid("b"), "k", stop),
          differences: () => differences,
        },
        stop,
        { ms: searchMs, pace: { firstMs: 1, factor: 1, longestMs: 1 } },
      );

    it("finds what a lost answer made", async () => {
      mithril.inject("CreateBid", { effect: "after", outcome: "dropConnection" });
      const made = await create();
      assert.deepEqual(Object.keys(mithril.cloud.state.bids), [made.fid]);
      assert.equal(mithril.count("CreateBid"), 1);
    });

    it("looks on while the list lags behind or fails", async () => {
      mithril.inject("CreateBid", { effect: "after", outcome: { status: 502 } });
      mithril.inject("ListBids", {
        effect: "before",
        outcome: { status: 200, body: { data: [], next_cursor: null } },
        nth: 2,
      });
      mithril.inject("ListBids", { effect: "before", outcome: { status: 503 }, nth: 3, times: 4 });
      const made = await create();
      assert.deepEqual(Object.keys(mithril.cloud.state.bids), [made.fid]);
      assert.equal(mithril.count("CreateBid"), 1);
    });

    for (const outcome of [
      "dropConnection",
      { status: 500 },
      { status: 504 },
      { status: 200, body: "<html>" },
    ] as const) {
      it(`never posts twice: after ${JSON.stringify(outcome)} it stops and says that the outcome is unknown`, async () => {
        mithril.inject("CreateBid", { effect: "before", outcome });
        await assert.rejects(create(mithril.api(), [], signal(), 200), (error: Error) => {
          assert.ok(error instanceof OutcomeUnknown);
          assert.match(error.message, /whether spot bid "b" was made is unknown: Mithril: .*charged twice/);
          return true;
        });
        assert.equal(mithril.count("CreateBid"), 1);
      });
    }

    it("says the same when the search is interrupted", async () => {
      mithril.inject("CreateBid", { effect: "before", outcome: "dropConnection" });
      const controller = new AbortController();
      const creating = create(mithril.api(), [], controller.signal);
      await until("three requests", () => mithril.count("ListBids") >= 3);
      controller.abort(new Error("enough"));
      await assert.rejects(creating, (error) => error instanceof OutcomeUnknown && /enough/.test(error.message));
    });

    it("does not take what was there before, or another shape", async () => {
      const there = await create();
      await assert.rejects(create(), (error: Error) => {
        assert.ok(error instanceof NameTaken);
        assert.match(error.message, new RegExp(`pulumi import gpu-clusters:mithril:SpotBid <name> ${there.fid}`));
        return true;
      });
      await mithril.api().bids.delete(there.fid, signal());
      mithril.inject("CreateBid", { effect: "after", outcome: { status: 500 } });
      await assert.rejects(create(mithril.api(), ["its region"]), /differs: its region/);
    });
  });
});
