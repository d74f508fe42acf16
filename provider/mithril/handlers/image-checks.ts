/** Whether Mithril has the image that machines are to be made from. */
import { didYouMean } from "../../../sdk/schema/spelling";
import type { CheckFailure, ResourceLog } from "../../server/resource";
import { known, type Fields } from "../../cloud/inputs";
import { unlessStanding } from "../../cloud/standing";
import type { ImageVersion } from "../types";

interface OfImage {
  image?: string | undefined;
  region: string;
}

/** What stands keeps its image. */
export async function checkImage(
  inputs: Fields<OfImage>,
  list: (region: string) => Promise<ImageVersion[]>,
  before: OfImage | undefined,
  log: Pick<ResourceLog, "warn">,
): Promise<CheckFailure[]> {
  return unlessStanding(await offerFailures(inputs, list), { before, inputs, fields: ["region", "image"], log });
}

async function offerFailures(
  { image, region }: Fields<OfImage>,
  list: (region: string) => Promise<ImageVersion[]>,
): Promise<CheckFailure[]> {
  const [wanted, place] = [known(image), known(region)];
  if (wanted === undefined || place === undefined) return [];
  const all = await list(place);
  const offered = all.filter(({ deactivatedAt, regions }) => deactivatedAt === undefined && regions.includes(place));
  if (offered.some(({ fid }) => fid === wanted)) return [];
  const found = all.find(({ fid }) => fid === wanted);
  const why =
    found === undefined
      ? `is no image of Mithril's${didYouMean(
          wanted,
          offered.map(({ fid }) => fid),
        )}`
      : found.deactivatedAt === undefined
        ? `is not to be had in ${place}`
        : `was withdrawn by Mithril`;
  const there = offered.map(({ fid, name }) => `${fid} (${name})`).join(", ") || "none";
  return [{ property: "image", reason: `"${wanted}" ${why}; in ${place} there are: ${there}` }];
}
