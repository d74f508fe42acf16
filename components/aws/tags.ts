/** Tags of everything that a cluster makes. */
import * as pulumi from "../../sdk/pulumi";
import { kubernetesClusterTag } from "../../sdk/aws/tag-keys";
import type { Problems } from "../errors";
import { knownEntries } from "../inputs";
import { counted } from "../../sdk/counted";
import { shortened } from "../../sdk/names";

export type Tags = pulumi.Input<Record<string, pulumi.Input<string>>>;

/** Both; where a key is in both, the second counts. */
export function withTags(tags: Tags, more: Tags): pulumi.Output<Record<string, string>> {
  return pulumi.all([tags, more]).apply(([first, second]) => ({ ...first, ...second }));
}

/** Of `aws:defaultTags`, for providers that have what the stack's configuration says. */
export function configuredTags(): Record<string, string> {
  return new pulumi.Config("aws").getObject<{ tags?: Record<string, string> }>("defaultTags")?.tags ?? {};
}

const noDefaults: DefaultTags = { from: "", tags: {} };

/** A resource has at most 50; a fleet, an instance and a subnet have up to ten of ours. */
const mostTags = 40;

/** Letters, digits and spaces of any script, and what IAM, SSM and Elastic Load Balancing take besides; EC2 alone would take more. */
const everywhere = /^[\p{L}\p{Z}\p{N}_.:/=+\-@]*$/u;

/** What the AWS provider gives to all that it makes. */
export interface DefaultTags {
  /** Where they are said, for people. */
  readonly from: string;
  readonly tags: Readonly<Record<string, string>>;
}

/** Default tags are on the cluster's things too, and must be as good. */
export function checkTags(given: Tags | undefined, problems: Problems, { from, tags }: DefaultTags = noDefaults): void {
  const own = knownEntries<string>(given).map(([key, value]) => ({ path: `tags["${key}"]`, key, value }));
  const others = Object.entries(tags)
    .filter(([key]) => !own.some((tag) => tag.key === key))
    .map(([key, value]) => ({ path: `${from}["${key}"]`, key, value }));
  const all = [...own, ...others];
  if (all.length > mostTags) {
    const besides = others.length > 0 ? `, and ${others.length} come from ${from}` : "";
    problems.add("tags", `has ${counted(own.length, "tag")}${besides}; with ours, AWS takes ${mostTags}`);
  }
  const first = new Map<string, string>();
  for (const { path, key, value } of all) {
    if (/^(aws:|gpu-clusters\/|$)/i.test(key) || key.length > longestKey) {
      problems.add(path, "keys have 1 to 128 characters and do not start with aws: or gpu-clusters/");
    }
    if (key.startsWith(kubernetesClusterTag("")))
      problems.add(path, "is how Kubernetes' controllers know whose a resource is: each cluster's is made by itself");
    const twin = first.get(key.toLowerCase());
    if (twin !== undefined) problems.add(path, `differs from "${twin}" by case only, which IAM takes for the same`);
    first.set(key.toLowerCase(), key);
    for (const [what, text] of [
      ["key", key],
      ["value", value ?? ""],
    ]) {
      if (everywhere.test(text!)) continue;
      const wrong = [...new Set([...text!].filter((character) => !everywhere.test(character)))].join(" ");
      problems.add(
        path,
        `the ${what} has ${wrong}, which IAM refuses: letters, digits, spaces and _ . : / = + - @ are taken`,
      );
    }
    if (value !== undefined && value.length > 256)
      problems.add(path, `values have at most 256 characters, this has ${value.length}`);
  }
}

/** Under this prefix, a cluster has the names and tags of the create-cluster request (seed 004, "AWS resources created"). */
export const requestPrefix = "vantage-";

/** Name of the cluster. */
export const clusterTag = "gpu-clusters/cluster";

/** Longest key of a tag. */
const longestKey = 128;

/** The cluster's name in the tags of Kubernetes' controllers for AWS. */
export function kubernetesName(base: string): string {
  return shortened(base, longestKey - kubernetesClusterTag("").length);
}

/**
 * What AWS's cloud controller manager finds its cluster's things by, with the value `owned`: machines, subnets, and of each machine's security
 * groups exactly one.
 */
export function kubernetesTags(base: string): Record<string, "owned"> {
  return { [kubernetesClusterTag(kubernetesName(base))]: "owned" };
}

/** The stack that made it: project and name. */
export const stackTag = "gpu-clusters/stack";

export interface TagOptions {
  clusterName: string;
  namePrefix: string | undefined;
  tags: Tags | undefined;
  stack: string;
}

/** The caller's tags never hide the mark by which the cluster's things are found again. */
export function clusterTags({
  clusterName,
  namePrefix,
  tags,
  stack,
}: TagOptions): pulumi.Output<Record<string, string>> {
  return withTags(tags ?? {}, {
    ...(namePrefix === requestPrefix && { "vantage-cluster": clusterName }),
    [clusterTag]: clusterName,
    [stackTag]: stack,
  });
}
