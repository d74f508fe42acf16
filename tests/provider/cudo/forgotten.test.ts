/** What Cudo accepts and does not do, or not to the end. */
import assert from "node:assert/strict";
import type { CudoApi } from "../../../provider/cudo/api";
import { createCudoClient } from "../../../provider/cudo/client";
import { createOnce } from "../../../provider/cudo/create-once";
import { decodeVm } from "../../../provider/cudo/decode";
import { parseError } from "../../../provider/cudo/errors";
import { bringDown, bringUp } from "../../../provider/cudo/handlers/lifecycle";
import { vmLifecycle } from "../../../provider/cudo/handlers/vm-lifecycle";
import { CudoNodeGroupDriver } from "../../../provider/cudo/node-group-driver";
import type { PartialFailure } from "../../../provider/server/resource";
import { moveClock } from "../../moved-clock";
import { until } from "../../until";
import { EngineResource } from "../server/harness";
import { fakeServer } from "./fake-server";
import { home, never, readyNetwork, simulatedCloud, vmInputs, type SimulatedCloud } from "./simulated-cloud";

const minuteMs = 60_000;

describe("What Cudo accepts", function () {
  this.timeout(120_000);
  let cloud: SimulatedCloud;
  let endMove: (() => void) | undefined;
  before(async () => (cloud = await simulatedCloud()));
  after(() => cloud.close());
  afterEach(() => endMove?.());

  const accepted = { effect: "before", outcome: { status: 200, body: {} } } as const;
  const terminations = async () => (await cloud.operations()).filter((name) => name === "TerminateVM").length;
  const aMinuteAfterTheFirst = async () => {
    await until("it is accepted", async () => (await terminations()) === 1);
    endMove = moveClock(minuteMs + 1);
  };

  it("and forgets is asked for again: a VM that is to go", async () => {
    const vm = new EngineResource(cloud.plugin, "gpu-clusters:cudo:Vm", "vm");
    await vm.up({ ...vmInputs });
    await cloud.simulator.clearRequests();
    await cloud.fault({ operation: "TerminateVM" }, accepted);
    await Promise.all([vm.destroy(), aMinuteAfterTheFirst()]);
    assert.deepEqual([await terminations(), await cloud.api.vms.list(never)], [2, []]);
  });

  it("and forgets is asked for again: a group's machine that is to go", async () => {
    await readyNetwork(cloud);
    const done = () => Promise.resolve();
    const group = new CudoNodeGroupDriver({
      api: cloud.api,
      clusterName: "train",
      group: "gpu",
      idPrefix: "train",
      owner: "me",
      machine: {
        ...{ dataCenterId: home, machineType: "intel-broadwell", vcpus: 2, memoryGib: 4, gpus: 0 },
        nics: [{ networkId: "net", assignPublicIp: true }],
      },
      image: () => Promise.resolve("ubuntu-2404"),
      startScript: "#!/bin/bash",
      nodes: { mintBootstrapToken: () => Promise.resolve("a.b"), revokeToken: done, cordon: done, remove: done },
      marks: { labels: {}, taints: [] },
      devices: {},
      warn: () => undefined,
    });
    await group.resize(1, never);
    await until("it runs", async () =>
      (await group.describe(never)).machines.every(({ state }) => state === "running"),
    );
    await cloud.simulator.clearFaults();
    await cloud.simulator.clearRequests();
    await cloud.fault({ operation: "TerminateVM" }, accepted);
    await Promise.all([group.destroy(never), aMinuteAfterTheFirst()]);
    assert.deepEqual([await terminations(), await cloud.api.vms.list(never)], [2, []]);
  });

  it("and refuses to repeat is waited for: a VM that is slow to go", async () => {
    let [looks, asked] = [0, 0];
    const vms = {
      find: () => Promise.resolve(++looks > 4 ? undefined : decodeVm({ id: "vm", state: "ACTIVE" })),
      terminate: () =>
        ++asked === 1
          ? Promise.resolve()
          : Promise.reject(parseError("POST /vms/vm/terminate", 400, new Headers(), '{"code":9,"message":"busy"}')),
    };
    const plan = { id: "vm", urn: "urn", inputs: { ...vmInputs }, imageId: "ubuntu-2404", access: undefined };
    const lifecycle = vmLifecycle({ projectId: "p", vms } as unknown as CudoApi, plan);
    const status = () => {
      endMove?.();
      endMove = moveClock(looks * (minuteMs + 1));
    };
    await bringDown(lifecycle, { signal: never, log: { status } as never });
    assert.deepEqual([looks, asked], [5, 4]);
  });

  it("and suspends is not waited for until the time is up, and told by its state", async () => {
    let made = false;
    const shown: string[] = [];
    const vms = {
      find: () => Promise.resolve(made ? decodeVm({ id: "vm", state: "SUSPENDED" }) : undefined),
      create: () => Promise.resolve(void (made = true)),
    };
    const plan = { id: "vm", urn: "urn", inputs: { ...vmInputs }, imageId: "ubuntu-2404", access: undefined };
    const log = {
      status: (message: string) => {
        shown.push(message);
        if (shown.length === 2) endMove = moveClock(5 * minuteMs + 1);
      },
    };
    const lifecycle = vmLifecycle({ projectId: "p", vms } as unknown as CudoApi, plan);
    const told =
      /VM "vm" is SUSPENDED and does not come up by itself: .*credit.*; VM "vm" is not ready yet \(SUSPENDED\)/;
    await assert.rejects(bringUp(lifecycle, { signal: never, log: log as never }), (error: PartialFailure) => {
      assert.match(error.reasons.join(), told);
      return true;
    });
    assert.ok(shown.every((state) => state === "SUSPENDED"));
  });

  it("late, as it says itself, is not waited for in silence", async () => {
    const server = await fakeServer(({ method }) =>
      method === "POST"
        ? { status: 503, json: { code: 14, message: "maintenance" }, headers: { "retry-after": "7200" } }
        : { status: 404, json: { code: 5, message: "not found" } },
    );
    const backoff = { retries: 3, firstMs: 1, factor: 1, longestMs: 1 };
    const api = createCudoClient({ baseUrl: server.url, apiKey: "k", projectId: "p", backoff });
    const disk = { id: "d", dataCenterId: home, sizeGib: 1 };
    const create = {
      kind: "disk",
      id: "d",
      importHint: "",
      find: (signal: AbortSignal) => api.disks.find("d", signal),
      send: (signal: AbortSignal) => api.disks.create(disk, signal),
      differences: () => [],
    };
    try {
      await assert.rejects(createOnce(create, never, backoff), /whether disk "d" was made is unknown: .*maintenance/);
    } finally {
      await server.close();
    }
  });
});
