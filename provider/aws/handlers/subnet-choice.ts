import type * as pulumi from "../../../sdk/pulumi";
import type { SubnetChoiceArgs } from "../../../sdk/aws/subnet-choice";
import { overlap, parseCidr } from "../../../sdk/ip-ranges";
import { InvalidArguments, type CheckFailure } from "../../server/resource";
import { chooseSubnets, type ChosenSubnets } from "../chosen-subnets";
import { readSubnets, readVpcRanges } from "../existing-subnets";
import { keptAnswer } from "./kept-answer";

type Inputs = pulumi.Unwrap<SubnetChoiceArgs>;

export const subnetChoiceHandler = keptAnswer<Inputs, ChosenSubnets>({
  async ask({ ec2 }, { vpcId, subnetIds, apart = {}, publicApi }, { signal, before }) {
    const question = { vpcId, subnetIds, publicApi };
    const { chosen, failures } = chooseSubnets(await readSubnets(ec2, question, signal), question, before);
    const ranges = chosen.vpcId === "" ? [] : await readVpcRanges(ec2, chosen.vpcId, signal);
    const all = [...failures, ...overlapFailures(chosen.vpcId, ranges, apart)];
    if (all.length > 0) throw new InvalidArguments(all);
    return chosen;
  },
});

function overlapFailures(
  vpcId: string,
  ranges: readonly string[],
  apart: Readonly<Record<string, string>>,
): CheckFailure[] {
  return Object.entries(apart).flatMap(([what, range]) => {
    const own = parseCidr(range);
    const met = ranges.find((other) => own && overlap(own, parseCidr(other)!));
    if (met === undefined) return [];
    const reason = `${range} overlaps ${met}, a range of ${vpcId}: machines would not find what has the same address; choose another`;
    return [{ property: `apart.${what}`, reason }];
  });
}
