import * as pulumi from "../../../sdk/pulumi";
import { gpuLabel } from "../../gpu-labels";
import { podProxies } from "./proxies";

/** A node group whose size the autoscaler moves. */
export interface AutoscaledGroup {
  /** As the provider's configuration names it. */
  cloud: "aws" | "cudo" | "mithril";
  name: string;
  minSize: pulumi.Input<number>;
  maxSize: pulumi.Input<number>;
  /** Where several groups could take a pod, the one with the highest grows. Reservations lead, then spot, then the rest, unless it says else. */
  priority: number;
  /** The arguments of the cloud's `NodeGroup`. */
  spec: pulumi.Input<object>;
  /**
   * The URN of its resource, by which the server knows its machines; not read from the resource. Pulumi compares what reads from one before it deletes that to
   * make it anew, and a preview ends where it cannot: in a cluster that is made anew too.
   */
  owner: pulumi.Input<string>;
}

/** By what a machine costs once it is wanted: a reservation is paid for already. */
export const priorities = { reserved: 30, spot: 20, onDemand: 10 } as const;

/** Where our server and cluster-autoscaler meet, in their pod. */
export const socket = { folder: "/run/gpu-clusters", path: "/run/gpu-clusters/autoscaler.sock" } as const;
export const healthPort = 8087;

export interface ServerConfigurationParts {
  clusterName: string;
  /** By cloud, as the provider is configured; keys and all. */
  providers: pulumi.Input<Readonly<Record<string, unknown>>>;
  groups: readonly AutoscaledGroup[];
}

/** What our server reads (autoscaler/config.ts). Secret: it has the cloud's key, and the start scripts of machines. */
export function serverConfiguration({
  clusterName,
  providers,
  groups,
}: ServerConfigurationParts): pulumi.Output<string> {
  const configured = groups.map(({ cloud, name, owner, minSize, maxSize, spec }) =>
    pulumi.all([owner, minSize, maxSize, pulumi.output(spec)]).apply(([owner, minSize, maxSize, spec]) => ({
      cloud,
      name,
      owner,
      minSize,
      maxSize,
      // In its cluster the server acts with rights of its own: no administrator's certificate travels there.
      spec: "kubeconfig" in spec ? { ...spec, kubeconfig: "" } : spec,
    })),
  );
  const proxies = podProxies();
  return pulumi.secret(
    pulumi.all([providers, pulumi.all(configured)]).apply(([providers, groups]) =>
      JSON.stringify({
        clusterName,
        address: `unix://${socket.path}`,
        healthPort,
        gpuLabel,
        providers,
        ...(proxies && { proxies }),
        groups,
      }),
    ),
  );
}

/** Reference: cluster-autoscaler, expander/priority. A group that no pattern matches would never grow. */
export function expanderPriorities(groups: readonly AutoscaledGroup[]): string {
  const byPriority = new Map<number, string[]>();
  for (const { name, priority } of groups) byPriority.set(priority, [...(byPriority.get(priority) ?? []), name]);
  const lines = [...byPriority].sort(([a], [b]) => b - a);
  return [
    ...lines.map(([priority, names]) => `${priority}:\n${names.map((name) => `  - ^${name}$\n`).join("")}`),
    "1:\n  - .*\n",
  ].join("");
}
