import { InvalidArguments, type FunctionHandler } from "../../server/resource";
import type * as functions from "../../../sdk/mithril/functions";
import { formatMoney } from "../../../sdk/mithril/money";
import { resolveInstanceType } from "../offers";
import { connect } from "../connection";

export const getInstanceTypesHandler: FunctionHandler<
  functions.GetInstanceTypesArgs,
  functions.GetInstanceTypesResult
> = {
  async invoke({ name, region }, { config, signal }) {
    const { instanceTypes, markets } = await connect(config).catalogue.read(signal);
    const wanted = name?.toLowerCase();
    const chosen = instanceTypes.filter(
      (type) =>
        (wanted === undefined || type.name.toLowerCase().includes(wanted)) &&
        (region === undefined ||
          markets.some((market) => market.region === region && market.instanceType === type.fid)),
    );
    return { instanceTypes: [...chosen] };
  },
};

export const getSpotAvailabilityHandler: FunctionHandler<
  functions.GetSpotAvailabilityArgs,
  functions.GetSpotAvailabilityResult
> = {
  async invoke({ region, instanceType }, { config, signal }) {
    const { instanceTypes, markets } = await connect(config).catalogue.read(signal);
    const nameOf = (fid: string) => instanceTypes.find((type) => type.fid === fid)?.name ?? "";
    const chosen = markets
      .filter((market) => region === undefined || market.region === region)
      .filter(
        ({ instanceType: fid }) => instanceType === undefined || instanceType === fid || instanceType === nameOf(fid),
      );
    return {
      markets: chosen.map((market) => ({
        instanceType: market.instanceType,
        instanceTypeName: nameOf(market.instanceType),
        region: market.region,
        capacity: market.capacity,
        lastInstancePrice: market.lastInstancePrice,
        lowestAllocatedPrice: market.lowestAllocatedPrice ?? "",
        adjustableMemory: market.adjustableMemory,
      })),
    };
  },
};

export const getCurrentPricesHandler: FunctionHandler<
  functions.GetCurrentPricesArgs,
  functions.GetCurrentPricesResult
> = {
  async invoke({ instanceType, region }, { config, signal }) {
    const { api, catalogue } = connect(config);
    const fid = resolveInstanceType(instanceType, region, await catalogue.read(signal));
    if (fid === undefined) throw new Error(`instanceType: there is no instance type "${instanceType}"`);
    const prices = await api.currentPrices({ instanceType: fid, region }, signal);
    const money = (cents: number | undefined) => (cents === undefined ? undefined : formatMoney(cents));
    return {
      spotPrice: money(prices.spotPriceCents),
      reservedPrice: money(prices.reservedPriceCents),
      minimumPrice: money(prices.minimumPriceCents),
      lowestAllocatedBid: money(prices.lowestAllocatedBidCents),
      availableCapacity: prices.availableCapacity,
      totalCapacity: prices.totalCapacity,
    };
  },
};

export const getRegionsHandler: FunctionHandler<functions.GetRegionsArgs, functions.GetRegionsResult> = {
  async invoke({ kubernetes }, { config, signal }) {
    const { regions } = await connect(config).catalogue.read(signal);
    const chosen = regions.filter((region) => !kubernetes || region.kubernetes);
    return {
      regions: chosen.map(({ name, kubernetes: hosts, blockStorage, fileShares, maxVolumeSizeTb }) => {
        return { name, kubernetes: hosts, blockStorage, fileShares, maxVolumeSizeTb };
      }),
    };
  },
};

export const getImagesHandler: FunctionHandler<functions.GetImagesArgs, functions.GetImagesResult> = {
  async invoke({ region, controlPlane }, { config, signal }) {
    const { api } = connect(config);
    if (controlPlane && region === undefined) {
      const reason = "is required: Mithril lists images of control planes by region";
      throw new InvalidArguments([{ property: "region", reason }]);
    }
    const images = await (controlPlane ? api.clusterImages(region!, signal) : api.images(signal));
    const offered = images.filter(
      (image) => image.deactivatedAt === undefined && (region === undefined || image.regions.includes(region)),
    );
    return {
      images: offered
        .sort((a, b) => Number(b.stable) - Number(a.stable))
        .map(({ fid, name, os, kernel, stable, nvidiaDriver, cuda }) => ({
          fid,
          name,
          os,
          kernel,
          stable,
          nvidiaDriver,
          cuda,
        })),
    };
  },
};
