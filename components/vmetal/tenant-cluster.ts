import { Namespace } from "@pulumi/kubernetes/core/v1/namespace";
import { Secret } from "@pulumi/kubernetes/core/v1/secret";
import type { Release } from "@pulumi/kubernetes/helm/v3/release";
import { KubeconfigSecret } from "../../sdk/kubernetes/kubeconfig-secret";
import type { MachineStatus } from "../../sdk/kubernetes/machine-claims";
import { MachinesReturned } from "../../sdk/kubernetes/machines-returned";
import { LastingChoices } from "../../sdk/kubernetes/lasting-choices";
import { certificatesOf } from "../../sdk/kubernetes/pem";
import * as pulumi from "../../sdk/pulumi";
import { chartPlace, tellNeeds } from "../addons/chart";
import { inCluster } from "../addons/in-cluster";
import { ownersIn, ownNamespace } from "../addons/one-of-a-kind";
import { helmRelease } from "../addons/release";
import type { KubernetesCluster, NodeGroupStatus } from "../cluster";
import { clusterRanges } from "../cluster-ranges";
import { checked } from "../errors";
import { kubernetesCluster } from "../kubernetes-cluster";
import { fixedGroupStatus } from "../metal3/fixed-group";
import { vcluster } from "../versions";
import { heldArgs } from "../schema-check";
import type { AutoNodesArgs, PlatformConnectionArgs, StaticPoolArgs, TenantClusterArgs } from "./args";
import { checkAuthority, checkTenantCluster } from "./tenant-checks";
import { tenantValues, typesOf } from "./tenant-values";

/**
 * A tenant's cluster on bare metal, by vMetal: its control plane runs in another cluster by vCluster's pinned chart, its nodes are servers that vCluster
 * Platform takes from its node providers, for this cluster alone, and gives back. `pulumi up` waits until the API server answers and the nodes of
 * static pools are Ready; dynamic pools begin empty. Deleting it waits until its servers are free again, where `inventory` says whose they are.
 *
 * vMetal installs nothing for GPUs: `new ExistingCluster("gpus", { kubeconfig: tenant.kubeconfig, gpu: {} })` brings NVIDIA's operator.
 *
 * It needs vCluster Platform, and nodes that reach `platform.host` and the endpoint. Its name, namespace, ranges, and a pool's provider are for its life. Another
 * host cluster in the old one's place is refused while that is there: the servers would be wiped.
 *
 * Cost: servers of your own and vCluster's licence; about 1 GiB of a node of the host cluster.
 *
 * @example
 * const tenant = new TenantCluster("search", {
 *   hostCluster,
 *   platform: { host: "vcluster.example.com", accessKey: config.requireSecret("accessKey"), project: "default" },
 *   autoNodes: [
 *     {
 *       provider: "metal3",
 *       static: [{ name: "gpu", quantity: 2, nodeTypeSelector: [{ property: "vcluster.com/node-type", value: "h100" }] }],
 *     },
 *   ],
 * });
 */
export class TenantCluster extends pulumi.ComponentResource implements KubernetesCluster {
  static readonly __pulumiType = "gpu-clusters:vmetal:TenantCluster";

  /** Name of the cluster and of its Helm release. */
  public readonly clusterName: pulumi.Output<string>;
  /** `https://host:port` of the API server. */
  public readonly endpoint: pulumi.Output<string>;
  /** PEM certificate of the cluster's authority. */
  public readonly certificateAuthority: pulumi.Output<string>;
  /** YAML with the token of an administrator, which has no end. Secret. */
  public readonly kubeconfig: pulumi.Output<string>;
  /** For add-ons and for resources of your own inside the cluster. */
  public readonly kubeProvider: pulumi.ProviderResource;
  /**
   * What the platform has claimed for it, where `inventory` says where. A machine in error is told here, and never replaced: mend its host, then delete the
   * NodeClaim.
   */
  public readonly machines: pulumi.Output<MachineStatus[]>;
  /** The static pools. Those that are dynamic the platform moves. */
  public readonly nodeGroups: pulumi.Output<NodeGroupStatus[]>;
  /** `ready` once the API server answers and every static pool has its nodes; unknown before that. */
  public readonly status: pulumi.Output<string>;

  constructor(name: string, given: TenantClusterArgs, options?: pulumi.ComponentResourceOptions) {
    checkTenantCluster(name, given).raise("TenantCluster");
    const args = heldArgs(TenantCluster.__pulumiType, given);
    const { hostCluster, clusterName = name, namespace = clusterName, inventory, timeoutMinutes = 60 } = args;
    const platform = { ...args.platform, accessKey: pulumi.secret(args.platform.accessKey) };
    // Of clusters their names: a component as an input would wait for all that it makes.
    super(
      TenantCluster.__pulumiType,
      name,
      {
        ...args,
        hostCluster: hostCluster.clusterName,
        ...(inventory && { inventory: { cluster: inventory.cluster.clusterName, namespace: inventory.namespace } }),
        platform,
      },
      options,
    );
    ownersIn(hostCluster).note(`TenantCluster "${name}"`, [ownNamespace(namespace)]);
    tellNeeds(
      [
        `TenantCluster: vCluster ${vcluster.version}, a chart of ${chartPlace(vcluster)}; nodes of the host cluster fetch from ghcr.io. Private nodes need ` +
          "a licence of vCluster Platform",
      ],
      this,
    );
    const child = { parent: this };
    const timeoutSeconds = 60 * timeoutMinutes;
    const claims = inventory && {
      kubeconfig: inventory.cluster.kubeconfig,
      clusterName,
      project: args.platform.project,
      ...(inventory.metal3Cluster && { hostKubeconfig: inventory.metal3Cluster.kubeconfig }),
      hostNamespace: inventory.namespace,
    };
    const after = claims
      ? [new MachinesReturned(`${name}-machines`, { ...claims, hint: returnHint, timeoutSeconds }, child)]
      : [];
    const release = controlPlane(name, { ...args, platform }, { clusterName, namespace, parent: this, after });
    const secret = new KubeconfigSecret(
      `${name}-kubeconfig`,
      {
        kubeconfig: hostCluster.kubeconfig,
        namespace,
        name: `vc-${clusterName}`,
        clusterName,
        ...(args.endpoint === undefined
          ? { service: clusterName }
          : { server: pulumi.output(args.endpoint).apply((endpoint) => `https://${endpoint}`) }),
        hint: hintOf(namespace, args),
        timeoutSeconds,
      },
      { ...child, dependsOn: [release] },
    );
    const { nodeGroups, kubeProvider, ...outputs } = kubernetesCluster(
      name,
      {
        clusterName,
        endpoint: secret.endpoint,
        certificateAuthority: secret.certificateAuthority,
        kubeconfig: pulumi.secret(secret.clusterKubeconfig),
        apiServer: { args: { timeoutSeconds: 300, hint: apiServerHint(namespace) }, after: [secret] },
        addOns: { beforeNodes: [], besideGroups: [], afterNodes: [] },
        nodeGroups: staticPools(args).map((pool) => () => ({
          resource: release,
          status: fixedGroupStatus({ ...pool, count: pool.quantity, machineTypes: typesOf(pool.nodeTypeSelector) }),
        })),
        nodes: () => ({
          nodeGroups: staticPools(args).map(({ name: pool, quantity }) => ({ name: pool, minSize: quantity })),
          controlPlaneNodes: 0,
          ...(claims && { claims }),
          timeoutSeconds,
        }),
      },
      child,
    );
    this.clusterName = outputs.clusterName;
    this.endpoint = outputs.endpoint;
    this.certificateAuthority = outputs.certificateAuthority;
    this.kubeconfig = outputs.kubeconfig;
    this.kubeProvider = kubeProvider;
    this.nodeGroups = nodeGroups;
    this.machines = outputs.machines ?? pulumi.output([]);
    this.status = outputs.status;
    this.registerOutputs({ ...outputs, nodeGroups });
  }
}

interface Place {
  clusterName: string;
  namespace: string;
  parent: pulumi.Resource;
  /** What goes after all that is made here. */
  after: pulumi.Resource[];
}

function controlPlane(
  name: string,
  args: TenantClusterArgs,
  { clusterName, namespace, parent, after }: Place,
): Release {
  const child = inCluster(args.hostCluster, parent);
  const { podCidr, serviceCidr } = clusterRanges(args);
  const choices = new LastingChoices(
    `${name}-choices`,
    {
      clusterName,
      choices: { namespace, podCidr, serviceCidr, vpn: vpnOf(args), ...providersOf(args.autoNodes) },
      parts: partsOf(args.autoNodes),
      managementKubeconfig: args.hostCluster.kubeconfig,
    },
    { parent },
  );
  const place = new Namespace(
    `${name}-namespace`,
    { metadata: { name: namespace } },
    pulumi.mergeOptions(child, { dependsOn: choices }),
  );
  // Without it vCluster ends at once where nodes are private.
  const connection = new Secret(
    `${name}-platform`,
    {
      metadata: { name: "vcluster-platform-api-key", namespace: place.metadata.name },
      type: "Opaque",
      stringData: pulumi.secret(connectionOf(args.platform)),
    },
    child,
  );
  return helmRelease(
    `${name}-release`,
    vcluster,
    {
      name: clusterName,
      namespace: place.metadata.name,
      // Who waits for the kubeconfig can say what is in the way.
      skipAwait: true,
      values: pulumi.output(args.endpoint).apply((endpoint) => tenantValues(clusterName, args, endpoint)),
    },
    { kubeconfig: args.hostCluster.kubeconfig, own: { parent } },
    { ...child, dependsOn: [place, connection, choices, ...after], deleteBeforeReplace: true },
  );
}

/** As vCluster's own command writes it (`vcluster platform add vcluster`, 0.36.1): the authority in PEM. */
function connectionOf({
  certificateAuthority,
  ...platform
}: PlatformConnectionArgs): Record<string, pulumi.Input<string>> {
  return {
    ...platform,
    insecure: "false",
    ...(certificateAuthority !== undefined && {
      certificateAuthorityData: pulumi.output(certificateAuthority).apply(authorityOf),
    }),
  };
}

/** Of one that came to be known. Throws `InvalidInput`. */
function authorityOf(text: string): string {
  return certificatesOf(checked("TenantCluster", text, (problems) => checkAuthority(text, problems)));
}

function staticPools({ autoNodes }: TenantClusterArgs): StaticPoolArgs[] {
  return autoNodes.flatMap((entry) => entry.static ?? []);
}

function vpnOf({ vpn }: TenantClusterArgs): string {
  if (vpn === undefined) return "none";
  return vpn.nodeToNode ? "between nodes, too" : "to the API server";
}

/** By pool. Another one would be told by the platform only, and never happen. */
function providersOf(autoNodes: readonly AutoNodesArgs[]): Record<string, string> {
  const pools = autoNodes.flatMap(({ provider, static: fixed = [], dynamic = [] }) =>
    [...fixed, ...dynamic].map(({ name }) => [`the provider of pool "${name}"`, provider] as const),
  );
  return Object.fromEntries(pools);
}

function partsOf(autoNodes: readonly AutoNodesArgs[]): Record<string, string> {
  const pools = autoNodes.flatMap(({ static: fixed = [], dynamic = [] }) => [...fixed, ...dynamic]);
  return Object.fromEntries(
    pools.map(({ name }) => [
      `autoNodes pool "${name}"`,
      "its nodes go, with what runs there, and the platform wipes their servers",
    ]),
  );
}

const returnHint =
  "The platform gives a deleted cluster's machines back, and Metal3 cleans their hosts, for which it must reach their BMCs: look at `kubectl get nodeclaims -A` " +
  "and `kubectl describe baremetalhosts`. Where the platform is gone for good, take `image` and `consumerRef` off the hosts, and delete the NodeClaims.";

function hintOf(namespace: string, { endpoint, platform }: TenantClusterArgs): string {
  const address =
    endpoint === undefined
      ? " A Service of type LoadBalancer needs somebody in the host cluster who gives addresses; else give `endpoint`."
      : "";
  const trust =
    platform.certificateAuthority === undefined
      ? ", or an authority of your own signed for it: then give `platform.certificateAuthority`"
      : ", or another authority than `platform.certificateAuthority` signed for it";
  return (
    `Look at \`kubectl -n ${namespace} get pods,services\` in the host cluster. vCluster with private nodes ends at once where ` +
    `${platform.host} does not take its access key, or the platform's licence has no private nodes${trust}.${address}`
  );
}

function apiServerHint(namespace: string): string {
  return `Look at \`kubectl -n ${namespace} get pods,services\` in the host cluster, and whether this computer reaches that address`;
}
