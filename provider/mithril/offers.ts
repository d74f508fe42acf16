/** Questions to the catalogue, answered in words that say what would be right. Pure. */
import { didYouMean } from "../../sdk/schema/spelling";
import type { CatalogueContent } from "./catalogue";
import type { InstanceType } from "./types";

/**
 * The fid of an auctioned type in a region: the same name has another fid elsewhere. A text that begins with `it_` is one.
 * Throws what `offerProblem` says.
 */
export function resolveOffered(nameOrFid: string, region: string, catalogue: CatalogueContent): string {
  const found = offered(region, catalogue).find((type) => type.name === nameOrFid || type.fid === nameOrFid);
  if (!found) throw new Error(`instanceType: ${offerProblem(nameOrFid, region, catalogue)}`);
  return found.fid;
}

/** Why instances of the type cannot be had in the region; undefined: they can. */
export function offerProblem(nameOrFid: string, region: string, catalogue: CatalogueContent): string | undefined {
  const here = offered(region, catalogue);
  if (here.some((type) => type.name === nameOrFid || type.fid === nameOrFid)) return undefined;
  const same = catalogue.instanceTypes.filter((type) => type.name === nameOrFid || type.fid === nameOrFid);
  if (same.length === 0) {
    const meant = guessed(nameOrFid, here);
    return `there is no instance type "${nameOrFid}"${meant}; offered in ${region}: ${namesOf(here)}`;
  }
  const elsewhere = catalogue.markets
    .filter(({ instanceType }) => same.some(({ fid }) => fid === instanceType))
    .map((market) => market.region);
  // Where nothing is auctioned, the region may be a slip.
  const slip = here.length > 0 ? "" : didYouMean(region, elsewhere);
  const where = elsewhere.length > 0 ? slip || ` (but in ${[...new Set(elsewhere)].join(", ")})` : "";
  return `"${nameOrFid}" is not offered in ${region}${where}; offered there: ${namesOf(here)}`;
}

/**
 * The fid of a type that can be reserved. Throws what `reservableProblem` says. Whether a region has it, the quote tells: nothing lists it.
 */
export function resolveReservable(nameOrFid: string, region: string, offer: ReservationOffer): string {
  const [found, ...others] = reservableTypes(nameOrFid, region, offer);
  if (!found || others.length > 0) throw new Error(`instanceType: ${reservableProblem(nameOrFid, region, offer)}`);
  return found.fid;
}

/** Why the type cannot be reserved; undefined: it can, somewhere. */
export function reservableProblem(nameOrFid: string, region: string, offer: ReservationOffer): string | undefined {
  const found = reservableTypes(nameOrFid, region, offer);
  if (found.length === 1) return undefined;
  if (found.length === 0)
    return `"${nameOrFid}" cannot be reserved${guessed(nameOrFid, offer.reservable)}; these types can: ${namesOf(offer.reservable)}`;
  const fids = found.map(({ fid }) => fid).join(", ");
  return `"${nameOrFid}" is the name of several types, and Mithril does not say which is whose region's: give one of ${fids}`;
}

export interface ReservationOffer {
  readonly reservable: readonly InstanceType[];
  readonly markets: CatalogueContent["markets"];
}

/** Where a name has several types, the one that is auctioned in the region. */
function reservableTypes(nameOrFid: string, region: string, { reservable, markets }: ReservationOffer): InstanceType[] {
  const same = reservable.filter((type) => type.name === nameOrFid || type.fid === nameOrFid);
  const here = same.filter(({ fid }) =>
    markets.some((market) => market.instanceType === fid && market.region === region),
  );
  return same.length > 1 && here.length > 0 ? here : same;
}

/** Why there are no instances of the type in any region; undefined: there are. */
export function typeProblem(nameOrFid: string, types: readonly InstanceType[]): string | undefined {
  if (types.some((type) => type.name === nameOrFid || type.fid === nameOrFid)) return undefined;
  return `there is no instance type "${nameOrFid}"${guessed(nameOrFid, types)}; there are: ${namesOf(types)}`;
}

function offered(region: string, { markets, instanceTypes }: CatalogueContent): InstanceType[] {
  const here = new Set(markets.filter((market) => market.region === region).map(({ instanceType }) => instanceType));
  return instanceTypes.filter(({ fid }) => here.has(fid));
}

/** A fid has no near one that would be meant, and a name of another model or count is another machine's. */
function guessed(name: string, types: readonly InstanceType[]): string {
  const models = (of: string) => of.match(/([a-z](?=\d{3}))?\d+/g)?.join();
  const names = types.map((type) => type.name).filter((each) => models(each) === models(name));
  return name.startsWith("it_") ? "" : didYouMean(name, names);
}

function namesOf(types: readonly InstanceType[]): string {
  return types.length === 0 ? "nothing" : [...new Set(types.map(({ name }) => name))].sort().join(", ");
}

/** The fid of any type. Where a name has several, the one of the region's market */
export function resolveInstanceType(
  nameOrFid: string,
  region: string | undefined,
  catalogue: CatalogueContent,
): string | undefined {
  if (nameOrFid.startsWith("it_")) return nameOrFid;
  const same = catalogue.instanceTypes.filter(({ name }) => name === nameOrFid);
  const here = same.find(({ fid }) =>
    catalogue.markets.some((market) => market.instanceType === fid && market.region === region),
  );
  return (here ?? same[0])?.fid;
}

/** Types that a control plane may be made of, as far as is documented: those without GPUs. */
export function controlPlaneProblem(
  nameOrFid: string,
  region: string | undefined,
  catalogue: CatalogueContent,
): string | undefined {
  const { instanceTypes } = catalogue;
  const same = instanceTypes.filter((type) => type.name === nameOrFid || type.fid === nameOrFid);
  const [found] = same;
  if (found?.gpus === 0) {
    const isOffered = ({ fid }: InstanceType) =>
      catalogue.markets.some((market) => market.instanceType === fid && market.region === region);
    if (same.length === 1 || same.some(isOffered)) return undefined;
    const fids = same.map(({ fid }) => fid).join(", ");
    return `"${nameOrFid}" is the name of several types, and Mithril does not say which is whose region's: give one of ${fids}`;
  }
  const fitting = instanceTypes.filter(({ gpus }) => gpus === 0);
  // The project may not list CPU types: then only the cloud can tell.
  if (fitting.length === 0 || (!found && nameOrFid.startsWith("it_"))) return undefined;
  const why = found
    ? `"${nameOrFid}" has GPUs; a control plane needs none`
    : `there is no instance type "${nameOrFid}"${guessed(nameOrFid, fitting)}`;
  return `${why}; without GPUs are: ${namesOf(fitting)}`;
}

export type RegionNeed = "kubernetes" | "fileShares" | "blockStorage";

const needWords: Record<RegionNeed, string> = {
  kubernetes: "Kubernetes clusters",
  fileShares: "file shares",
  blockStorage: "block volumes",
};

/** Whether there may be such a region: a list of some regions speaks for those that it has, and against none. */
export function mayBeRegion(region: string, { regions }: CatalogueContent): boolean {
  return regions.every(({ partial }) => partial) || regions.some(({ name }) => name === region);
}

/** Why the region cannot have it; undefined: it can, or nothing is known. */
export function regionProblem(region: string, need: RegionNeed, { regions }: CatalogueContent): string | undefined {
  if (regions.every(({ partial }) => partial)) return undefined;
  const found = regions.find(({ name }) => name === region);
  if (found?.[need]) return undefined;
  const fitting = regions.filter((candidate) => candidate[need]).map(({ name }) => name);
  const meant = didYouMean(
    region,
    regions.map(({ name }) => name),
  );
  const why = found ? `${region} has no ${needWords[need]}` : `there is no region "${region}"${meant}`;
  return `${why}; regions with ${needWords[need]}: ${fitting.join(", ") || "none"}`;
}
