import { Cached } from "../cloud/cached";
import type { CudoApi } from "./api";
import type { DataCenter, Image, MachineType } from "./types";

/** What Cudo offers now. */
export interface CatalogueContent {
  readonly dataCenters: readonly DataCenter[];
  readonly machineTypes: readonly MachineType[];
  readonly images: readonly Image[];
}

export type Catalogue = Cached<CatalogueContent>;

export function catalogueOf(api: Pick<CudoApi, "dataCenters" | "machineTypes" | "images">): Catalogue {
  return new Cached(async (signal) => {
    const [dataCenters, machineTypes, images] = await Promise.all([
      api.dataCenters(signal),
      api.machineTypes(signal),
      api.images(signal),
    ]);
    return { dataCenters, machineTypes, images };
  });
}
