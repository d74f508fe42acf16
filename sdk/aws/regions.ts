/**
 * Names of AWS's regions. Which there are AWS alone knows, and is asked: no list here could refuse a region that is newer. But all have a direction
 * of the compass in them, and a name with one that is misspelt cannot be asked about: there is no such host. Pure.
 */
import { closest } from "../schema/spelling";

/** In every partition: `us-west-2`, `cn-north-1`, `us-gov-west-1`, `eusc-de-east-1`. */
const regionPattern = /^[a-z]{2,5}(-[a-z]+)+-\d+$/;

/** What regions have in their names before the number. */
const directions = ["north", "south", "east", "west", "central", "northeast", "northwest", "southeast", "southwest"];

/** The region that was probably meant by a name that looks misspelt; undefined: it does not. */
export function meantRegion(name: string): string | undefined {
  const plain = name
    .toLowerCase()
    .replaceAll(/[_ ]/g, "-")
    // The name of a zone, and a hyphen that is missing.
    .replace(/(\d)[a-z]$/, "$1")
    .replace(/([a-z])(\d+)$/, "$1-$2");
  if (!regionPattern.test(plain)) return undefined;
  const parts = plain.split("-");
  const direction = parts.at(-2)!;
  if (!directions.includes(direction)) parts[parts.length - 2] = closest(direction, directions) ?? direction;
  const meant = parts.join("-");
  return meant === name ? undefined : meant;
}

/** Why the name is none that a region can have; undefined: it may be one. */
export function regionProblem(name: string): string | undefined {
  if (regionPattern.test(name) && meantRegion(name) === undefined) return undefined;
  return `"${name}" is not a region such as us-west-2${regionHint(name)}`;
}

/** The same as `meantRegion` for the end of a sentence. */
export function regionHint(name: string): string {
  const meant = meantRegion(name);
  return meant === undefined ? "" : ` (did you mean "${meant}"?)`;
}
