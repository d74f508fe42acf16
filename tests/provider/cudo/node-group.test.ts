import assert from "node:assert/strict";
import { driveResource, EngineResource, Secret } from "../server/harness";
import { fakeApiServer, type FakeApiServer } from "./fake-api-server";
import { cpuGroup, home, never, simulatedCloud, type SimulatedCloud } from "./simulated-cloud";

describe("Cudo NodeGroup", () => {
  let cloud: SimulatedCloud;
  let cluster: FakeApiServer;
  let network: EngineResource;
  before(async () => {
    [cloud, cluster] = await Promise.all([simulatedCloud(), fakeApiServer()]);
  });
  after(async () => {
    await cluster.close();
    await cloud.close();
  });
  beforeEach(async () => {
    await cloud.simulator.reset();
    cluster.nodes.clear();
    cluster.writes.length = 0;
    network = new EngineResource(cloud.plugin, "gpu-clusters:cudo:Network", "net");
    await network.up({ dataCenterId: home, ipRange: "10.0.0.0/16" });
  });
  afterEach(async () => {
    await cloud.simulator.clearFaults();
    assert.deepEqual(
      (await cloud.api.vms.list(never)).map(({ id }) => id),
      [],
      "nothing may be left behind",
    );
  });

  const shape = { ...cpuGroup, minSize: 2, maxSize: 4 };
  const program = (rest: object = {}) => ({
    ...shape,
    startScript: new Secret("#!/bin/bash\necho @@NODE_NAME@@ @@BOOTSTRAP_TOKEN@@"),
    kubeconfig: new Secret(cluster.kubeconfig),
    labels: { tier: "a" },
    ...rest,
  });
  const problemsOf = ({ stored }: EngineResource) => stored!.state.values.problems as string[];
  const group = () => new EngineResource(cloud.plugin, "gpu-clusters:cudo:NodeGroup", "cpu");
  const names = async () => (await cloud.api.vms.list(never)).map(({ id }) => id).sort();

  it("keeps the contract", () =>
    driveResource({
      plugin: cloud.plugin,
      type: "gpu-clusters:cudo:NodeGroup",
      inputs: program(),
      updated: program({ minSize: 3, labels: { tier: "b" } }),
      replaced: program({ networkId: "other" }),
      importable: false,
      volatile: ["problems"],
    }));

  it("changes labels and taints of the nodes that are there, and nothing else of them", async () => {
    const resource = group();
    const old = { key: "dedicated", value: "x", effect: "NoSchedule" };
    await resource.up(program({ taints: [old] }));
    cluster.join("train-cpu-0", { tier: "a", "kubernetes.io/hostname": "train-cpu-0" });
    cluster.nodes.get("train-cpu-0")!.spec.taints = [
      old,
      { key: "node.kubernetes.io/not-ready", effect: "NoSchedule" },
    ];
    cluster.join("stranger", { tier: "a" });
    assert.equal(
      await resource.up(program({ labels: { level: "b" }, taints: [{ key: "quiet", effect: "NoExecute" }] })),
      "update",
    );
    const node = cluster.nodes.get("train-cpu-0")!;
    assert.deepEqual(node.metadata.labels, {
      "kubernetes.io/hostname": "train-cpu-0",
      level: "b",
      "gpu-clusters/cluster": "train",
      "gpu-clusters/node-group": "cpu",
      "gpu-clusters/role": "worker",
    });
    assert.deepEqual(node.spec.taints, [
      { key: "node.kubernetes.io/not-ready", effect: "NoSchedule" },
      { key: "quiet", effect: "NoExecute" },
    ]);
    assert.deepEqual(cluster.nodes.get("stranger")!.metadata.labels, { tier: "a" });
    assert.match(
      cloud.plugin.messages.map(({ message }) => message).join("\n"),
      /train-cpu-1 have not joined the cluster yet/,
    );
    assert.deepEqual(await names(), ["train-cpu-0", "train-cpu-1"]);
    await resource.destroy();
    assert.deepEqual([...cluster.nodes.keys()], ["stranger"]);
  });

  it("moves the size only to bring it into the bounds", async () => {
    const resource = group();
    await resource.up(program({ minSize: 1 }));
    assert.equal(await resource.up(program({ minSize: 3 })), "update");
    assert.equal((await names()).length, 3);
    assert.equal(await resource.up(program({ minSize: 1 })), "update");
    assert.equal((await names()).length, 3, "the size belongs to the autoscaler");
    assert.equal(await resource.up(program({ minSize: 1, maxSize: 2 })), "update");
    // The two that came at once are of one age, or either is the newest.
    assert.deepEqual([(await names()).length, (await names())[0]], [2, "train-cpu-0"], "the newest goes first");
    assert.equal(resource.stored!.state.values.size, 2);
    assert.equal(await resource.up(program({ minSize: 0, maxSize: 0 })), "update");
    assert.deepEqual(await names(), []);
    assert.equal(await resource.up(program({ minSize: 0, maxSize: 0 })), "same");
    assert.equal(await resource.up(program({ minSize: 0, maxSize: 5 })), "update");
    assert.deepEqual(await names(), []);
    await resource.destroy();
  });

  it("starts at initialSize, which is of no meaning later", async () => {
    const resource = group();
    await resource.up(program({ initialSize: 3 }));
    assert.equal((await names()).length, 3);
    assert.equal(await resource.up(program({ initialSize: 4 })), "same");
    await resource.destroy();
  });

  it("shows machines of the autoscaler without a difference, and removes them in the end", async () => {
    const resource = group();
    await resource.up(program());
    const [first] = await cloud.api.vms.list(never);
    const { metadata } = first!;
    const request = {
      vmId: "scaled-up",
      dataCenterId: home,
      machineType: "intel-broadwell",
      vcpus: 2,
      memoryGib: 4,
      gpus: 0,
    };
    await cloud.api.vms.create({ ...request, bootDiskImageId: "ubuntu-2404", metadata }, never);
    await resource.refresh();
    assert.equal(resource.stored!.state.values.size, 3);
    assert.equal(await resource.up(program()), "same");
    await resource.destroy();
  });

  it("makes lost machines again at the next up, once a refresh has seen it", async () => {
    const resource = group();
    await resource.up(program());
    await cloud.api.vms.terminate("train-cpu-0", never);
    await resource.refresh();
    assert.equal(await resource.up(program()), "update");
    assert.equal(resource.stored!.state.values.size, 2);
    assert.equal(await resource.up(program()), "same");
    await resource.destroy();
  });

  it("leaves running machines alone when the shape changes", async () => {
    const resource = group();
    await resource.up(program());
    assert.equal(await resource.up(program({ vcpus: 4, startScript: new Secret("#!/bin/bash\ntrue") })), "update");
    assert.ok((await cloud.api.vms.list(never)).every(({ vcpus }) => vcpus === 2));
    assert.match(
      cloud.plugin.messages.map(({ message }) => message).join("\n"),
      /vcpus.* concerns machines made from now on/,
    );
    await resource.up(program({ vcpus: 4, minSize: 3 }));
    assert.deepEqual((await cloud.api.vms.list(never)).map(({ vcpus }) => vcpus).sort(), [2, 2, 4]);
    await resource.destroy();
  });

  it("keeps a half-made group in the state, and fills it at the next up", async () => {
    await cloud.simulator.setConditions("cudo", { vmFails: { id: "train-cpu-1" } });
    const resource = group();
    await assert.rejects(resource.up(program()), /train-cpu-1 failed while being made.*it has 1 machine now/);
    assert.equal(resource.stored?.id, `${cloud.projectId}/train/cpu`);
    assert.match(problemsOf(resource).join(), /"train-cpu-1" went to the state FAILED/);
    assert.equal(await resource.up(program()), "update");
    assert.deepEqual(await names(), ["train-cpu-0", "train-cpu-1"]);
    await resource.destroy();
  });

  it("is deleted before its replacement is made, because both carry the same marks", async () => {
    const resource = group();
    await resource.up(program());
    const second = new EngineResource(cloud.plugin, "gpu-clusters:cudo:Network", "net-2");
    await second.up({ dataCenterId: home, ipRange: "10.1.0.0/16" });
    assert.equal(await resource.up(program({ networkId: "net-2" })), "replace");
    const vms = await cloud.api.vms.list(never);
    assert.deepEqual(
      vms.map(({ nics }) => nics[0]!.networkId),
      ["net-2", "net-2"],
    );
    await resource.destroy();
  });

  it("refuses a group of another stack that has the same name", async () => {
    const resource = group();
    await resource.up(program());
    const other = new EngineResource(cloud.plugin, "gpu-clusters:cudo:NodeGroup", "other");
    await assert.rejects(other.up(program()), /name: a node group "cpu" of a cluster "train" exists already/);
    await resource.destroy();
  });

  it("is imported by project, cluster and name", async () => {
    const resource = group();
    await resource.up(program());
    const twin = group();
    assert.ok(await twin.import(`${cloud.projectId}/train/cpu`));
    assert.equal(twin.stored!.state.values.size, 2);
    assert.equal(await twin.up(program()), "update");
    assert.equal(await twin.up(program()), "same");
    assert.equal(await twin.import(`${cloud.projectId}/train/none`), false);
    await assert.rejects(twin.import("train"), /must be <project>\/<cluster>\/<group>/);
    await resource.destroy();
  });

  it("fills the placeholders and mints a token for each machine", async () => {
    const resource = group();
    const before = cluster.tokens.length;
    await resource.up(program());
    assert.equal(cluster.tokens.length - before, 2);
    assert.deepEqual([...new Set(cluster.tokenHours.map(Math.ceil))], [2]);
    assert.ok(cluster.writes.includes("POST namespaces/kube-system/secrets"));
    await resource.destroy();
  });

  it("says at preview when there is no room, but not for machines that are there", async () => {
    const resource = group();
    await resource.up(program());
    await cloud.simulator.setConditions("cudo", { outOfCapacity: {} });
    // A plugin that has not read the catalogue before.
    const fresh = await cloud.freshPlugin();
    try {
      const existing = new EngineResource(fresh, "gpu-clusters:cudo:NodeGroup", "cpu");
      assert.deepEqual((await existing.check(program())).failures, []);
      const { failures } = await existing.check(program({ name: "another" }));
      assert.equal(failures[0]!.property, "vcpus");
      assert.match(failures[0]!.reason, /has no intel-broadwell host with 2 vCPUs free now/);
      const vm = new EngineResource(fresh, "gpu-clusters:cudo:Vm", "one");
      const { failures: ofVm } = await vm.check({
        dataCenterId: home,
        machineType: "intel-broadwell",
        vcpus: 2,
        memoryGib: 4,
        image: "debian-12",
      });
      assert.match(ofVm[0]!.reason, /has no intel-broadwell host with 2 vCPUs free now; most free on one host: 0/);
    } finally {
      await fresh.stop();
    }
    await resource.destroy();
  });

  it("shows what keeps Cudo from giving another machine at the next refresh, and calls it no difference", async () => {
    const resource = group();
    await resource.up(program());
    assert.deepEqual(problemsOf(resource), []);
    await cloud.simulator.setConditions("cudo", { outOfCapacity: {} });
    // A plugin that has not read the catalogue before.
    const fresh = await cloud.freshPlugin();
    try {
      const later = new EngineResource(fresh, "gpu-clusters:cudo:NodeGroup", "cpu");
      later.stored = resource.stored;
      await later.refresh();
      assert.match(problemsOf(later).join(), /has no intel-broadwell host with 2 vCPUs free now/);
      assert.equal(await later.up(program()), "same");
      // One that may not grow lacks nothing.
      await later.up(program({ maxSize: 2 }));
      assert.deepEqual(problemsOf(later), []);
    } finally {
      await fresh.stop();
    }
    await resource.destroy();
  });

  it("reports all that is wrong at once", async () => {
    const { failures } = await group().check(
      program({ name: "No", minSize: 5, maxSize: 2, vcpus: 64, gpus: 1, kubeconfig: "nonsense", gpuModel: "H100" }),
    );
    assert.deepEqual(failures.map(({ property }) => property).sort(), [
      "gpuModel",
      "gpus",
      "kubeconfig",
      "minSize",
      "name",
    ]);
  });
});
