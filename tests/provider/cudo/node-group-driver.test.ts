import assert from "node:assert/strict";
import { placeholders } from "../../../bootstrap/document";
import { nodeDocumentFromScript, renderBootstrapScript } from "../../../bootstrap/script";
import { CudoApiError } from "../../../provider/cudo/errors";
import type { GroupNodes } from "../../../provider/cudo/group-nodes";
import { GroupShortfall } from "../../../provider/cudo/group-shortfall";
import { CudoNodeGroupDriver, type CudoNodeGroupOptions } from "../../../provider/cudo/node-group-driver";
import type { MachineAccess } from "../../../provider/vault/machine-access";
import { untilRunning } from "../../../provider/node-groups/waiting";
import { worker } from "../../bootstrap/documents";
import { until } from "../../until";
import { home, never, simulatedCloud, type SimulatedCloud, readyNetwork } from "./simulated-cloud";

const waiting = { pace: { firstMs: 5, factor: 1, longestMs: 5 }, patienceMs: 0, refills: false, backoffMs: 0 };
const machine = {
  dataCenterId: home,
  machineType: "intel-broadwell",
  vcpus: 2,
  memoryGib: 4,
  gpus: 0,
  bootDiskSizeGib: 10,
  nics: [{ networkId: "net", assignPublicIp: true }],
};

describe("Cudo node group driver", () => {
  let cloud: SimulatedCloud;
  let calls: string[];
  let warnings: string[];
  let apiServerDown: boolean;
  before(async () => {
    cloud = await simulatedCloud();
  });
  after(() => cloud.close());
  beforeEach(async () => {
    await cloud.simulator.reset();
    await readyNetwork(cloud);
    [calls, warnings, apiServerDown] = [[], [], false];
  });

  const nodes: GroupNodes = {
    mintBootstrapToken: () => Promise.resolve(`token${calls.push("mint")}.secret`),
    revokeToken: (id) => act(`revoke ${id}`),
    cordon: (name) => act(`cordon ${name}`),
    remove: (name) => act(`remove ${name}`),
  };
  const act = (what: string) =>
    apiServerDown ? Promise.reject(new Error("connection refused")) : Promise.resolve(void calls.push(what));
  function driver(rest: Partial<CudoNodeGroupOptions> = {}): CudoNodeGroupDriver {
    return new CudoNodeGroupDriver({
      api: cloud.api,
      clusterName: "train",
      group: "gpu",
      idPrefix: "train",
      owner: "me",
      machine,
      image: () => Promise.resolve("ubuntu-2404"),
      startScript: "#!/bin/bash\necho @@NODE_NAME@@ @@PROVIDER_ID@@ @@BOOTSTRAP_TOKEN@@",
      nodes,
      marks: { labels: {}, taints: [] },
      devices: {},
      warn: (message) => warnings.push(message),
      pace: { firstMs: 5, factor: 1, longestMs: 5 },
      ...rest,
    });
  }
  const settled = (group: CudoNodeGroupDriver) => {
    const log = { status: () => undefined, warn: () => undefined };
    return untilRunning({ driver: group, size: 0, since: new Date(), log }, waiting, never);
  };
  const ids = async (group = driver()) => (await group.describe(never)).machines.map(({ id }) => id).sort();

  it("makes machines under the lowest free numbers, each with its own token", async () => {
    const group = driver();
    await group.resize(3, never);
    await settled(group);
    const { size, machines } = await group.describe(never);
    assert.equal(size, 3);
    assert.deepEqual(
      machines.map(({ id, nodeName, providerId, state }) => [id, nodeName, providerId, state]),
      [
        ["train-gpu-0", "train-gpu-0", `cudo://${cloud.projectId}/train-gpu-0`, "running"],
        ["train-gpu-1", "train-gpu-1", `cudo://${cloud.projectId}/train-gpu-1`, "running"],
        ["train-gpu-2", "train-gpu-2", `cudo://${cloud.projectId}/train-gpu-2`, "running"],
      ],
    );
    assert.equal(calls.filter((call) => call === "mint").length, 3);
    await group.remove(["train-gpu-1"], never);
    await group.resize(4, never);
    assert.deepEqual(await ids(), ["train-gpu-0", "train-gpu-1", "train-gpu-2", "train-gpu-3"]);
  });

  it("makes no machine where the node of an earlier one of its name stays: its token would count as spent", async () => {
    const stays: GroupNodes = { ...nodes, remove: () => Promise.reject(new Error("HTTP 503")) };
    await assert.rejects(
      driver({ nodes: stays }).resize(1, never),
      /node train-gpu-0, which an earlier machine may have left, could not be removed: HTTP 503/,
    );
    assert.deepEqual([await ids(), calls], [[], []]);
    await driver().resize(1, never);
    assert.deepEqual(await ids(), ["train-gpu-0"]);
  });

  it("revokes the token of a machine that was not made, or not under that name", async () => {
    await cloud.api.vms.create({ ...machine, vmId: "train-gpu-0", bootDiskImageId: "ubuntu-2404" }, never);
    const refusing = driver({ machine: { ...machine, machineType: "no-such-type" } });
    await assert.rejects(refusing.resize(1, never), GroupShortfall);
    assert.deepEqual(
      calls.filter((call) => /mint|revoke/.test(call)),
      ["mint", "revoke token2"],
    );
  });

  it("never removes a live machine to reach a smaller size, and repeats without effect", async () => {
    await driver().resize(2, never);
    await driver().resize(1, never);
    await driver().resize(2, never);
    assert.equal((await ids()).length, 2);
  });

  it("keeps groups and clusters apart", async () => {
    await driver().resize(1, never);
    await driver({ group: "cpu" }).resize(1, never);
    await driver({ clusterName: "other", idPrefix: "other" }).resize(1, never);
    assert.deepEqual(await ids(), ["train-gpu-0"]);
    await assert.rejects(driver().remove(["train-cpu-0"], never), /not machines of node group "gpu"; none was removed/);
    await driver().destroy(never);
    assert.deepEqual((await cloud.api.vms.list(never)).map(({ id }) => id).sort(), ["other-gpu-0", "train-cpu-0"]);
  });

  it("steps over numbers that other VMs have", async () => {
    await cloud.api.vms.create({ ...machine, vmId: "train-gpu-0", bootDiskImageId: "ubuntu-2404" }, never);
    await driver().resize(1, never);
    assert.deepEqual(await ids(), ["train-gpu-1"]);
  });

  it("gives each machine whose disk is encrypted its own credential, and takes it back with it and with what was cut short", async () => {
    const granted = new Set<string>();
    const access: MachineAccess = {
      grant: (id) => {
        granted.add(id);
        return Promise.resolve({ roleId: `role-${id}`, wrappedSecretId: `once-${id}`, keyPath: `keys/${id}` });
      },
      forgetKey: () => Promise.resolve(),
      forgetDisk: () => Promise.resolve(),
      revoke: (id) => Promise.resolve(void granted.delete(id)),
      machines: () => Promise.resolve([...granted]),
    };
    const scripts: string[] = [];
    const create: typeof cloud.api.vms.create = (request, signal) => {
      scripts.push(request.startScript!);
      return cloud.api.vms.create(request, signal);
    };
    const diskEncryption = {
      address: "https://vault.example.com:8200",
      authMount: "gpu-clusters",
      keyMount: "secret",
      roleId: placeholders.vaultRoleId,
      wrappedSecretId: placeholders.vaultToken,
      keyPath: placeholders.vaultKeyPath,
    };
    const startScript = renderBootstrapScript({ ...worker, diskEncryption }, { delivery: "cudo-start-script" });
    const group = driver({ access, startScript, api: { ...cloud.api, vms: { ...cloud.api.vms, create } } });
    await group.resize(2, never);
    await settled(group);
    const told = scripts.map((script) => nodeDocumentFromScript(script)!);
    for (const { nodeName, diskEncryption: own } of told)
      assert.deepEqual(own, {
        ...diskEncryption,
        roleId: `role-${nodeName}`,
        wrappedSecretId: `once-${nodeName}`,
        keyPath: `keys/${nodeName}`,
      });
    assert.deepEqual(told.map(({ nodeName }) => nodeName).sort(), ["train-gpu-0", "train-gpu-1"]);
    await group.remove(["train-gpu-1"], never);
    assert.deepEqual([...granted], ["train-gpu-0"]);
    for (const id of ["train-gpu-7", "train-cpu-0", "strange"]) granted.add(id);
    await group.destroy(never);
    assert.deepEqual([...granted], ["train-cpu-0", "strange"]);
  });

  it("keeps the key of a machine that a lost answer hid, while its create is repeated", async () => {
    const keys = new Set(["keys of an earlier machine"]);
    const access = {
      grant: (id: string) => Promise.resolve({ roleId: "role", wrappedSecretId: "once", keyPath: id }),
      forgetKey: () => Promise.resolve(keys.clear()),
    } as Partial<MachineAccess> as MachineAccess;
    let sent = 0;
    const create: typeof cloud.api.vms.create = async (request, signal) => {
      sent++;
      await cloud.api.vms.create(request, signal);
      keys.add("its own");
      throw new CudoApiError({ request: "creating a VM", kind: "unavailable", cloudMessage: "no answer" });
    };
    const find: typeof cloud.api.vms.find = (id, signal) =>
      sent === 1 ? Promise.resolve(undefined) : cloud.api.vms.find(id, signal);
    await driver({ access, api: { ...cloud.api, vms: { ...cloud.api.vms, create, find } } }).resize(1, never);
    assert.deepEqual([sent, [...keys]], [2, ["its own"]]);
  });

  it("cordons, terminates, waits, and then removes the node", async () => {
    const group = driver();
    await group.resize(2, never);
    await settled(group);
    const token = (await cloud.api.vms.find("train-gpu-1", never))!.metadata["gpu-clusters-token"]!;
    calls = [];
    await group.remove(["train-gpu-1", "train-gpu-7"], never);
    assert.deepEqual(calls, ["cordon train-gpu-1", "remove train-gpu-1", `revoke ${token}`, "remove train-gpu-7"]);
    assert.equal(await cloud.api.vms.find("train-gpu-1", never), undefined);
    assert.deepEqual(await ids(), ["train-gpu-0"]);
  });

  it("revokes the token of a machine that somebody else deleted, once Cudo says that there is none, and as soon as the API server answers", async () => {
    const lagging = new Set<string>();
    const list: typeof cloud.api.vms.list = async (signal) =>
      (await cloud.api.vms.list(signal)).filter(({ id }) => !lagging.has(id));
    const group = driver({ api: { ...cloud.api, vms: { ...cloud.api.vms, list } } });
    await group.resize(2, never);
    await settled(group);
    const token = (await cloud.api.vms.find("train-gpu-1", never))!.metadata["gpu-clusters-token"]!;
    const revoked = async () => {
      calls = [];
      await group.describe(never);
      return calls;
    };
    lagging.add("train-gpu-1");
    assert.deepEqual(await revoked(), [], "Cudo's list was behind");
    await cloud.api.vms.terminate("train-gpu-1", never);
    await until("it is gone", async () => (await cloud.api.vms.find("train-gpu-1", never)) === undefined);
    apiServerDown = true;
    assert.deepEqual(await revoked(), []);
    assert.match(warnings.join("\n"), /could not delete the bootstrap token .*connection refused/);
    apiServerDown = false;
    assert.deepEqual(await revoked(), [`revoke ${token}`]);
    assert.deepEqual(await revoked(), []);
    await group.remove(["train-gpu-0"], never);
    assert.deepEqual(await revoked(), [], "what the group removed itself has nothing left");
  });

  it("revokes a deleted machine's token also where another has its name already", async () => {
    const group = driver();
    await group.resize(1, never);
    await settled(group);
    const token = (await cloud.api.vms.find("train-gpu-0", never))!.metadata["gpu-clusters-token"]!;
    const other = driver();
    await other.destroy(never);
    await other.resize(1, never);
    calls = [];
    await group.describe(never);
    await group.describe(never);
    assert.deepEqual(calls, [`revoke ${token}`]);
  });

  it("removes machines although the API server does not answer, and says so", async () => {
    const group = driver({ startScript: "#!/bin/bash\ntrue" });
    await group.resize(2, never);
    apiServerDown = true;
    await group.destroy(never);
    assert.deepEqual(await cloud.api.vms.list(never), []);
    assert.match(warnings.join("\n"), /could not cordon the nodes train-gpu-0, train-gpu-1: connection refused/);
  });

  it("terminates machines that are still booting", async () => {
    const group = driver();
    await group.resize(2, never);
    await group.destroy(never);
    assert.deepEqual(await cloud.api.vms.list(never), []);
  });

  it("keeps what could be made, and tells the shortage in the cloud's words", async () => {
    await cloud.simulator.setConditions("cudo", { quotas: { vms: 2 } });
    const since = new Date();
    const group = driver();
    await assert.rejects(group.resize(4, never), (error: unknown) => {
      assert.ok(error instanceof GroupShortfall);
      assert.match(error.message, /train\/gpu": 2 of 4 machines could not be made: .*Quota exceeded/);
      return true;
    });
    assert.equal((await ids()).length, 2);
    const problems = await group.problems(since, never);
    assert.ok(problems.length > 0 && problems.every(({ kind }) => kind === "quota"));
    assert.deepEqual(await group.problems(new Date(Date.now() + 1000), never), []);
  });

  it("asks no further when there is no capacity", async () => {
    await cloud.simulator.setConditions("cudo", { outOfCapacity: {} });
    await cloud.simulator.clearRequests();
    const group = driver();
    await assert.rejects(group.resize(50, never), GroupShortfall);
    assert.ok((await cloud.operations()).filter((operation) => operation === "CreateVM").length <= 5);
    assert.equal((await group.problems(new Date(0), never))[0]!.kind, "capacity");
  });

  it("removes machines that failed and makes others in their place", async () => {
    await cloud.simulator.setConditions("cudo", { vmFails: { id: "train-gpu-1" } });
    const group = driver();
    await group.resize(2, never);
    await assert.rejects(settled(group), /train-gpu-1 failed while being made, and were removed/);
    assert.deepEqual(await ids(), ["train-gpu-0"]);
    await group.resize(2, never);
    await settled(group);
    assert.deepEqual(await ids(), ["train-gpu-0", "train-gpu-1"]);
    assert.match(
      (await group.problems(new Date(0), never)).map(({ message }) => message).join(),
      /train-gpu-1.*FAILED/,
    );
  });

  it("makes no machine twice when answers are lost", async () => {
    await cloud.fault({ operation: "CreateVM" }, { effect: "after", times: 2, outcome: "dropConnection" });
    await driver().resize(3, never);
    assert.equal((await cloud.api.vms.list(never)).length, 3);
  });

  it("stops when it is told to", async () => {
    const controller = new AbortController();
    const group = driver({
      image: () => {
        controller.abort(new Error("enough"));
        return Promise.resolve("ubuntu-2404");
      },
    });
    await assert.rejects(group.resize(3, controller.signal), /enough/);
    assert.deepEqual(await cloud.api.vms.list(never), []);
  });
});
