/** Whether Mithril has the image that machines are to be made from. */
import { didYouMean } from "../../../sdk/schema/spelling";
import type { CheckFailure } from "../../server/resource";
import { known } from "../../cloud/inputs";
import type { ImageVersion } from "../types";
import type { Maybe } from "./order-checks";

export async function checkImage(
  { image, region }: { image?: Maybe<string>; region: Maybe<string> },
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
