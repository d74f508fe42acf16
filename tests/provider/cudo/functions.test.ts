import assert from "node:assert/strict";
import { provider } from "../../../plugin/provider";
import type { GetDataCentersResult, GetImagesResult, GetMachineTypesResult } from "../../../sdk/cudo";
import { EngineResource, startPlugin } from "../server/harness";
import { never, simulatedCloud, vmInputs, type SimulatedCloud } from "./simulated-cloud";

describe("Cudo functions and credentials", () => {
  let cloud: SimulatedCloud;
  before(async () => {
    cloud = await simulatedCloud();
  });
  after(() => cloud.close());

  async function invoke<T>(name: string, args: object): Promise<T> {
    const handler = await provider.functions[`gpu-clusters:cudo:${name}`]!();
    return (await handler.invoke(args, { signal: never, config: { cudo: cloud.config } })) as T;
  }

  it("list machine types, with bounds only where there are some", async () => {
    const { machineTypes } = await invoke<GetMachineTypesResult>("getMachineTypes", { gpuModel: "h100" });
    assert.deepEqual([...new Set(machineTypes.map(({ gpuModel }) => gpuModel))].sort(), ["H100 NVL", "H100 SXM"]);
    const { machineTypes: plain } = await invoke<GetMachineTypesResult>("getMachineTypes", {
      dataCenterId: "gb-bournemouth-1",
    });
    assert.deepEqual(
      plain.map(({ machineType }) => machineType),
      ["intel-broadwell"],
    );
    assert.equal(plain[0]!.maxVcpuPerGpu, undefined);
    assert.doesNotMatch(JSON.stringify(plain), /null/);
  });

  it("list data centers and images", async () => {
    const { dataCenters } = await invoke<GetDataCentersResult>("getDataCenters", { renewableEnergy: true });
    assert.ok(dataCenters.length > 0 && dataCenters.every(({ renewableEnergy }) => renewableEnergy));
    const { images } = await invoke<GetImagesResult>("getImages", { prefix: "ubuntu-2204-nvidia" });
    assert.deepEqual(
      images.map(({ id }) => id),
      ["ubuntu-2204-nvidia-550-docker-v20250303", "ubuntu-2204-nvidia-535-docker-v20241017"],
    );
  });

  for (const [what, config, property, reason] of [
    ["a wrong key", { apiKey: "wrong" }, "cudo.apiKey", /CUDO_API_KEY.*invalid api key/],
    ["a foreign project", { projectId: "not-mine" }, "cudo.projectId", /may not use the project "not-mine"/],
  ] as const) {
    it(`report ${what} as one failure of the configuration`, async () => {
      const plugin = await startPlugin(provider, { config: { cudo: { ...cloud.config, ...config } } });
      try {
        const { failures } = await new EngineResource(plugin, "gpu-clusters:cudo:Vm", "vm").check({ ...vmInputs });
        assert.deepEqual(
          failures.map((failure) => failure.property),
          [property],
        );
        assert.match(failures[0]!.reason, reason);
        assert.doesNotMatch(failures[0]!.reason, /wrong"/);
      } finally {
        await plugin.stop();
      }
    });
  }

  it("ask for the key by its name when there is none", async () => {
    const { CUDO_API_KEY: kept } = process.env;
    delete process.env.CUDO_API_KEY;
    const { baseUrl, projectId } = cloud.config;
    const plugin = await startPlugin(provider, { config: { cudo: { baseUrl, projectId } } });
    try {
      const { failures } = await new EngineResource(plugin, "gpu-clusters:cudo:Vm", "vm").check({ ...vmInputs });
      assert.deepEqual(
        failures.map(({ property }) => property),
        ["cudo.apiKey"],
      );
      assert.match(failures[0]!.reason, /CUDO_API_KEY in the environment/);
    } finally {
      await plugin.stop();
      if (kept !== undefined) process.env.CUDO_API_KEY = kept;
    }
  });
});
