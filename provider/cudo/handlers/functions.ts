import type { FunctionHandler } from "../../server/resource";
import type {
  GetDataCentersArgs,
  GetDataCentersResult,
  GetImagesArgs,
  GetImagesResult,
  GetMachineTypesArgs,
  GetMachineTypesResult,
  MachineTypeOffer,
} from "../../../sdk/cudo/functions";
import { matchingImages } from "../images";
import type { MachineType } from "../types";
import { connect } from "../connection";

export const getMachineTypesHandler: FunctionHandler<GetMachineTypesArgs, GetMachineTypesResult> = {
  async invoke({ dataCenterId, gpuModel }, { config, signal }) {
    const { machineTypes } = await connect(config).catalogue.read(signal);
    const wanted = gpuModel?.toLowerCase();
    const chosen = machineTypes.filter(
      (type) =>
        (dataCenterId === undefined || type.dataCenterId === dataCenterId) &&
        (wanted === undefined || type.gpuModel.toLowerCase().includes(wanted)),
    );
    return { machineTypes: chosen.map(offer) };
  },
};

export const getDataCentersHandler: FunctionHandler<GetDataCentersArgs, GetDataCentersResult> = {
  async invoke({ renewableEnergy }, { config, signal }) {
    const { dataCenters } = await connect(config).catalogue.read(signal);
    return { dataCenters: dataCenters.filter((each) => !renewableEnergy || each.renewableEnergy) };
  },
};

export const getImagesHandler: FunctionHandler<GetImagesArgs, GetImagesResult> = {
  async invoke({ prefix }, { config, signal }) {
    const { images } = await connect(config).catalogue.read(signal);
    const chosen = prefix ? matchingImages(prefix, images) : images;
    return {
      images: chosen.map(({ id, name, description, platform, sizeGib }) => ({
        id,
        name,
        description,
        platform,
        sizeGib,
      })),
    };
  },
};

/** Infinity is no value of a program's: a missing bound bounds nothing. */
function offer(type: MachineType): MachineTypeOffer {
  const { maxVcpuPerMemoryGib, maxVcpuPerGpu } = type;
  return {
    dataCenterId: type.dataCenterId,
    machineType: type.machineType,
    cpuModel: type.cpuModel,
    gpuModel: type.gpuModel,
    minVcpu: type.minVcpu,
    minMemoryGib: type.minMemoryGib,
    minVcpuPerMemoryGib: type.minVcpuPerMemoryGib,
    ...(Number.isFinite(maxVcpuPerMemoryGib) && { maxVcpuPerMemoryGib }),
    minVcpuPerGpu: type.minVcpuPerGpu,
    ...(Number.isFinite(maxVcpuPerGpu) && { maxVcpuPerGpu }),
    vcpuPriceHr: type.vcpuPriceHr,
    memoryGibPriceHr: type.memoryGibPriceHr,
    gpuPriceHr: type.gpuPriceHr,
    storageGibPriceHr: type.storageGibPriceHr,
    ipv4PriceHr: type.ipv4PriceHr,
    maxVcpuFree: type.maxVcpuFree,
    maxMemoryGibFree: type.maxMemoryGibFree,
    maxGpuFree: type.maxGpuFree,
    totalGpuFree: type.totalGpuFree,
  };
}
