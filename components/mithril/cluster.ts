import * as pulumi from "../../sdk/pulumi";
import { Cluster } from "../../sdk/mithril/cluster";
import { NodeGroup } from "../../sdk/mithril/node-group";
import { PlannedCluster } from "../../sdk/mithril/planned-cluster";
import { SshKey } from "../../sdk/mithril/ssh-key";
import { Volume } from "../../sdk/mithril/volume";
import { LastingChoices } from "../../sdk/kubernetes/lasting-choices";
import { movesGroups, projectOf, providersWith } from "../addons/autoscaler/access";
import { autoscaler } from "../addons/autoscaler/add-on";
import type { AddOn } from "../addons/add-on";
import { fileShares } from "../addons/file-shares";
import { nodeFacts } from "../addons/groups";
import { sharedClassOnce } from "../addons/shared-storage/place";
import { oldFirst } from "../anew";
import type { KubernetesCluster } from "../cluster";
import { engineInputs } from "../engine-inputs";
import { kubernetesCluster } from "../kubernetes-cluster";
import { ofAllThere } from "../left-out";
import { heldArgs } from "../schema-check";
import type { MithrilClusterArgs } from "./args";
import { authorityOf } from "./kubeconfig";
import { clusterKubeconfig } from "./kubeconfig-file";
import { keptShares, lastingChoices } from "./lasting";
import { plannedArgs } from "./planned";
import {
  autoscaledGroup,
  awaitedGpus,
  awaitedNodes,
  groupArgs,
  groupStatus,
  mayMove,
  type MithrilNodeGroupStatus,
} from "./node-groups";
import { checkMithrilCluster } from "./validate";

const defaultTimeoutMinutes = 15;

/**
 * A Kubernetes cluster whose control plane Mithril hosts, with spot or reserved instances as nodes, which join by themselves. Cilium and
 * NVIDIA's GPU operator are there from the beginning.
 *
 * The kubeconfig is read from the control plane over SSH, once for each cluster.
 *
 * Nodes of spot bids come and go with the market: `pulumi up` waits (up to 30 minutes) until `minSize` of them are Ready, and says why if
 * they are not. Bids stay when it gives up, and the next `up` goes on.
 *
 * Cost: the control plane, nodes by the hour at the market's price (a reservation is paid up front), file shares per GB and month.
 *
 * @example
 * const config = new pulumi.Config();
 * const cluster = new MithrilCluster("train", {
 *   region: "us-central5-a",
 *   controlPlane: { instanceType: "cpu.4x" },
 *   sshPublicKey: "ssh-ed25519 AAAA… me",
 *   sshPrivateKey: config.requireSecret("sshPrivateKey"),
 *   nodeGroups: [{ name: "gpu", instanceType: "h100-80gb.sxm.8x", minSize: 1, maxSize: 4, capacity: { spot: { limitPrice: "$20.00" } } }],
 *   fileShares: [{ name: "datasets", sizeGb: 1000 }],
 * });
 */
export class MithrilCluster extends pulumi.ComponentResource implements KubernetesCluster {
  static readonly __pulumiType = "gpu-clusters:mithril:MithrilCluster";

  /** Name of the cluster; the kubeconfig's context is `mithril:<name>`. */
  public readonly clusterName: pulumi.Output<string>;
  /** `https://host:6443` of the API server. */
  public readonly endpoint: pulumi.Output<string>;
  /** PEM certificate of the cluster's authority. */
  public readonly certificateAuthority: pulumi.Output<string>;
  /**
   * YAML with the administrator's credentials.
   * @secret
   */
  public readonly kubeconfig: pulumi.Output<string>;
  /** The node groups with their nodes: states of orders and instances, at the last `up` or `refresh`. */
  public readonly nodeGroups: pulumi.Output<MithrilNodeGroupStatus[]>;
  /** `ready` once the API server answers and there are as many Ready nodes as the groups' minimum; unknown before that. */
  public readonly status: pulumi.Output<string>;
  /** `shared` once the StorageClass is there, where the cluster has `sharedStorage`. */
  public readonly sharedStorageClass?: pulumi.Output<string>;
  /** For add-ons and for resources of your own inside the cluster. */
  public readonly kubeProvider: pulumi.ProviderResource;
  /** Id of Mithril's cluster (`clust_…`), for orders of your own. */
  public readonly clusterId: pulumi.Output<string>;

  constructor(name: string, given: MithrilClusterArgs, options?: pulumi.ComponentResourceOptions) {
    checkMithrilCluster(name, given, options).raise("MithrilCluster");
    const args = heldArgs(MithrilCluster.__pulumiType, given);
    super(MithrilCluster.__pulumiType, name, engineInputs(MithrilCluster.__pulumiType, args), options);
    const child = { parent: this };
    const clusterName = `${args.namePrefix ?? ""}${args.clusterName ?? name}`;
    const groups = args.nodeGroups ?? [];

    const choices = new LastingChoices(
      `${name}-choices`,
      {
        clusterName: args.clusterName ?? name,
        choices: { ...lastingChoices(name, args), ...projectOf("mithril", options) },
        kept: keptShares(args),
      },
      child,
    );
    const planned = new PlannedCluster(`${name}-plan`, plannedArgs(clusterName, args), child);
    const chosen = { ...child, dependsOn: [choices, planned] };
    const sshKeyId =
      args.sshKeyId ??
      new SshKey(`${name}-ssh-key`, { name: clusterName, publicKey: args.sshPublicKey! }, oldFirst(chosen)).id;
    const cluster = new Cluster(
      `${name}-cluster`,
      {
        name: clusterName,
        region: args.region,
        sshKeys: [sshKeyId],
        instanceType: args.controlPlane.instanceType,
        kubernetesVersion: args.kubernetesVersion,
      },
      oldFirst({
        ...chosen,
        customTimeouts: { create: `${args.timeoutMinutes ?? defaultTimeoutMinutes}m` },
        // It keeps those that it was made with, also where the project has lost them.
        ignoreChanges: ["sshKeys"],
      }),
    );
    const shares = shareVolumes(name, args, chosen);
    const kubeconfig = clusterKubeconfig(name, { ...args, clusterName, cluster }, child);
    const now = new Date();
    const { kubeProvider, ...outputs } = kubernetesCluster(
      name,
      {
        clusterName,
        endpoint: cluster.endpoint,
        certificateAuthority: pulumi.unsecret(ofAllThere([kubeconfig], authorityOf)),
        kubeconfig,
        apiServer: { args: { hint: apiServerHint }, after: [] },
        addOns: {
          beforeNodes: [],
          besideGroups: movesGroups(args, mayMove)
            ? [
                autoscaler({
                  clusterName,
                  providers: providersWith("mithril", options),
                  scaleDownAfter: args.scaleDownAfter,
                }),
              ]
            : [],
          afterNodes: args.sharedStorage ? [volumesOf(args.sharedStorage.share, shares)] : [],
        },
        // Orders cost money from the beginning: not before the cluster is known to work.
        nodeGroups: groups.map((group) => (apiServer) => {
          const place = {
            clusterId: cluster.id,
            clusterName,
            region: args.region,
            sshKeys: [sshKeyId],
            volumes: shares.map((share) => share.id),
          };
          const spec = groupArgs(group, place);
          const resource = new NodeGroup(`${name}-${group.name}`, spec, oldFirst({ ...child, dependsOn: [apiServer] }));
          return {
            resource,
            status: groupStatus(group, resource),
            autoscaled: autoscaledGroup(group, spec),
            supply: {
              cloud: "mithril",
              name: group.name,
              minSize: group.minSize,
              spec: { ...spec, startupScript: undefined },
            },
          };
        }),
        nodes: () => ({
          nodeGroups: [],
          controlPlaneNodes: 0,
          workerNodes: sumOf(groups.map((group) => awaitedNodes(group, now))),
          // Advertised by NVIDIA's operator, which is there from the beginning.
          workerGpus: sumOf(groups.map((group) => awaitedGpus(group, now))),
        }),
      },
      child,
    );

    this.clusterName = outputs.clusterName;
    this.endpoint = outputs.endpoint;
    this.certificateAuthority = outputs.certificateAuthority;
    this.kubeconfig = outputs.kubeconfig;
    this.kubeProvider = kubeProvider;
    // The shares are attached to its orders, and the control plane is Mithril's own.
    nodeFacts.set(this, { unmarked: true, filesOnWorkers: true });
    // What else a group brings, only its nodes know.
    const bringsMore = groups.some(({ volumes, startupScript, image }) =>
      [volumes, startupScript, image].some((each) => each !== undefined),
    );
    if (!bringsMore)
      fileShares.set(
        this,
        (args.fileShares ?? []).map(({ name: share }) => share),
      );
    this.nodeGroups = outputs.nodeGroups;
    this.status = outputs.status;
    if (args.sharedStorage) this.sharedStorageClass = sharedClassOnce(outputs.status);
    this.clusterId = cluster.id;
    this.registerOutputs({ ...outputs, clusterId: this.clusterId, sharedStorageClass: this.sharedStorageClass });
  }
}

function shareVolumes(name: string, args: MithrilClusterArgs, options: pulumi.CustomResourceOptions): Volume[] {
  const { region, sharedStorage } = args;
  return (args.fileShares ?? []).map(
    ({ name: share, sizeGb }) =>
      new Volume(
        `${name}-${share}`,
        { name: share, region, diskInterface: "File", sizeGb },
        // The name is the path on the nodes, and no other volume of the project may have it.
        oldFirst({
          ...options,
          // The others are protected where the component is.
          ...(sharedStorage?.share === share && { protect: sharedStorage.protect ?? true }),
        }),
      ),
  );
}

function sumOf(counts: pulumi.Output<number>[]): pulumi.Output<number> {
  return pulumi.all(counts).apply((all) => all.reduce((sum, count) => sum + count, 0));
}

function volumesOf(share: string, ready: pulumi.Resource[]): AddOn {
  // Loaded when asked for, as the autoscaler is.
  /* eslint-disable @typescript-eslint/no-require-imports */
  const { fileShareStorage } =
    require("../addons/shared-storage/file-share") as typeof import("../addons/shared-storage/file-share");
  /* eslint-enable @typescript-eslint/no-require-imports */
  return fileShareStorage({ path: `/mnt/${share}`, ready });
}

const apiServerHint =
  "Mithril runs this control plane: look at the cluster in Mithril's console, and whether a proxy or a firewall is between it and this computer";
