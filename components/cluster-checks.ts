/** What the arguments of clusters whose control plane we boot have in common, whichever cloud runs them. Pure. */
import { adminValidityProblem } from "../sdk/kubernetes/admin-validity";
import type * as pulumi from "../sdk/pulumi";
import { checkList } from "./access-ranges";
import type { Problems } from "./errors";
import { known, knownElements } from "./inputs";
import { checkDuration } from "./value-checks";
import { defaultKubernetesMinor, kubernetesReleases, resolveKubernetesVersion } from "./versions";

/** Of the create-cluster request (seed 004, "Limits"). */
export const longestClusterName = 128;

export interface CommonClusterArgs {
  clusterName?: string | undefined;
  namePrefix?: string | undefined;
  kubernetesVersion?: string | undefined;
  devMode?: boolean | undefined;
  apiServerAccessCidrs?: pulumi.Input<pulumi.Input<string>[]> | undefined;
  sshAccessCidrs?: pulumi.Input<pulumi.Input<string>[]> | undefined;
  scaleDownAfter?: string | undefined;
  adminValidityHours?: pulumi.Input<number> | undefined;
}

/** `name` is the resource's, which a cluster has without `clusterName`; that there is none, Pulumi says. */
export function checkCommonArgs(name: string, args: CommonClusterArgs, problems: Problems): void {
  checkClusterName("clusterName", args.clusterName ?? name, problems);
  const { namePrefix = "" } = args;
  if (!/^([A-Za-z0-9][A-Za-z0-9-]{0,39})?$/.test(namePrefix))
    problems.add(
      "namePrefix",
      `"${namePrefix}" must have at most 40 letters, digits and hyphens, and begin with no hyphen`,
    );
  checkKubernetesVersion(
    "kubernetesVersion",
    args.kubernetesVersion ?? defaultKubernetesMinor,
    args.devMode ?? false,
    problems,
  );
  for (const path of ["apiServerAccessCidrs", "sshAccessCidrs"] as const)
    checkList(path, knownElements(args[path]), problems);
  checkDuration("scaleDownAfter", args.scaleDownAfter, problems);
  const hours = known(args.adminValidityHours);
  const wrong = hours === undefined ? undefined : adminValidityProblem(hours);
  if (wrong !== undefined) problems.add("adminValidityHours", wrong);
}

export function checkClusterName(path: string, name: string | undefined, problems: Problems): void {
  if (name === undefined) return;
  if (name.length < 1 || name.length > longestClusterName) {
    problems.add(path, `must have 1 to ${longestClusterName} characters, has ${name.length}`);
  } else if (!/^[A-Za-z0-9]([A-Za-z0-9-]*[A-Za-z0-9])?$/.test(name)) {
    problems.add(path, `"${name}" must be letters, digits and hyphens, and start and end with a letter or digit`);
  }
}

export function checkKubernetesVersion(path: string, version: string, preReleases: boolean, problems: Problems): void {
  if (!resolveKubernetesVersion(version, preReleases)) {
    const minors = Object.keys(kubernetesReleases).join(", ");
    const hint = /-(alpha|beta|rc)/.test(version)
      ? "; pre-releases need devMode: true"
      : /^1\.\d$/.test(version)
        ? `; YAML reads ${version}0 without quotes as ${version}`
        : "";
    problems.add(
      path,
      `"${version}" is not supported; supported minors: ${minors} (or a full version of one of them)${hint}`,
    );
  }
}
