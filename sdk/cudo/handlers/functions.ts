import type { FunctionHandler } from "../../plugin/resource";
import type {
  GetDataCentersArgs,
  GetDataCentersResult,
  GetImagesArgs,
  GetImagesResult,
  GetMachineTypesArgs,
  GetMachineTypesResult,
  MachineTypeOffer,
} from "../functions";
import { matchingImages } from "../images";
import type { MachineType } from "../types";
import { connect } from "./connection";

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
    return { images: prefix ? matchingImages(prefix, images) : [...images] };
  },
};

/** Infinity is no value of a program's: a missing bound bounds nothing. */
function offer(type: MachineType): MachineTypeOffer {
  const {
    maxVcpuPerMemoryGib,
    maxVcpuPerGpu,
    gpuModelId: _,
    totalVcpuFree: _v,
    totalMemoryGibFree: _m,
    totalStorageGibFree: _s,
    maxStorageGibFree: _d,
    ...rest
  } = type;
  return {
    ...rest,
    ...(Number.isFinite(maxVcpuPerMemoryGib) && { maxVcpuPerMemoryGib }),
    ...(Number.isFinite(maxVcpuPerGpu) && { maxVcpuPerGpu }),
  };
}
