/** Ranges that other resources give: those that are not in hand yet are checked when they are, at the user's field. */
import * as pulumi from "../sdk/pulumi";
import { checked, type Problems } from "./errors";
import { known, knownLater } from "./inputs";
import { checkCidr } from "./value-checks";

export interface RangeField {
  /** For people: `AwsCluster "train"`. */
  component: string;
  /** The user's own. */
  path: string;
}

/** As a whole, for clouds whose rules are one list. Without twins. */
export function rangesLater(
  { component, path }: RangeField,
  ranges: pulumi.Input<pulumi.Input<string>[]>,
): pulumi.Output<string[]> {
  return pulumi
    .output(ranges)
    .apply((list) => checked(component, [...new Set(list)], (problems) => checkList(path, list, problems)));
}

/** Each by itself, for clouds that have a rule for each, so that one that is not known yet makes no difference of another. Without twins. */
export function eachRangeLater(
  { component, path }: RangeField,
  ranges: readonly pulumi.Input<string>[],
): pulumi.Input<string>[] {
  const inHand = ranges.map(known);
  return ranges.flatMap((range, index): pulumi.Input<string>[] => {
    const cidr = inHand[index];
    if (cidr !== undefined) return inHand.indexOf(cidr) === index ? [cidr] : [];
    const field = `${path}[${index}]`;
    return [
      pulumi.output(range).apply(async (later) => {
        const earlier = await Promise.all(ranges.slice(0, index).map(knownLater));
        return checked(component, later, (problems) => {
          checkCidr(field, later, problems);
          if ([...inHand, ...earlier].includes(later)) problems.add(field, `is ${later}, which the list has already`);
        });
      }),
    ];
  });
}

/** Of what is in hand; undefined stands for what is not. */
export function checkList(path: string, ranges: readonly (string | undefined)[] | undefined, problems: Problems): void {
  (ranges ?? []).forEach((cidr, index) => {
    if (cidr !== undefined) checkCidr(`${path}[${index}]`, cidr, problems);
  });
  if (path === "apiServerAccessCidrs" && ranges?.length === 0)
    problems.add(path, "must name at least one range: this program reaches the API too");
}
