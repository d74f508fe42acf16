import type { AwsConnection } from "../../sdk/aws/config";
import { getPreflight } from "../../sdk/aws/functions";
import * as pulumi from "../../sdk/pulumi";
import { InvalidInput } from "../errors";

export interface PlannedControlPlane {
  instanceType: string;
  count: number;
  connection: AwsConnection | undefined;
}

/**
 * The control plane's type, once AWS has said that the region offers it and the account may have as many; node groups' own checks ask for
 * theirs. Rejects with `InvalidInput` where not. Where AWS cannot be asked, whoever makes the machines will find out.
 */
export async function offeredType(
  { instanceType, count, connection }: PlannedControlPlane,
  options: pulumi.InvokeOptions,
): Promise<string> {
  const planned = { path: "controlPlane", instanceTypes: [instanceType], minSize: count, maxSize: count };
  const found = await getPreflight({ nodeGroups: [planned], connection }, options).catch(async (error: unknown) => {
    await pulumi.log.warn(`controlPlane.instanceType is not checked against AWS: ${messageOf(error)}`);
    return undefined;
  });
  const problems = (found?.problems ?? []).map(({ property, reason }) => ({
    propertyPath: property.replace(/\.instanceTypes(\[0\])?$/, ".instanceType"),
    reason,
  }));
  if (problems.length > 0) throw new InvalidInput("AwsCluster", problems);
  return instanceType;
}

export function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
