/** A cluster is registered with one platform, once: platforms hand out GPUs in ways that exclude each other. */
import { PlatformClaim, platformConflict, type Platform } from "../sdk/kubernetes/platform-claim";
import type * as pulumi from "../sdk/pulumi";
import type { KubernetesCluster } from "./cluster";
import type { Problems } from "./errors";
import { PerCluster } from "./per-cluster";

/** Of this program. What other programs registered, the cluster itself tells. */
const registered = new PerCluster<Platform>();

/** For the checks of a registration's arguments. `path` is the user's field that names the cluster. */
export function checkPlatform(path: string, cluster: KubernetesCluster, platform: Platform, problems: Problems): void {
  const present = registered.get(cluster);
  if (present !== undefined) problems.add(path, platformConflict(platform, present));
}

/** All that a registration makes depends on it, so that a second one writes nothing. */
export function claimPlatform(
  name: string,
  cluster: KubernetesCluster,
  platform: Platform,
  options: pulumi.CustomResourceOptions,
): PlatformClaim {
  registered.set(cluster, platform);
  return new PlatformClaim(`${name}-claim`, { kubeconfig: cluster.kubeconfig, platform }, options);
}
