import type * as pulumi from "../../../sdk/pulumi";
import type { InstanceTypeResult } from "../../../sdk/aws/functions";
import type { InstanceTypeFactsArgs } from "../../../sdk/aws/instance-type-facts";
import { describeTypes } from "../instance-types";
import { keptAnswer } from "./kept-answer";

type Inputs = pulumi.Unwrap<InstanceTypeFactsArgs>;

export const instanceTypeFactsHandler = keptAnswer<Inputs, { facts: InstanceTypeResult[] }>({
  ask: async ({ ec2 }, { instanceTypes }, { signal }) => ({ facts: await describeTypes(ec2, instanceTypes, signal) }),
});
