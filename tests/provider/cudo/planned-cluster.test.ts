import assert from "node:assert/strict";
import { plannedClusterHandler } from "../../../provider/cudo/handlers/planned-cluster";
import { provider } from "../../../plugin/provider";
import { Unknown } from "../../../provider/server/values";
import { driveResource, EngineResource, startPlugin } from "../server/harness";
import { never, simulatedCloud, type SimulatedCloud } from "./simulated-cloud";

const type = "gpu-clusters:cudo:PlannedCluster";
const [here, there] = ["us-newyork-1", "gb-bournemouth-1"];
const group = {
  name: "gpu",
  minSize: 1,
  dataCenterId: here,
  machineType: "intel-broadwell-v100",
  gpus: 1,
  gpuModel: "V100",
  vcpus: 8,
  memoryGib: 32,
  diskSizeGib: 100,
  image: "ubuntu-2204-nvidia-550-docker",
};
const machine = (vmId: string) => {
  return { vmId, machineType: "intel-broadwell-v100", vcpus: 4, memoryGib: 8, diskSizeGib: 50, image: "ubuntu-2404" };
};
const inputs = { clusterName: "train", controlPlane: machine("train-control-plane"), nodeGroups: [group] };

describe("PlannedCluster of Cudo", () => {
  let cloud: SimulatedCloud;
  before(async () => {
    cloud = await simulatedCloud();
  });
  after(() => cloud.close());

  const resource = () => new EngineResource(cloud.plugin, type, "plan");
  const failures = async (changed: object, on = resource()) =>
    (await on.check({ ...inputs, ...changed })).failures.map(({ property, reason }) => `${property}: ${reason}`);
  const shortly = (found: string[]) => found.map((line) => line.replace(/;.*/, ""));

  it("keeps the contract", () => driveResource({ plugin: cloud.plugin, type, inputs, importable: false }));

  it("shows no change of its own, whatever changes", async () => {
    const there = resource();
    await there.up(inputs);
    const other = { ...inputs, dataCenterId: here, controlPlane: { ...inputs.controlPlane, vcpus: 6 } };
    assert.equal(await there.up({ ...other, nodeGroups: [{ ...group, minSize: 0 }] }), "same");
  });

  it("names the data center that does not exist, and contradictions only where all do", async () => {
    const groups = (...places: string[]) =>
      places.map((dataCenterId, i) => ({ ...group, name: `g${i}`, dataCenterId }));
    const misspelt = '"us-newyrok-1" is not a data center of Cudo (did you mean "us-newyork-1"?)';
    assert.deepEqual(shortly(await failures({ nodeGroups: groups("us-newyrok-1", here) })), [
      `nodeGroups[0].dataCenterId: ${misspelt}`,
    ]);
    assert.deepEqual(shortly(await failures({ nodeGroups: groups(here, "us-newyrok-1") })), [
      `nodeGroups[1].dataCenterId: ${misspelt}`,
    ]);
    assert.deepEqual(shortly(await failures({ dataCenterId: "us-newyrok-1" })), [`dataCenterId: ${misspelt}`]);
    const apart = { nodeGroups: groups(here, there) };
    assert.deepEqual(
      (await failures(apart)).filter((line) => line.includes("dataCenterId")),
      [
        `nodeGroups[1].dataCenterId: "${there}" differs from nodeGroups[0].dataCenterId, "${here}"; Cudo's networks do not reach across data centers`,
      ],
    );
    assert.match(
      (await failures({ ...apart, dataCenterId: there })).join("\n"),
      /nodeGroups\[0\]\.dataCenterId: "us-newyork-1" differs from dataCenterId, "gb-bournemouth-1"/,
    );
  });

  it("names all else that cannot be had at the same time, by the cluster's own arguments, and each mistake once", async () => {
    const found = await failures({
      controlPlane: { ...machine("cp"), machineType: "intel-broadwel" },
      sharedStorage: { ...machine("files"), machineType: "intel-broadwel" },
      nodeGroups: [
        { ...group, dataCenterId: "us-newyrok-1", machineType: "intel-broadwel-v100", image: "ubunut-2404" },
        { ...group, name: "b", machineType: "intel-broadwel-v100", gpuModel: "V10" },
        { ...group, name: "c", gpuModel: "V10" },
        { ...group, name: "d", vcpus: 10_000 },
      ],
      dataCenterId: here,
    });
    assert.deepEqual(
      found.map((line) => line.replace(/: .*/, "")),
      [
        "nodeGroups[0].dataCenterId",
        "nodeGroups[0].machineType",
        "nodeGroups[0].image",
        "nodeGroups[1].machineType",
        "nodeGroups[1].gpuModel",
        "nodeGroups[2].gpuModel",
        "nodeGroups[3].vcpus",
        "controlPlane.machineType",
      ],
    );
    assert.match(found[1]!, /is offered in no data center \(did you mean "intel-broadwell-v100"\?\)/);
    assert.match(found[4]!, /no machine type has the model "V10" \(did you mean "V100"\?\)/);
    assert.match(found.at(-1)!, /not offered in us-newyork-1 \(did you mean "intel-broadwell"\?\)/);
  });

  it("says once what a group and the machines that take its type have in common", async () => {
    const typo = { machineType: "intel-broadwel" };
    const found = await failures({
      controlPlane: { ...machine("cp"), ...typo },
      sharedStorage: { ...machine("files"), ...typo },
      nodeGroups: [{ ...group, ...typo }],
    });
    assert.equal(found.length, 1, found.join("\n"));
    assert.match(found[0]!, /^nodeGroups\[0\]\.machineType: /);
  });

  it("tells of the control plane's size as a whole, and of the file server's at the storage", async () => {
    const big = { vcpus: 3000, memoryGib: 6000 };
    const found = await failures({
      controlPlane: { ...machine("cp"), ...big },
      sharedStorage: { ...machine("files"), ...big, vcpus: 2999 },
    });
    assert.match(found.join("\n"), /^controlPlane\.size: vcpus: .*\nsharedStorage: vcpus: /s);
  });

  it("refuses an image without NVIDIA's driver where it must bring one, and partitions of GPUs that have none", async () => {
    const bare = { ...group, image: "ubuntu-2404", gpuDriver: true };
    assert.deepEqual(await failures({ nodeGroups: [bare] }), [
      "nodeGroups[0].image: Cudo says of no NVIDIA driver in ubuntu-2404, without which no node offers its GPUs: leave it out, name one that has " +
        "(ubuntu-2204-nvidia-535-docker-v20241017, ubuntu-2204-nvidia-550-docker-v20250303), or have NVIDIA's GPU operator bring one " +
        '(gpuDriver: "operator")',
    ]);
    const brought = { ...bare, gpuDriver: false };
    const none = { ...bare, gpus: 0, gpuModel: undefined };
    for (const right of [{ ...group, gpuDriver: true }, brought, none])
      assert.deepEqual(await failures({ nodeGroups: [right] }), []);
    assert.deepEqual(await failures({ nodeGroups: [{ ...group, mig: true }] }), [
      'nodeGroups[0].gpuSharing.mig: intel-broadwell-v100 has the model "V100", which cannot be partitioned: timeSlicing shares it',
    ]);
    const place = { dataCenterId: "no-kristiansand-1", machineType: "epyc-genoa-a100-pcie" };
    const a100 = { ...group, ...place, gpuModel: undefined, mig: true };
    const ofParts = async (partitions: object) =>
      failures({
        dataCenterId: place.dataCenterId,
        controlPlane: { ...machine("cp"), machineType: place.machineType },
        nodeGroups: [{ ...a100, partitions }],
      });
    assert.deepEqual(await ofParts({ "1g.10gb": 7 }), []);
    assert.match(
      (await ofParts({ "1g.5gb": 7 })).join(),
      /^nodeGroups\[0\]\.gpuSharing\.partitions: 1g\.5gb is no size of A100 80GB PCIe, which has 1g\.10gb, /,
    );
    assert.match(
      (await failures({ nodeGroups: [{ ...none, image: "windows-11-pro" }] })).join("\n"),
      /^nodeGroups\[0\]\.image: windows-11-pro is Windows, and machines run Linux$/,
    );
    const standing = resource();
    await standing.up({ ...inputs, nodeGroups: [brought] });
    assert.equal((await failures({ nodeGroups: [bare] }, standing)).length, 1, "it is asked anew");
  });

  it("lets what is right, or not known yet, pass", async () => {
    assert.deepEqual(await failures({}), []);
    assert.deepEqual(await failures({ sharedStorage: machine("files") }), []);
    for (const field of Object.keys(inputs)) assert.deepEqual(await failures({ [field]: Unknown.value }), [], field);
    const unknown = { ...group, dataCenterId: Unknown.value, machineType: Unknown.value };
    assert.deepEqual(await failures({ nodeGroups: [unknown, Unknown.value] }), []);
  });

  it("says once that Cudo refuses the key or the project", async () => {
    for (const [changed, told] of [
      [{ apiKey: "other" }, /^cudo\.apiKey: /],
      [{ projectId: "simulater" }, /^cudo\.projectId: /],
    ] as const) {
      const other = await startPlugin(provider, { config: { cudo: { ...cloud.config, ...changed } } });
      const found = await failures({}, new EngineResource(other, type, "plan")).finally(() => other.stop());
      assert.equal(found.length, 1, found.join("\n"));
      assert.match(found[0]!, told);
    }
  });

  it("refuses nothing of what stands, whatever Cudo offers by now, and what is added all the same", async () => {
    const gone = { ...inputs, nodeGroups: [{ ...group, dataCenterId: "us-gone-1", machineType: "gone" }] };
    const log = {
      info: () => {},
      warn: () => assert.fail("its own resource tells"),
      debug: () => {},
      status: () => {},
    };
    const context = { name: "p", urn: "", signal: never, timeoutMs: undefined, log, config: { cudo: cloud.config } };
    const found = async (now: object) => (await plannedClusterHandler.check!(now as never, context, gone)) ?? [];
    const ofGroups = (failures: { property: string }[]) =>
      failures.map(({ property }) => property).filter((property) => property.startsWith("nodeGroups"));
    assert.deepEqual(ofGroups(await found(gone)), []);
    const added = { ...gone, nodeGroups: [...gone.nodeGroups, { ...group, name: "new", gpuModel: "V10" }] };
    assert.deepEqual(ofGroups(await found(added)), ["nodeGroups[1].gpuModel"]);
  });

  it("refuses the name of another cluster of the project, whatever its ids begin with, and not its own", async () => {
    const metadata = { "gpu-clusters-cluster": "named" };
    const vm = (name: string) => new EngineResource(cloud.plugin, "gpu-clusters:cudo:Vm", name);
    const of = (name: string) => new EngineResource(cloud.plugin, type, `${name}-plan`);
    const named = { clusterName: "named", controlPlane: machine("named-control-plane") };
    const looked = of("mine");
    await looked.up({ ...inputs, ...named });
    const made = vm("mine-control-plane");
    await made.up({ ...machine("named-control-plane"), dataCenterId: here, metadata });
    const refusal =
      'clusterName: ClusterNameInUse: the project has a cluster "named" that is not this one (VMs named-control-plane), and machines are told apart by ' +
      "this name: another clusterName is needed, another namePrefix does not do";
    assert.deepEqual(await failures(named, of("other")), [refusal]);
    const prefixed = { ...named, controlPlane: machine("x-named-control-plane") };
    assert.deepEqual(await failures(prefixed, of("other")), [refusal]);
    assert.deepEqual(await failures({ ...named, clusterName: "free" }, of("other")), []);
    assert.deepEqual(await failures(named, looked), [], "it was looked at before its machine was made");
    assert.deepEqual(await failures(named, of("mine")), [], "it is older than the look, or its state was lost");
    const added = { ...named, nodeGroups: [{ ...group, name: "other" }] };
    assert.deepEqual(await failures(added, of("mine")), []);
    await made.destroy();
    const inGroup = vm("other-gpu");
    await inGroup.up({ ...machine("named-gpu-0"), dataCenterId: here, metadata });
    assert.match((await failures(named, of("mine"))).join(), /\(VMs named-gpu-0\)/);
    await inGroup.destroy();
    assert.deepEqual(await failures(named, of("other")), [], "what is gone has no name");
  });

  it("leaves a cluster that is older than it, and a machine that is there, to their own resources", async () => {
    const vm = new EngineResource(cloud.plugin, "gpu-clusters:cudo:Vm", "vm");
    await vm.up({ ...machine("old-control-plane"), dataCenterId: here });
    const old = { controlPlane: { ...machine("old-control-plane"), machineType: "gone" } };
    assert.deepEqual(await failures({ ...old, nodeGroups: [{ ...group, machineType: "gone" }] }), []);
    const files = { ...machine("old-control-plane"), machineType: "gone" };
    assert.deepEqual(await failures({ sharedStorage: files }), []);
    await vm.destroy();
  });
});
