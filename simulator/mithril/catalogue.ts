/** Instance types, regions, images, markets, prices, quotas as the API answers them. */
import { bidsOf, holdsInstances, marketOf, marketsNow, type MarketNow } from "./auction";
import { dollarText, spotInstances } from "./bids";
import {
  clusterImages,
  images,
  instanceTypes,
  regions,
  type InstanceTypeData,
  type RegionData,
} from "./catalogue-data";
import { usualReservationQuota, usualSpotQuota } from "./conditions";
import type { World } from "./model";
import { checkProject, instanceTypeOf, isOffered } from "./orders";
import { reservedCents, reservedHours } from "./reservations";

const isCpu = (type: InstanceTypeData) => type.gpus === 0;

const offered = (world: World) => instanceTypes.filter((type) => isOffered(world, type));

export const listInstanceTypes = (world: World) =>
  offered(world)
    .filter((type) => !isCpu(type))
    .map(instanceTypeView);
export const listCpuInstanceTypes = (world: World) => offered(world).filter(isCpu).map(instanceTypeView);
export const listReservableInstanceTypes = (world: World) =>
  offered(world)
    .filter((type) => type.reservedIn.length > 0)
    .map(instanceTypeView);

function instanceTypeView(type: InstanceTypeData) {
  return {
    fid: type.fid,
    name: type.name,
    num_cpus: type.vcpus,
    cpu_type: "x86_64",
    ram_gb: type.memoryGb,
    num_gpus: type.gpus,
    gpu_type: type.gpuType,
    gpu_memory_gb: type.gpuMemoryGb,
    gpu_socket: type.socket,
    local_storage_gb: type.gpus * 1000,
    network_type: type.gpus >= 8 ? "infiniband" : null,
    ib_count: type.gpus >= 8 ? 8 : 0,
    bridge_count: 0,
    hourly_price: type.hourlyPrice,
  };
}

export const listRegions = () => regions.map(regionView);
export const listCpuRegions = () => regions.filter((region) => region.cpu).map(regionView);

function regionView(region: RegionData) {
  return {
    id: region.id,
    name: region.name,
    block_storage_enabled: region.block,
    fileshare_storage_enabled: region.file,
    k8s_enabled: region.kubernetes,
    max_volume_size_tb: 32,
    max_volume_name_length: 64,
  };
}

export const listImages = () => images.map((image) => imageView(image, regions));
/** Only where clusters can be. */
export const listClusterImages = (region: string) =>
  clusterImages
    .map((image) =>
      imageView(
        image,
        regions.filter((candidate) => candidate.kubernetes),
      ),
    )
    .filter((image) => image.supported_regions.includes(region));

function imageView(image: (typeof images)[number] | (typeof clusterImages)[number], where: readonly RegionData[]) {
  return {
    image_version_fid: image.fid,
    image_version_name: image.name,
    os: image.os,
    kernel: image.kernel,
    stable: image.stable,
    supported_regions: where.map((region) => region.name),
    deactivated_at: null,
    nvidia_driver: image.driver,
    cuda: image.cuda,
    cuda_toolkit: image.cuda,
    nvidia_container_toolkit: null,
    packages: null,
  };
}

export function listSpotAvailability(world: World) {
  const markets = marketsNow(world).filter(({ type }) => isOffered(world, type));
  return markets.map((market) => {
    const { lowest, left } = standing(world, market);
    return {
      fid: `auc_${market.type.fid.slice(3)}_${market.region}`,
      instance_type: market.type.fid,
      region: market.region,
      capacity: left,
      last_instance_price: dollarText(market.spotPriceCents),
      lowest_allocated_price: lowest === undefined ? null : dollarText(lowest),
      adjustable_memory: false,
      default_image_version: images[0].fid,
    };
  });
}

/** Null figures for a type that has no auction there. */
export function currentPrices(world: World, instanceType: string, region: string) {
  const type = instanceTypeOf(instanceType);
  const market =
    region === "" ? marketsNow(world).find((candidate) => candidate.type === type) : marketOf(world, type.fid, region);
  const now = market && standing(world, market);
  return {
    spot_price_cents: market?.spotPriceCents ?? null,
    reserved_price_cents: type.reservedIn.includes(region) ? reservedCents(world, type) : null,
    minimum_price_cents: market?.minimumCents ?? null,
    lowest_allocated_bid_cents: now?.lowest ?? null,
    dynamic_win_price_cents: market?.spotPriceCents ?? null,
    available_capacity: now?.left ?? null,
    total_capacity: market?.capacity ?? null,
  };
}

function standing(world: World, market: MarketNow): { lowest: number | undefined; left: number } {
  const winners = bidsOf(world, market).filter(holdsInstances);
  const used = winners.reduce((sum, bid) => sum + bid.quantity, 0);
  return {
    lowest: winners.length === 0 ? undefined : Math.min(...winners.map((bid) => bid.limitCents)),
    left: Math.max(0, market.capacity - used),
  };
}

export function listQuotas(world: World, project: string) {
  checkProject(world, project);
  return instanceTypes
    .filter((type) => !isCpu(type))
    .flatMap((type) => {
      const common = { project, instance_type: type.fid };
      return [
        {
          ...common,
          fid: `quota_spot_${type.fid}`,
          product_type: "Spot",
          total_quantity: world.conditions.spotQuota?.[type.name] ?? usualSpotQuota,
          used_quantity: spotInstances(world, project, type.fid),
          units: "instances",
          name: `Spot ${type.name}`,
        },
        {
          ...common,
          fid: `quota_reservations_${type.fid}`,
          product_type: "Reservations",
          total_quantity: world.conditions.reservationQuota?.[type.name] ?? usualReservationQuota,
          used_quantity: reservedHours(world, project, type.fid),
          units: "instance-hours",
          name: `Reservations ${type.name}`,
        },
      ];
    });
}
