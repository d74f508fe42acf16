/** What the arguments of clusters whose control plane we boot have in common, whichever cloud runs them. Pure. */
import type * as pulumi from "../sdk/pulumi";
import type { Problems } from "./errors";
import { known, knownElements } from "./inputs";
import { checkCidr, checkDuration } from "./value-checks";
import { defaultKubernetesMinor, kubernetesReleases, resolveKubernetesVersion } from "./versions";

/** Of the create-cluster request (seed 004, "Limits"). */
export const longestClusterName = 128;

export interface CommonClusterArgs {
  clusterName?: string | undefined;
  kubernetesVersion?: string | undefined;
  devMode?: boolean | undefined;
  apiServerAccessCidrs?: pulumi.Input<pulumi.Input<string>[]> | undefined;
  sshAccessCidrs?: pulumi.Input<pulumi.Input<string>[]> | undefined;
  scaleDownAfter?: string | undefined;
}

/** `name` is the resource's, which a cluster has without `clusterName`. */
export function checkCommonArgs(name: string, args: CommonClusterArgs, problems: Problems): void {
  checkClusterName("clusterName", args.clusterName ?? name, problems);
  checkKubernetesVersion(
    "kubernetesVersion",
    args.kubernetesVersion ?? defaultKubernetesMinor,
    args.devMode ?? false,
    problems,
  );
  checkCidrs("apiServerAccessCidrs", args.apiServerAccessCidrs, problems);
  if (known<unknown[]>(args.apiServerAccessCidrs)?.length === 0) {
    problems.add("apiServerAccessCidrs", "must name at least one range: this program reaches the API too");
  }
  checkCidrs("sshAccessCidrs", args.sshAccessCidrs, problems);
  checkDuration("scaleDownAfter", args.scaleDownAfter, problems);
}

function checkCidrs(path: string, ranges: pulumi.Input<pulumi.Input<string>[]> | undefined, problems: Problems): void {
  (knownElements(ranges) ?? []).forEach((cidr, index) => {
    if (cidr !== undefined) checkCidr(`${path}[${index}]`, cidr, problems);
  });
}

export function checkClusterName(path: string, name: string, problems: Problems): void {
  if (name.length < 1 || name.length > longestClusterName) {
    problems.add(path, `must have 1 to ${longestClusterName} characters, has ${name.length}`);
  } else if (!/^[A-Za-z0-9]([A-Za-z0-9-]*[A-Za-z0-9])?$/.test(name)) {
    problems.add(path, `"${name}" must be letters, digits and hyphens, and start and end with a letter or digit`);
  }
}

export function checkKubernetesVersion(path: string, version: string, preReleases: boolean, problems: Problems): void {
  if (!resolveKubernetesVersion(version, preReleases)) {
    const minors = Object.keys(kubernetesReleases).join(", ");
    const hint = /-(alpha|beta|rc)/.test(version) ? "; pre-releases need devMode: true" : "";
    problems.add(
      path,
      `"${version}" is not supported; supported minors: ${minors} (or a full version of one of them)${hint}`,
    );
  }
}
