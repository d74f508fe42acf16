import assert from "node:assert/strict";
import { provider } from "../../../plugin/provider";
import { driveResource, EngineResource, PluginError, startPlugin, type Plugin } from "../server/harness";
import { projectId, publicKey, signal, TestMithril } from "./cloud";

const region = "us-central5-a";
const type = (name: string) => `gpu-clusters:mithril:${name}`;
const hour = 3_600_000;
const time = (hours: number, from = Date.now()) => new Date(from + hours * hour).toISOString();

describe("Mithril resources", () => {
  let mithril: TestMithril;
  let plugin: Plugin;
  let key: string;
  beforeEach(async () => {
    mithril = await TestMithril.start();
    plugin = await startPlugin(provider, { config: mithril.config });
    key = (await mithril.api().sshKeys.create({ name: "mine", publicKey: publicKey(), required: false }, signal())).fid;
  });
  afterEach(async () => {
    await plugin.stop();
    await mithril.close();
  });

  const clusterInputs = () => ({ name: "train", region, sshKeys: [key], instanceType: "cpu.4x" });
  const bidInputs = () => ({
    name: "b",
    region,
    instanceType: "h100-80gb.sxm.8x",
    limitPrice: "20",
    sshKeys: [key],
  });
  const reservationInputs = () => {
    const start = time(0);
    const end = time(3, Date.parse(start));
    return { name: "r", region, instanceType: "h100-80gb.sxm.8x", start, end, sshKeys: [key] };
  };
  const made = async (name: string, inputs: Record<string, unknown>) => {
    const resource = new EngineResource(plugin, type(name));
    await resource.up(inputs);
    return resource;
  };
  const failures = async (name: string, inputs: Record<string, unknown>) => {
    const resource = new EngineResource(plugin, type(name));
    return (await resource.check(inputs)).failures.map(({ property, reason }) => `${property}: ${reason}`);
  };

  describe("contracts", () => {
    it("SshKey", () =>
      driveResource({
        plugin,
        type: type("SshKey"),
        unfinishedWithout: ["createdAt"],
        inputs: { name: "k", publicKey: publicKey(2) },
        updated: { name: "k", publicKey: publicKey(2), required: true },
        replaced: { name: "k", publicKey: publicKey(3) },
      }));

    it("Cluster", () =>
      driveResource({
        plugin,
        type: type("Cluster"),
        unfinishedWithout: ["createdAt"],
        inputs: clusterInputs(),
        replaced: { ...clusterInputs(), kubernetesVersion: "1.29" },
        notImported: ["instanceType"],
      }));

    it("Volume", () =>
      driveResource({
        plugin,
        type: type("Volume"),
        unfinishedWithout: ["createdAt"],
        inputs: { name: "data", region, diskInterface: "File", sizeGb: 100 },
        updated: { name: "other", region, diskInterface: "File", sizeGb: 100 },
        replaced: { name: "data", region, diskInterface: "File", sizeGb: 200 },
      }));

    it("SpotBid", () =>
      driveResource({
        plugin,
        type: type("SpotBid"),
        unfinishedWithout: ["createdAt"],
        inputs: bidInputs(),
        updated: { ...bidInputs(), limitPrice: "$25.00", paused: true },
        replaced: { ...bidInputs(), quantity: 2 },
        notImported: ["instanceType", "limitPrice"],
        volatile: ["status", "instances"],
      }));

    it("Reservation", () => {
      const inputs = { ...reservationInputs(), onDestroy: "terminateInstances" };
      return driveResource({
        plugin,
        type: type("Reservation"),
        unfinishedWithout: ["createdAt"],
        inputs,
        updated: { ...inputs, end: new Date(Date.parse(inputs.end) + hour).toISOString() },
        replaced: { ...inputs, quantity: 2 },
        notImported: ["instanceType", "onDestroy"],
        volatile: ["status", "instances", "totalPrice"],
      });
    });
  });

  describe("creates whose answer is lost", () => {
    for (const [name, operation, inputs] of [
      ["SshKey", "CreateSshKey", () => ({ name: "k", publicKey: publicKey(2) })],
      ["Cluster", "CreateCluster", clusterInputs],
      ["Volume", "CreateVolume", () => ({ name: "data", region, diskInterface: "File", sizeGb: 100 })],
      ["SpotBid", "CreateBid", bidInputs],
      ["Reservation", "CreateReservation", reservationInputs],
    ] as const) {
      for (const outcome of ["dropConnection", { status: 500 }] as const) {
        it(`${name} is made once (${JSON.stringify(outcome)})`, async () => {
          mithril.inject(operation, { effect: "after", outcome });
          const resource = await made(name, inputs());
          assert.equal(mithril.count(operation), 1 + (name === "SshKey" ? 1 : 0));
          assert.match(resource.stored!.id, /^(sshkey|clust|vol|bid|res)_/);
        });
      }
    }
  });

  it("refuses names that are taken and says how to import", async () => {
    const first = await made("SpotBid", bidInputs());
    const second = new EngineResource(plugin, type("SpotBid"), "second");
    await assert.rejects(
      second.up(bidInputs()),
      new RegExp(`pulumi import gpu-clusters:mithril:SpotBid <name> ${first.stored!.id}`),
    );
  });

  it("adds keys that the project requires, and does not call that a difference", async () => {
    const required = await mithril
      .api()
      .sshKeys.create({ name: "all", publicKey: publicKey(9), required: true }, signal());
    const bid = await made("SpotBid", bidInputs());
    assert.deepEqual(Object.values(mithril.cloud.state.bids)[0]!.launch.sshKeys, [key, required.fid]);
    await bid.refresh();
    assert.deepEqual((await bid.diff((await bid.check(bidInputs())).inputs)).changes, {});
    const cluster = await made("Cluster", clusterInputs());
    assert.deepEqual(Object.values(mithril.cloud.state.clusters)[0]!.sshKeys, [key, required.fid]);
    await cluster.destroy();
  });

  it("says at preview what is wrong, all at once", async () => {
    assert.deepEqual(
      await failures("Cluster", { ...clusterInputs(), region: "eu-central1-a", instanceType: "h200.8x" }),
      [
        "region: eu-central1-a has no Kubernetes clusters; regions with Kubernetes clusters: us-central1-b, us-central5-a, us-east1-a",
        'instanceType: "h200.8x" has GPUs; a control plane needs none; without GPUs are: cpu.4x, cpu.8x',
      ],
    );
    assert.deepEqual(await failures("Volume", { name: "A", region: "us-east1-a", diskInterface: "File", sizeGb: 0 }), [
      'name: "A" must have 1 to 64 lower-case letters, digits and hyphens, start with a letter and not end with a hyphen',
      "sizeGb: must be 1 to 32000, is 0",
      "region: us-east1-a has no file shares; regions with file shares: us-central1-b, us-central2-a, us-central5-a",
    ]);
    const bid = { ...bidInputs(), region: "us-central1-b", limitPrice: "cheap", startupScript: "echo", quantity: 0 };
    assert.deepEqual(await failures("SpotBid", bid), [
      "startupScript: must start with #!/bin/bash",
      'limitPrice: "cheap" must be dollars per instance and hour, for example "$25.60"',
      "quantity: must be at least 1, is 0",
      'instanceType: "h100-80gb.sxm.8x" is not offered in us-central1-b (but in us-central5-a, eu-central1-a); offered there: a100-80gb.sxm.1x, a100-80gb.sxm.8x',
    ]);
    assert.deepEqual(await failures("SpotBid", { ...bidInputs(), limitPrice: "$0.10" }), [
      "limitPrice: $0.10 is below the minimum, $0.50 per instance and hour",
    ]);
    assert.deepEqual(await failures("Reservation", { ...reservationInputs(), start: "tomorrow" }), [
      'start: "tomorrow" must be a time with its zone, for example 2026-12-01T08:00:00Z (in a stack\'s YAML in quotes, or it becomes a date)',
    ]);
    assert.match(
      (await failures("Reservation", { ...reservationInputs(), end: time(2) }))[0]!,
      /^end: is 2 hours after the start; a reservation takes 3 to 336 whole hours, for example until 20\d\d-/,
    );
  });

  it("names the type or region that was probably meant, and none for a fid", async () => {
    const first = async (type: string, inputs: Record<string, unknown>) => (await failures(type, inputs))[0]!;
    for (const [type, inputs, said] of [
      [
        "Cluster",
        { ...clusterInputs(), region: "us-centrl5-a" },
        'region: there is no region "us-centrl5-a" (did you mean "us-central5-a"?); ',
      ],
      [
        "Cluster",
        { ...clusterInputs(), instanceType: "cpu4x" },
        'instanceType: there is no instance type "cpu4x" (did you mean "cpu.4x"?); ',
      ],
      [
        "SpotBid",
        { ...bidInputs(), instanceType: "h100-80gb.smx.8x" },
        'instanceType: there is no instance type "h100-80gb.smx.8x" (did you mean "h100-80gb.sxm.8x"?); ',
      ],
      [
        "SpotBid",
        { ...bidInputs(), region: "us-centrl5-a" },
        'instanceType: "h100-80gb.sxm.8x" is not offered in us-centrl5-a (did you mean "us-central5-a"?); offered there: nothing',
      ],
      [
        "Reservation",
        { ...reservationInputs(), instanceType: "h200.8" },
        'instanceType: "h200.8" cannot be reserved (did you mean "h200.8x"?); ',
      ],
    ] as const) {
      const found = await first(type, inputs);
      assert.ok(found.startsWith(said), found);
    }
    assert.match(
      await first("SpotBid", { ...bidInputs(), instanceType: "it_5ECSoHQjLBzrp5Yx" }),
      /there is no instance type "it_\w+"; /,
    );
  });

  it("knows that nodes of another region never join", async () => {
    const cluster = await made("Cluster", clusterInputs());
    const elsewhere = { ...bidInputs(), region: "eu-central1-a", cluster: cluster.stored!.id };
    assert.deepEqual(await failures("SpotBid", elsewhere), [
      'region: "eu-central1-a" must be us-central5-a; cluster "train" is in us-central5-a: instances of another region never join it',
    ]);
    assert.match(
      (await failures("SpotBid", { ...bidInputs(), cluster: "clust_none" }))[0]!,
      /cluster: there is no cluster/,
    );
  });

  it("keeps a cluster that is not ready in time, and goes on with it", async () => {
    mithril.cloud.conditions.clustersStuck = true;
    const cluster = new EngineResource(plugin, type("Cluster"));
    await assert.rejects(
      async () => cluster.create((await cluster.check(clusterInputs())).inputs, 1),
      (error: PluginError) => {
        const words = error.partial!.reasons.join();
        assert.match(words, /not finish within 1 s|within 1 s|time/);
        return true;
      },
    );
    const [stored] = Object.values(mithril.cloud.state.clusters);
    stored!.readyAt = Date.now();
    await cluster.up(clusterInputs());
    assert.equal(mithril.count("CreateCluster"), 1);
    assert.equal((cluster.stored!.state.values as { status: string }).status, "Available");
  });

  it("says of a key and of a volume that somebody deleted what to do, where the program changes one", async () => {
    const [key, volume] = await Promise.all([
      made("SshKey", { name: "k", publicKey: publicKey(2) }),
      made("Volume", { name: "data", region, diskInterface: "File", sizeGb: 100 }),
    ]);
    for (const resource of [key, volume]) await resource.deleteStored(resource.stored!);
    const changed = { name: "other", region, diskInterface: "File", sizeGb: 100 };
    await assert.rejects(volume.up(changed), /volume "other" \(\w+\) is gone; run `pulumi refresh`/);
    const required = { name: "k", publicKey: publicKey(2), required: true };
    await assert.rejects(key.up(required), /SSH key "k" \(\w+\) is gone; run `pulumi refresh`, then `pulumi up`/);
    for (const [resource, inputs] of [
      [volume, changed],
      [key, required],
    ] as const) {
      assert.equal(await resource.refresh(), false);
      assert.equal(await resource.up(inputs), "create");
      await resource.destroy();
    }
  });

  it("deletes no key with the old one where another of the same key is made beside it", async () => {
    const inputs = { name: "k", publicKey: publicKey(2) };
    const key = await made("SshKey", inputs);
    const { id, ...old } = key.stored!;
    await key.replace(inputs);
    assert.equal(key.stored!.id, id);
    assert.ok(await key.refresh());
    await key.deleteStored({ id, ...old });
  });

  it("deletes at the end what it made, also after a replacement beside the old one or under another name, and no key that was there", async () => {
    const names = () => Object.values(mithril.cloud.state.sshKeys).map(({ name }) => name);
    const inputs = { name: "k", publicKey: publicKey(2) };
    const before = names();
    const reused = (key: EngineResource) => (key.stored!.state.values as { reused: boolean }).reused;
    const key = await made("SshKey", inputs);
    await key.replace(inputs);
    assert.equal(reused(key), false);
    await key.up({ ...inputs, name: "k-2" });
    assert.deepEqual([names(), reused(key)], [[...before, "k-2"], false]);
    assert.equal(await key.up({ ...inputs, name: "k-2" }), "same");
    await key.destroy();
    assert.deepEqual(names(), before);
    const users = await mithril.api().sshKeys.create({ ...inputs, required: false }, signal());
    const other = await made("SshKey", inputs);
    await other.replace(inputs);
    assert.deepEqual([other.stored!.id, reused(other)], [users.fid, true]);
    await other.up({ ...inputs, name: "mine" });
    assert.deepEqual([other.stored!.id, reused(other)], [users.fid, true]);
    await other.destroy();
    assert.deepEqual(names(), [...before, "k"]);
  });

  it("makes a bid again that was terminated", async () => {
    const bid = await made("SpotBid", bidInputs());
    const first = bid.stored!.id;
    await mithril.api().bids.delete(first, signal());
    await bid.refresh();
    assert.equal(bid.stored, undefined);
    await bid.up(bidInputs());
    assert.notEqual(bid.stored!.id, first);
  });

  it("changes volumes of a bid while it is paused for that, in Mithril's order", async () => {
    const bid = await made("SpotBid", bidInputs());
    const share = await made("Volume", { name: "data", region, diskInterface: "File", sizeGb: 100 });
    mithril.requests.length = 0;
    await bid.up({ ...bidInputs(), volumes: [share.stored!.id], limitPrice: "$30.00" });
    const bodies = mithril.requests.filter(({ operation }) => operation === "UpdateBid").map(({ body }) => body);
    assert.deepEqual(
      bodies.map((body) => JSON.parse(body) as object),
      [{ limit_price: "$30.00" }, { paused: true }, { volumes: [share.stored!.id] }, { paused: false }],
    );
    await assert.rejects(share.destroy(), /holds data and is attached to bid b \(bid_/);
    await bid.destroy();
    await share.destroy();
  });

  it("remembers a bid that was paused half-way", async () => {
    const bid = await made("SpotBid", bidInputs());
    const share = await made("Volume", { name: "data", region, diskInterface: "File", sizeGb: 100 });
    mithril.inject("UpdateBid", { effect: "before", nth: 2, outcome: { status: 400, body: { detail: "no" } } });
    await assert.rejects(bid.up({ ...bidInputs(), volumes: [share.stored!.id] }), /no/);
    assert.equal(Object.values(mithril.cloud.state.bids)[0]!.status, "Paused");
    await bid.up(bidInputs());
    assert.notEqual(Object.values(mithril.cloud.state.bids)[0]!.status, "Paused");
  });

  it("does not end a reservation without being told what that means", async () => {
    const reservation = await made("Reservation", reservationInputs());
    await assert.rejects(
      reservation.destroy(),
      /onDestroy: reservation "r" .* cannot be cancelled.*"terminateInstances".*"keep"/s,
    );
    assert.equal(mithril.count("TerminateReservationInstances"), 0);
    await reservation.up({ ...reservationInputs(), ...startOf(reservation), onDestroy: "terminateInstances" });
    mithril.inject("TerminateReservationInstances", { effect: "after", outcome: "dropConnection" });
    await reservation.destroy();
    const instances = Object.values(mithril.cloud.state.instances).map(({ status }) => status);
    assert.deepEqual(instances, ["STATUS_TERMINATED"]);
  });

  it("keeps a reservation that is to be kept", async () => {
    const reservation = await made("Reservation", { ...reservationInputs(), onDestroy: "keep" });
    await reservation.destroy();
    assert.equal(Object.values(mithril.cloud.state.reservations)[0]!.status, "Active");
    assert.match(plugin.messages.map(({ message }) => message).join("\n"), /stays, and is paid, until/);
  });

  it("extends a reservation once, although the answer is lost", async () => {
    const inputs = reservationInputs();
    const reservation = await made("Reservation", inputs);
    mithril.inject("ExtendReservation", { effect: "after", outcome: { status: 502 } });
    const later = { ...inputs, end: new Date(Date.parse(inputs.end) + 2 * hour).toISOString() };
    await reservation.up(later);
    assert.equal(mithril.count("ExtendReservation"), 1);
    assert.equal(new Date(Object.values(mithril.cloud.state.reservations)[0]!.endTime).toISOString(), later.end);
    const shorter = await reservation.diff((await reservation.check(inputs)).inputs);
    assert.deepEqual(shorter.replaces, ["end"]);
    assert.equal(shorter.deleteBeforeReplace, true);
  });

  it("does not pass over a later end of a reservation that has ended", async () => {
    const advance = mithril.stopClock();
    const inputs = reservationInputs();
    const reservation = await made("Reservation", inputs);
    advance(4 * hour);
    const later = { ...inputs, end: new Date(Date.parse(inputs.end) + 5 * hour).toISOString() };
    await assert.rejects(reservation.up(later), /end: reservation "r" .* has ended, at .* another reservation/);
    await reservation.up({ ...inputs, onDestroy: "keep" });
    assert.equal(mithril.count("ExtendReservation"), 0);
  });

  it("names the orders that use a key", async () => {
    const sshKey = await made("SshKey", { name: "k", publicKey: publicKey(2) });
    await made("SpotBid", { ...bidInputs(), sshKeys: [sshKey.stored!.id] });
    await assert.rejects(sshKey.destroy(), /SSH key "k" .* cannot be deleted: bid b \(bid_\w+\) use it/);
  });

  it("is made again in another project of Mithril, and deleted where it was; projects of other clouds move nothing", async () => {
    const { projects } = mithril.cloud.state;
    projects["proj_other"] = { ...Object.values(projects)[0]!, fid: "proj_other", project: "proj_other" };
    const inputs = { name: "data", region, diskInterface: "File", sizeGb: 100 };
    const volume = await made("Volume", inputs);
    const first = volume.stored!.id;
    const cudo = (projectId: string) => ({ cudo: { apiKey: "k", projectId, baseUrl: "http://127.0.0.1:1" } });
    for (const others of [cudo("one"), cudo("two"), {}]) {
      await plugin.configure({ ...mithril.config, ...others });
      assert.equal(await volume.up(inputs), "same");
    }
    await plugin.configure({ mithril: { ...mithril.config.mithril, projectId: "proj_other" } });
    assert.ok(await volume.refresh(), "it is still found where it is");
    assert.equal(await volume.up(inputs), "replace");
    assert.equal(volume.stored!.state.values.projectId, "proj_other");
    const { volumes } = mithril.cloud.state;
    assert.deepEqual(
      Object.values(volumes).map(({ fid, project, deletedAt }) => [fid === first, project, deletedAt !== undefined]),
      [
        [true, projectId, true],
        [false, "proj_other", false],
      ],
    );
  });
});

function startOf(resource: EngineResource): { start: unknown; end: unknown } {
  const { start, end } = resource.stored!.inputs.values as { start: unknown; end: unknown };
  return { start, end };
}
