import type * as pulumi from "../../../sdk/pulumi";
import type { InstanceTypeResult } from "../../../sdk/aws/functions";
import type { InstanceTypeFactsArgs } from "../../../sdk/aws/instance-type-facts";
import { describeTypes } from "../instance-types";
import { keptAnswer } from "./kept-answer";

type Inputs = pulumi.Unwrap<InstanceTypeFactsArgs>;

export const instanceTypeFactsHandler = keptAnswer<Inputs, { facts: InstanceTypeResult[] }>({
  async ask({ ec2 }, { instanceTypes }, { signal, before }) {
    const kept = before?.facts ?? [];
    const others = instanceTypes.filter((type) => !kept.some(({ name }) => name === type));
    const all = [...kept, ...(others.length === 0 ? [] : await describeTypes(ec2, others, signal))];
    return { facts: [...new Set(instanceTypes)].flatMap((type) => all.filter(({ name }) => name === type)) };
  },
});
