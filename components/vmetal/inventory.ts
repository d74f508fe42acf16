import { CustomResource } from "@pulumi/kubernetes/apiextensions/customResource";
import { Namespace } from "@pulumi/kubernetes/core/v1/namespace";
import { ObjectReady } from "../../sdk/kubernetes/object-ready";
import * as pulumi from "../../sdk/pulumi";
import { inCluster } from "../addons/in-cluster";
import { ownersIn, ownNamespace } from "../addons/one-of-a-kind";
import type { KubernetesCluster } from "../cluster";
import {
  bareMetalHost,
  clusterOfHosts,
  managedFrom,
  shownHost,
  unawaited as annotations,
  type BareMetalHostStatus,
} from "../metal3/hosts";
import { heldArgs } from "../schema-check";
import type { BareMetalInventoryArgs, NodeTypeArgs, OsImageArgs } from "./inventory-args";
import { checkInventory } from "./inventory-checks";

const platformApi = "management.loft.sh/v1";

/**
 * Servers for tenants' clusters: a NodeProvider of vCluster Platform with its types, their operating systems, and the hosts that Metal3 drives by their
 * BMCs. `pulumi up` waits until the provider is available and each host was inspected, and says with the host's own words why it is not.
 *
 * Deleting it wipes hosts' partition tables, no data, and waits until Metal3 has let each of them go. A host that a tenant has is not deleted: destroy the
 * tenant first, which happens by itself where it has this as its `inventory`. Nor do hosts move to another cluster while the old one is there.
 *
 * Cost: none; servers are started and written.
 *
 * @example
 * const inventory = new BareMetalInventory("metal3", {
 *   cluster,
 *   connectedCluster: "loft-cluster",
 *   osImages: [{ name: "ubuntu-24", url: "https://images.example.com/ubuntu-24.04.qcow2", checksum }],
 *   nodeTypes: [{ name: "h100", hostLabels: { gpu: "h100" }, osImage: "ubuntu-24" }],
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
export class BareMetalInventory extends pulumi.ComponentResource {
  static readonly __pulumiType = "gpu-clusters:vmetal:BareMetalInventory";

  /** Name of the NodeProvider, once it is available: for `autoNodes` of tenants. */
  public readonly providerName: pulumi.Output<string>;
  public readonly hosts: pulumi.Output<BareMetalHostStatus[]>;
  /** The cluster that it is in. */
  public readonly cluster: KubernetesCluster;
  /** The one that has the hosts, where that is another. */
  public readonly metal3Cluster: KubernetesCluster | undefined;
  /** Namespace of the hosts, once all of them are known. */
  public readonly namespace: pulumi.Output<string>;

  constructor(name: string, given: BareMetalInventoryArgs, options?: pulumi.ComponentResourceOptions) {
    checkInventory(name, given).raise("BareMetalInventory");
    const args = heldArgs(BareMetalInventory.__pulumiType, given);
    const { cluster, metal3Cluster, providerName = name, namespace = providerName } = args;
    // Of the cluster its name: a component as an input would wait for all that the cluster makes.
    const inputs = {
      ...args,
      cluster: cluster.clusterName,
      hosts: args.hosts.map(shownHost),
      ...(metal3Cluster && { metal3Cluster: metal3Cluster.clusterName }),
    };
    super(BareMetalInventory.__pulumiType, name, inputs, options);
    const child = inCluster(cluster, this);
    const hostsCluster = clusterOfHosts(args);
    ownersIn(hostsCluster).note(`BareMetalInventory "${name}"`, [ownNamespace(namespace)]);
    const besideHosts = inCluster(hostsCluster, this);
    const choices = managedFrom(name, hostsCluster, this);
    const place = new Namespace(
      `${name}-namespace`,
      { metadata: { name: namespace } },
      pulumi.mergeOptions(besideHosts, { dependsOn: choices }),
    );
    const images = (args.osImages ?? []).map(
      (image) =>
        new CustomResource(
          `${name}-${image.name}`,
          {
            apiVersion: platformApi,
            kind: "OSImage",
            metadata: { name: image.name, annotations },
            spec: imageSpec(image),
          },
          child,
        ),
    );
    const wait = { kubeconfig: cluster.kubeconfig, timeoutSeconds: 60 * (args.timeoutMinutes ?? 60) };
    const provider = new CustomResource(
      `${name}-provider`,
      {
        apiVersion: platformApi,
        kind: "NodeProvider",
        metadata: { name: providerName, annotations },
        spec: providerSpec(args, namespace),
      },
      { ...child, dependsOn: [place, ...images], deleteBeforeReplace: true },
    );
    const ready = new ObjectReady(
      `${name}-ready`,
      {
        ...wait,
        apiVersion: platformApi,
        kind: "NodeProvider",
        name: providerName,
        conditions: [],
        expected: { "status.phase": ["Available"] },
        told: ["status.reason", "status.message"],
        triggers: { spec: pulumi.jsonStringify(providerSpec(args, namespace)) },
        deletes: true,
        hint: `Look at \`kubectl describe nodeprovider ${providerName}\`; to install Metal3 the platform needs cert-manager in the cluster.`,
      },
      { parent: this, dependsOn: [provider] },
    );
    const hosts = args.hosts.map((host, index) =>
      bareMetalHost(name, host, {
        field: { component: "BareMetalInventory", path: `hosts[${index}]` },
        namespace,
        wait: { ...wait, kubeconfig: hostsCluster.kubeconfig },
        child: besideHosts,
        after: ready,
      }),
    );
    this.providerName = ready.status.apply(() => providerName);
    this.hosts = pulumi.all(hosts);
    this.cluster = cluster;
    this.metal3Cluster = metal3Cluster;
    // Who has it is made after the hosts, and goes before them.
    this.namespace = pulumi.all([this.providerName, this.hosts]).apply(() => namespace);
    this.registerOutputs({ providerName: this.providerName, hosts: this.hosts, namespace: this.namespace });
  }
}

function imageSpec({ name, displayName = name, url, checksum, checksumType }: OsImageArgs): object {
  return {
    displayName,
    properties: {
      "metal3.vcluster.com/image-url": url,
      "metal3.vcluster.com/image-checksum": checksum,
      ...(checksumType && { "metal3.vcluster.com/image-checksum-type": checksumType }),
    },
  };
}

function providerSpec({ connectedCluster, deploy, nodeTypes }: BareMetalInventoryArgs, namespace: string): object {
  const installs = Object.entries(deploy ?? {}).map(([what, enabled]) => [what, { enabled }] as const);
  return {
    metal3: {
      clusterRef: { cluster: connectedCluster, namespace },
      ...(installs.length > 0 && { deploy: Object.fromEntries(installs) }),
      nodeTypes: nodeTypes.map(typeSpec),
    },
  };
}

function typeSpec({ name, displayName = name, hostLabels, resources, osImage, properties }: NodeTypeArgs): object {
  return {
    name,
    displayName,
    ...(resources && { resources }),
    properties: { ...properties, "vcluster.com/os-image": osImage },
    bareMetalHosts: { selector: { matchLabels: hostLabels } },
  };
}
