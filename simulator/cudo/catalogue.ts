/** The catalogue as the API answers it (reference: Cudo API, GET /v1/vms/data-centers, /v1/vms/machine-types and others). */
import { capacityShown } from "./catalogue-free";
import {
  dataCenters,
  gpuModels,
  machineTypes,
  prices,
  publicImages,
  shapeRules,
  type MachineType,
} from "./catalogue-data";
import { findMachineType, freePublicAddresses } from "./capacity";
import { notFound } from "./errors";
import type { World } from "./model";

/** Money, as `google.type.Decimal` travels. */
export function money(value: number): { value: string } {
  return { value: String(Number(value.toFixed(6))) };
}

export function listDataCenters(world: World) {
  return {
    dataCenters: dataCenters.map((dataCenter) => ({
      id: dataCenter.id,
      supplierName: "Simulated",
      renewableEnergy: dataCenter.renewableEnergy,
      ipv4Free: freePublicAddresses(world.state, world.conditions, dataCenter),
      ipv4PriceHr: money(prices.ipv4),
      s3Endpoint: "",
      location: { latitude: dataCenter.latitude, longitude: dataCenter.longitude },
      networkPriceHr: money(prices.network),
      networkPricing: [{ priceHr: money(prices.network) }],
      diskPoolPricing: [{ diskGibPriceHr: money(prices.storageGib) }],
      objectStorageGibPriceHr: money(prices.storageGib),
    })),
  };
}

export function listMachineTypes(world: World) {
  const offered = machineTypes.filter(({ id }) => id !== world.conditions.withdrawn?.machineType);
  return { machineTypes: offered.map((type) => machineTypeView(world, type)) };
}

export function getMachineType(world: World, dataCenterId: string, id: string) {
  const type = findMachineType(dataCenterId, id);
  if (!type) throw notFound("machine type", id);
  return machineTypeView(world, type);
}

export function listGpuModels() {
  return {
    gpuModels: gpuModels.map((model) => ({
      id: model.id,
      vendorName: "NVIDIA",
      modelName: model.name,
      memoryGib: model.memoryGib,
    })),
  };
}

export function listPublicImages(world: World) {
  const offered = publicImages.filter(({ id }) => id !== world.conditions.withdrawn?.image);
  return {
    images: offered.map((image) => ({
      id: image.id,
      name: image.name,
      description: "",
      displayName: image.name,
      platform: image.platform,
      sizeGib: image.sizeGib,
      installedPackages: image.packages.map((entry) => ({ ...entry, description: "" })),
    })),
  };
}

function machineTypeView(world: World, type: MachineType) {
  const perUnit = {
    vcpuPriceHr: money(prices.vcpu),
    memoryGibPriceHr: money(prices.memoryGib),
    gpuPriceHr: money(type.gpu?.priceHr ?? 0),
  };
  return {
    dataCenterId: type.dataCenterId,
    machineType: type.id,
    cpuModel: type.cpuModel,
    gpuModel: type.gpu?.name ?? "",
    gpuModelId: type.gpu?.id ?? "",
    minVcpu: shapeRules.minVcpu,
    minMemoryGib: shapeRules.minMemoryGib,
    minVcpuPerMemoryGib: shapeRules.minVcpuPerMemoryGib,
    maxVcpuPerMemoryGib: shapeRules.maxVcpuPerMemoryGib,
    minVcpuPerGpu: type.gpu ? shapeRules.minVcpuPerGpu : 0,
    // A double that JSON has no number for travels as a string.
    maxVcpuPerGpu: type.gpu ? shapeRules.maxVcpuPerGpu : "Infinity",
    ...perUnit,
    minStorageGibPriceHr: money(prices.storageGib),
    ipv4PriceHr: money(prices.ipv4),
    renewableEnergy: dataCenters.find((dataCenter) => dataCenter.id === type.dataCenterId)?.renewableEnergy ?? false,
    ...capacityShown(world, type),
    prices: [{ ...perUnit, commitmentTerm: "COMMITMENT_TERM_NONE" }],
  };
}
