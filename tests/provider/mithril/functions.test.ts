import assert from "node:assert/strict";
import { checkMithrilConfig } from "../../../sdk/mithril/config";
import * as handlers from "../../../provider/mithril/handlers/functions";
import { mithrilFunctions, mithrilResources } from "../../../provider/mithril/handlers";
import { provider } from "../../../plugin/provider";
import { signal, TestMithril } from "./cloud";

describe("Mithril functions", () => {
  let mithril: TestMithril;
  before(async () => {
    mithril = await TestMithril.start();
  });
  after(() => mithril.close());
  const context = () => ({ config: mithril.config, signal: signal() });

  it("list instance types of a region", async () => {
    const found = await handlers.getInstanceTypesHandler.invoke({ name: "H100", region: "us-central5-a" }, context());
    assert.deepEqual(
      found.instanceTypes.map(({ fid, gpus, gpuType }) => ({ fid, gpus, gpuType })),
      [{ fid: "it_5ECSoHQjLBzrp5YM", gpus: 8, gpuType: "H100" }],
    );
  });

  it("tell markets and prices by name, although a name has a fid for each region", async () => {
    const type = { instanceType: "h100-80gb.sxm.8x" };
    const { markets } = await handlers.getSpotAvailabilityHandler.invoke(type, context());
    assert.deepEqual(
      markets.map(({ region, lastInstancePrice }) => `${region} ${lastInstancePrice}`),
      ["us-central5-a $16.00", "eu-central1-a $18.00"],
    );
    assert.deepEqual(await handlers.getCurrentPricesHandler.invoke({ ...type, region: "eu-central1-a" }, context()), {
      spotPrice: "$18.00",
      reservedPrice: "$20.00",
      minimumPrice: "$0.50",
      lowestAllocatedBid: undefined,
      availableCapacity: 4,
      totalCapacity: 4,
    });
    await assert.rejects(
      handlers.getCurrentPricesHandler.invoke({ instanceType: "h1" }, context()),
      /instanceType: there is no instance type "h1"/,
    );
  });

  it("list regions that can have clusters, and images, the stable one first", async () => {
    const { regions } = await handlers.getRegionsHandler.invoke({ kubernetes: true }, context());
    assert.deepEqual(
      regions.map(({ name }) => name),
      ["us-central1-b", "us-central5-a", "us-east1-a"],
    );
    const { images } = await handlers.getImagesHandler.invoke({ region: "us-central5-a" }, context());
    assert.deepEqual(
      images.map(({ stable }) => stable),
      [true, false],
    );
    const control = await handlers.getImagesHandler.invoke({ controlPlane: true, region: "us-east1-a" }, context());
    assert.deepEqual(
      control.images.map(({ name }) => name),
      ["mcc-control-plane"],
    );
    await assert.rejects(handlers.getImagesHandler.invoke({ controlPlane: true }, context()), /region: is required/);
  });

  it("are all in the provider's table", () => {
    const served = (table: object) => Object.keys(table).filter((token) => token.includes(":mithril:"));
    assert.deepEqual(served(provider.functions).sort(), Object.keys(mithrilFunctions).sort());
    assert.deepEqual(served(provider.resources).sort(), Object.keys(mithrilResources).sort());
  });
});

describe("Mithril configuration", () => {
  it("comes from the program before the environment", () => {
    const environment = { MITHRIL_API_KEY: "fkey_env", MITHRIL_PROJECT: "proj_env", MITHRIL_API_URL: " " };
    const { config, failures } = checkMithrilConfig({ projectId: "proj_given" }, environment);
    assert.deepEqual(config, { apiKey: "fkey_env", projectId: "proj_given", baseUrl: "https://api.mithril.ai" });
    assert.deepEqual(failures, []);
  });

  it("is refused where it cannot be right, without showing the key", () => {
    const { failures } = checkMithrilConfig(
      { apiKey: "fkey_a b", projectId: "My project", baseUrl: "api.mithril.ai" },
      {},
    );
    assert.deepEqual(
      failures.map(({ property }) => property),
      ["mithril.baseUrl", "mithril.apiKey", "mithril.projectId"],
    );
    assert.doesNotMatch(JSON.stringify(failures), /fkey_a/);
  });
});
