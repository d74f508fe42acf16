import { Namespace } from "@pulumi/kubernetes/core/v1/namespace";
import * as pulumi from "../../sdk/pulumi";
import { inCluster } from "../addons/in-cluster";
import { ownersIn, ownNamespace } from "../addons/one-of-a-kind";
import type { KubernetesCluster } from "../cluster";
import { Problems } from "../errors";
import { checkCluster } from "../handles";
import { bySchema, heldArgs } from "../schema-check";
import { checkBetween, checkOwnNamespace } from "../value-checks";
import { checkHosts } from "./host-checks";
import { bareMetalHost, managedFrom, shownHost, type BareMetalHostStatus } from "./hosts";
import type { BareMetalHostsArgs, InventoryPlace } from "./hosts-args";

/**
 * Servers for `BareMetalCluster`s: hosts that Metal3 drives by their BMCs, with the BMCs' credentials. `pulumi up` waits until each of them was inspected,
 * and says with the host's own words why it was not.
 *
 * Deleting it wipes hosts' partition tables, no data, and waits until Metal3 has let each of them go. A host that a cluster has is not deleted: destroy the
 * cluster first, which happens by itself where it has this as its `inventory`. Nor do hosts move to another management cluster while the old one is there.
 *
 * It needs a cluster with Metal3, whose operator and Ironic somebody has installed. Cost: none; servers are started.
 *
 * @example
 * const hosts = new BareMetalHosts("metal3", {
 *   cluster: management,
 *   hosts: [
 *     {
 *       name: "gpu-01",
 *       bmc: { address: "redfish-virtualmedia://10.0.0.10/redfish/v1/Systems/1", username: "admin", password },
 *       bootMacAddress: "aa:bb:cc:dd:ee:01",
 *       labels: { gpu: "h100" },
 *     },
 *   ],
 * });
 */
export class BareMetalHosts extends pulumi.ComponentResource implements InventoryPlace {
  static readonly __pulumiType = "gpu-clusters:metal3:BareMetalHosts";

  public readonly hosts: pulumi.Output<BareMetalHostStatus[]>;
  /** The cluster that they are in. */
  public readonly cluster: KubernetesCluster;
  /** Namespace of the hosts, once all of them are known. */
  public readonly namespace: pulumi.Output<string>;

  constructor(name: string, given: BareMetalHostsArgs, options?: pulumi.ComponentResourceOptions) {
    checkBareMetalHosts(name, given).raise("BareMetalHosts");
    const args = heldArgs(BareMetalHosts.__pulumiType, given);
    const { cluster, namespace = name } = args;
    // Of the cluster its name: a component as an input would wait for all that the cluster makes.
    const inputs = { ...args, cluster: cluster.clusterName, hosts: args.hosts.map(shownHost) };
    super(BareMetalHosts.__pulumiType, name, inputs, options);
    ownersIn(cluster).note(`BareMetalHosts "${name}"`, [ownNamespace(namespace)]);
    const child = inCluster(cluster, this);
    const after = new Namespace(
      `${name}-namespace`,
      { metadata: { name: namespace } },
      pulumi.mergeOptions(child, { dependsOn: managedFrom(name, cluster, this) }),
    );
    const wait = { kubeconfig: cluster.kubeconfig, timeoutSeconds: 60 * (args.timeoutMinutes ?? 60) };
    this.hosts = pulumi.all(
      args.hosts.map((host, index) => {
        const field = { component: "BareMetalHosts", path: `hosts[${index}]` };
        return bareMetalHost(name, host, { field, namespace, wait, child, after });
      }),
    );
    this.cluster = cluster;
    // Who has it is made after the hosts, and goes before them.
    this.namespace = this.hosts.apply(() => namespace);
    this.registerOutputs({ hosts: this.hosts, namespace: this.namespace });
  }
}

export function checkBareMetalHosts(name: string, given: BareMetalHostsArgs): Problems {
  const problems = new Problems();
  const args = bySchema(BareMetalHosts.__pulumiType, given, problems);
  const { cluster, namespace = name, hosts = [], timeoutMinutes } = args;
  checkCluster("cluster", cluster, problems);
  checkOwnNamespace("namespace", namespace, problems);
  ownersIn(cluster).check([ownNamespace(namespace)], problems);
  if (hosts.length === 0) problems.add("hosts", "must have at least one");
  checkHosts(hosts, problems);
  checkBetween("timeoutMinutes", timeoutMinutes, [1, 24 * 60], problems);
  return problems;
}
