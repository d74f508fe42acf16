/** Checks a VM's or node's shape against what Cudo offers. Pure: the catalogue is read before. */
import { counted } from "../../sdk/counted";
import { didYouMean } from "../../sdk/schema/spelling";
import type { CheckFailure } from "../server/resource";
import { known } from "../cloud/inputs";
import type { Unknown } from "../server/values";
import { matchingImages, resolveImage } from "./images";
import { sizeProblems, type Size } from "./shape";
import type { CatalogueContent } from "./catalogue";
import type { MachineType } from "./types";

/** Undefined: not known yet, or not given. */
export interface NodeShape {
  dataCenterId: string | undefined;
  machineType: string | undefined;
  vcpus: number | undefined;
  memoryGib: number | undefined;
  gpus: number | undefined;
  gpuModel: string | undefined;
  diskSizeGib: number | undefined;
  image: string | undefined;
}

/** What is known of a shape among a resource's inputs. */
export function knownShape(inputs: {
  [K in Exclude<keyof NodeShape, "gpuModel">]?: NodeShape[K] | Unknown;
}): NodeShape {
  return {
    dataCenterId: known(inputs.dataCenterId),
    machineType: known(inputs.machineType),
    vcpus: known(inputs.vcpus),
    memoryGib: known(inputs.memoryGib),
    gpus: inputs.gpus === undefined ? 0 : known(inputs.gpus),
    gpuModel: undefined,
    diskSizeGib: known(inputs.diskSizeGib),
    image: known(inputs.image),
  };
}

/** All that is wrong, by field. */
export function checkNodeShape(shape: NodeShape, catalogue: CatalogueContent): CheckFailure[] {
  const failures: CheckFailure[] = [];
  const fail = (field: keyof NodeShape, reason: string) => failures.push({ property: field, reason });

  const { dataCenterId, machineType, gpuModel } = shape;
  const offered = catalogue.machineTypes.filter((type) => type.dataCenterId === dataCenterId);
  const unplaced = dataCenterId === undefined ? undefined : dataCenterProblem(dataCenterId, catalogue);
  if (unplaced !== undefined) {
    fail("dataCenterId", unplaced);
    const unknown = machineType === undefined ? undefined : machineTypeProblem(machineType, catalogue);
    if (unknown !== undefined) fail("machineType", unknown);
    checkGpuModelAnywhere(gpuModel, catalogue, (reason) => fail("gpuModel", reason));
  } else if (dataCenterId !== undefined && machineType !== undefined) {
    const type = offered.find((candidate) => candidate.machineType === machineType);
    if (!type) {
      fail("machineType", notOffered(dataCenterId, machineType, offered, catalogue));
      checkGpuModelAnywhere(gpuModel, catalogue, (reason) => fail("gpuModel", reason));
    } else {
      checkGpuModel(type, gpuModel, offered, (reason) => fail("gpuModel", reason));
      for (const { field, reason } of checkSize(shape, type)) fail(field, reason);
    }
  }
  checkImage(shape, catalogue, fail);
  return failures;
}

/** Why there is no such data center; undefined: there is. */
export function dataCenterProblem(id: string, catalogue: CatalogueContent): string | undefined {
  const there = catalogue.dataCenters.map((each) => each.id);
  if (there.includes(id) || catalogue.machineTypes.some(({ dataCenterId }) => dataCenterId === id)) return undefined;
  return `"${id}" is not a data center of Cudo${didYouMean(id, there)}; there are: ${names(there)}`;
}

/** Why no data center has the machine type; undefined: one has it. */
function machineTypeProblem(machineType: string, catalogue: CatalogueContent): string | undefined {
  const there = catalogue.machineTypes.map((each) => each.machineType);
  if (there.includes(machineType)) return undefined;
  return `"${machineType}" is offered in no data center${didYouMean(machineType, there)}; there are: ${names(there)}`;
}

/** Ratios can only be judged when all three numbers are known. */
function checkSize({ vcpus, memoryGib, gpus }: NodeShape, type: MachineType) {
  return vcpus === undefined || memoryGib === undefined || gpus === undefined
    ? []
    : sizeProblems({ vcpus, memoryGib, gpus }, type);
}

function notOffered(
  dataCenterId: string,
  machineType: string,
  offered: readonly MachineType[],
  catalogue: CatalogueContent,
): string {
  const elsewhere = catalogue.machineTypes
    .filter((type) => type.machineType === machineType)
    .map((type) => type.dataCenterId);
  const hint = elsewhere.length > 0 ? `; ${machineType} is offered in: ${names(elsewhere)}` : "";
  const there = offered.map((type) => type.machineType);
  const all = catalogue.machineTypes.map((type) => type.machineType);
  const meant = elsewhere.length > 0 ? "" : didYouMean(machineType, there) || didYouMean(machineType, all);
  return `"${machineType}" is not offered in ${dataCenterId}${meant}; offered there: ${names(there)}${hint}`;
}

function checkGpuModel(
  type: MachineType,
  gpuModel: string | undefined,
  offered: readonly MachineType[],
  fail: (reason: string) => void,
): void {
  if (gpuModel === undefined || [type.gpuModel, type.gpuModelId].some((known) => sameModel(known, gpuModel))) {
    return;
  }
  const others = offered.filter((other) => sameModel(other.gpuModel, gpuModel)).map((other) => other.machineType);
  const has = type.gpuModel ? `has the model "${type.gpuModel}"` : "has no GPUs";
  fail(
    `"${gpuModel}": ${type.machineType} ${has}${others.length > 0 ? `; machine types with it: ${names(others)}` : ""}`,
  );
}

/** Where the machine type is not known, a model that nothing has is a mistake of its own. */
function checkGpuModelAnywhere(
  gpuModel: string | undefined,
  { machineTypes }: CatalogueContent,
  fail: (reason: string) => void,
): void {
  const models = machineTypes.flatMap((type) => (type.gpuModel ? [type.gpuModel] : []));
  const ids = machineTypes.map((type) => type.gpuModelId);
  if (gpuModel === undefined || [...models, ...ids].some((known) => sameModel(known, gpuModel))) return;
  fail(`no machine type has the model "${gpuModel}"${didYouMean(gpuModel, models)}; there are: ${names(models)}`);
}

function sameModel(a: string, b: string): boolean {
  return a.toLowerCase() === b.toLowerCase();
}

function checkImage(
  { image: name, diskSizeGib }: NodeShape,
  catalogue: CatalogueContent,
  fail: (field: keyof NodeShape, reason: string) => void,
): void {
  const image = name === undefined ? undefined : resolveImage(name, catalogue.images);
  if (name !== undefined && !image) {
    // The longest beginning that still finds something shows what was meant.
    let stem = name;
    while (stem !== "" && matchingImages(stem, catalogue.images).length === 0) stem = stem.slice(0, -1);
    const near = stem.length >= 3 ? matchingImages(stem, catalogue.images) : catalogue.images;
    fail("image", `no image has the id "${name}" or begins with it; there are: ${names(near.map(({ id }) => id))}`);
  }
  if (diskSizeGib !== undefined && (!Number.isSafeInteger(diskSizeGib) || diskSizeGib < 1)) {
    fail("diskSizeGib", `must be a whole number of at least 1, is ${diskSizeGib}`);
  } else if (diskSizeGib !== undefined && image && diskSizeGib < image.sizeGib) {
    fail("diskSizeGib", `${diskSizeGib} is less than the image ${image.id} needs, ${image.sizeGib} GiB`);
  }
  if (image?.platform === "windows") fail("image", `${image.id} is Windows, and machines run Linux`);
}

/** What is wanted of the cloud now. */
export interface Demand extends Size {
  dataCenterId: string;
  machineType: string;
  diskSizeGib: number;
  publicAddresses: number;
  /** VMs of this size. */
  count: number;
}

/** Of one VM; undefined until all is known that counts. A disk is as large as its image where nothing else is said. */
export function demandOfOne(
  shape: NodeShape,
  { images }: CatalogueContent,
): Omit<Demand, "count" | "publicAddresses"> | undefined {
  const { dataCenterId, machineType, vcpus, memoryGib, gpus } = shape;
  if (dataCenterId === undefined || machineType === undefined) return undefined;
  if (vcpus === undefined || memoryGib === undefined || gpus === undefined) return undefined;
  const image = shape.image === undefined ? undefined : resolveImage(shape.image, images);
  const diskSizeGib = shape.diskSizeGib ?? image?.sizeGib ?? 0;
  return { dataCenterId, machineType, vcpus, memoryGib, gpus, diskSizeGib };
}

/** Why the cloud can certainly not give that now, as it says itself; undefined if it may. */
export function capacityProblem(demand: Demand, catalogue: CatalogueContent): CheckFailure | undefined {
  const { dataCenterId, machineType, count } = demand;
  const type = catalogue.machineTypes.find(
    (each) => each.dataCenterId === dataCenterId && each.machineType === machineType,
  );
  if (!type || count < 1) {
    return undefined;
  }
  const of = (what: string) => (count: number) => counted(count, what);
  const gibOf = (what: string) => (count: number) => `${count} GiB ${what}`;
  const resources = [
    { field: "gpus", wanted: demand.gpus, inWords: of("GPU"), onHost: type.maxGpuFree, inAll: type.totalGpuFree },
    { field: "vcpus", wanted: demand.vcpus, inWords: of("vCPU"), onHost: type.maxVcpuFree, inAll: type.totalVcpuFree },
    {
      field: "memoryGib",
      wanted: demand.memoryGib,
      inWords: gibOf("memory"),
      onHost: type.maxMemoryGibFree,
      inAll: type.totalMemoryGibFree,
    },
    {
      field: "diskSizeGib",
      wanted: demand.diskSizeGib,
      inWords: gibOf("storage"),
      onHost: type.maxStorageGibFree,
      inAll: type.totalStorageGibFree,
    },
  ];
  for (const { field, wanted, inWords, onHost, inAll } of resources) {
    if (wanted > onHost) {
      const reason = `data center ${dataCenterId} has no ${machineType} host with ${inWords(wanted)} free now; most free on one host: ${onHost}`;
      return { property: field, reason: reason + elsewhere(demand, catalogue) };
    }
    if (wanted * count > inAll) {
      const reason = `${counted(count, "VM")} of ${machineType} ${count === 1 ? "needs" : "need"} ${inWords(wanted * count)}, data center ${dataCenterId} has ${inAll} free now`;
      return { property: field, reason: reason + elsewhere(demand, catalogue) };
    }
  }
  const addresses = catalogue.dataCenters.find(({ id }) => id === dataCenterId)?.ipv4Free;
  if (addresses !== undefined && demand.publicAddresses > addresses) {
    const reason = `${demand.publicAddresses} public IPv4 addresses are needed, data center ${dataCenterId} has ${addresses} free now`;
    return { property: "dataCenterId", reason };
  }
  return undefined;
}

/** Other data centers that have the same hardware free. */
function elsewhere(demand: Demand, { machineTypes }: CatalogueContent): string {
  const free = machineTypes.filter(
    (type) =>
      type.machineType === demand.machineType &&
      type.dataCenterId !== demand.dataCenterId &&
      type.maxGpuFree >= demand.gpus &&
      type.maxVcpuFree >= demand.vcpus &&
      type.maxMemoryGibFree >= demand.memoryGib,
  );
  return free.length > 0 ? `; free in: ${names(free.map((type) => type.dataCenterId))}` : "";
}

function names(values: readonly string[]): string {
  const distinct = [...new Set(values)].sort();
  if (distinct.length === 0) return "none";
  return distinct.length > 20
    ? `${distinct.slice(0, 20).join(", ")}, and ${distinct.length - 20} more`
    : distinct.join(", ");
}
