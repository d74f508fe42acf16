import { CustomResource } from "@pulumi/kubernetes/apiextensions/customResource";
import { Secret } from "@pulumi/kubernetes/core/v1/secret";
import { encryptionConfiguration } from "../../bootstrap/secrets-encryption";
import { GeneratedKey } from "../../sdk/kubernetes/generated-key";
import { KubeconfigSecret } from "../../sdk/kubernetes/kubeconfig-secret";
import { LastingChoices } from "../../sdk/kubernetes/lasting-choices";
import type { MachineStatus } from "../../sdk/kubernetes/machine-claims";
import { MachinesReturned } from "../../sdk/kubernetes/machines-returned";
import { ObjectReady } from "../../sdk/kubernetes/object-ready";
import * as pulumi from "../../sdk/pulumi";
import { podNetwork } from "../addons/cni";
import { inCluster } from "../addons/in-cluster";
import type { KubernetesCluster, NodeGroupStatus } from "../cluster";
import { clusterRanges } from "../cluster-ranges";
import { hostOf } from "../../sdk/host-and-port";
import { kubernetesCluster } from "../kubernetes-cluster";
import { heldArgs } from "../schema-check";
import type { BareMetalClusterArgs, BareMetalGroupArgs } from "./args";
import { checkBareMetalCluster } from "./cluster-checks";
import { fixedGroupStatus } from "./fixed-group";
import { clusterOfHosts, unawaited } from "./hosts";
import {
  clusterKind,
  clusterObject,
  controlPlaneObjects,
  groupObjects,
  machinesMadeOf,
  type ClusterApiObject,
} from "./objects";
import { encryptionKey, encryptionSecret } from "./secrets-encryption";
import { ofAllThere } from "../left-out";

/**
 * A cluster on bare metal by Cluster API and Metal3, without a platform: kubeadm's control plane and a MachineDeployment for each node group, on servers that
 * Metal3 writes for this cluster alone. What vMetal's `TenantCluster` gives, it gives too. `pulumi up` waits until the API server answers and the nodes are
 * Ready, and ends as soon as a machine is in error. Deleting it waits until its servers are free again.
 *
 * Kubernetes' Secrets are encrypted in etcd by a key that is made once and kept; it is in a Secret beside the hosts, and on the control plane's machines.
 *
 * Nothing is installed for GPUs: `new ExistingCluster("gpus", { kubeconfig: cluster.kubeconfig, gpu: {} })` brings NVIDIA's operator.
 *
 * It needs a cluster with Metal3 and Cluster API, with its providers for kubeadm and Metal3, in the releases that have the API v1beta2. Its name, namespace,
 * endpoint and ranges are for its life. Another management cluster in the old one's place is refused while that is there: the servers would be wiped. Another
 * image, version or setting makes one machine after the other anew: `up` waits until all are.
 *
 * Cost: servers of your own.
 *
 * @example
 * const cluster = new BareMetalCluster("search", {
 *   inventory: hosts,
 *   endpoint: "10.0.0.5:6443",
 *   kubernetesVersion: "1.37.2",
 *   image: { url: "https://images.example.com/ubuntu-24.04-kube-1.37.2.qcow2", checksum },
 *   controlPlane: { hostLabels: { role: "control" } },
 *   nodeGroups: [{ name: "gpu", count: 2, hostLabels: { gpu: "h100" }, gpus: 8, gpuModel: "H100" }],
 * });
 */
export class BareMetalCluster extends pulumi.ComponentResource implements KubernetesCluster {
  static readonly __pulumiType = "gpu-clusters:metal3:BareMetalCluster";

  public readonly clusterName: pulumi.Output<string>;
  /** `https://host:port` of the API server. */
  public readonly endpoint: pulumi.Output<string>;
  /** PEM certificate of the cluster's authority. */
  public readonly certificateAuthority: pulumi.Output<string>;
  /** YAML with the certificate of an administrator, which Cluster API renews: `pulumi up` reads it again in the last third of its life. Secret. */
  public readonly kubeconfig: pulumi.Output<string>;
  /** For add-ons and for resources of your own inside the cluster. */
  public readonly kubeProvider: pulumi.ProviderResource;
  /**
   * What Cluster API has made for it, the control plane's among them. A machine in error is told here, and never replaced: mend its host, then delete the
   * Machine.
   */
  public readonly machines: pulumi.Output<MachineStatus[]>;
  public readonly nodeGroups: pulumi.Output<NodeGroupStatus[]>;
  /** `ready` once the API server answers and every node group has its nodes; unknown before that. */
  public readonly status: pulumi.Output<string>;

  constructor(name: string, given: BareMetalClusterArgs, options?: pulumi.ComponentResourceOptions) {
    checkBareMetalCluster(name, given).raise("BareMetalCluster");
    const args = heldArgs(BareMetalCluster.__pulumiType, given);
    const { inventory, clusterName = name, controlPlane, nodeGroups: groups, cni = "cilium" } = args;
    // Of the cluster its name: a component as an input would wait for all that it makes.
    const shown = { cluster: clusterOfHosts(inventory).clusterName, namespace: inventory.namespace };
    super(BareMetalCluster.__pulumiType, name, { ...args, inventory: shown }, options);
    const child = { parent: this };
    const timeoutSeconds = 60 * (args.timeoutMinutes ?? 60);
    const { kubeconfig } = clusterOfHosts(inventory);
    const claims = { kubeconfig, clusterName, hostNamespace: inventory.namespace };
    const { ready, triggers } = ownObjects(name, { ...args, clusterName, timeoutSeconds, parent: this });
    const secret = new KubeconfigSecret(
      `${name}-kubeconfig`,
      {
        kubeconfig,
        namespace: inventory.namespace,
        name: `${clusterName}-kubeconfig`,
        key: "value",
        clusterName,
        hint: "Cluster API writes it once its provider for kubeadm has made the cluster's certificates: look at `kubectl describe kubeadmcontrolplane`",
        timeoutSeconds: 300,
      },
      { ...child, dependsOn: [ready] },
    );
    const { nodeGroups, kubeProvider, ...outputs } = kubernetesCluster(
      name,
      {
        clusterName,
        endpoint: secret.endpoint,
        certificateAuthority: secret.certificateAuthority,
        kubeconfig: pulumi.secret(secret.clusterKubeconfig),
        apiServer: { args: { timeoutSeconds, hint: apiServerHint(clusterName), claims }, after: [secret] },
        addOns: {
          beforeNodes: cni === "none" ? [] : [podNetwork(cni, clusterRanges(args).podCidr)],
          besideGroups: [],
          afterNodes: [],
        },
        nodeGroups: groups.map((group) => () => ({
          resource: ready,
          status: fixedGroupStatus({ ...group, machineTypes: labelsAsTypes(group.hostLabels) }),
        })),
        nodes: () => ({
          nodeGroups: groups.map((group) => ({ name: group.name, minSize: group.count })),
          controlPlaneNodes: controlPlane.count ?? 1,
          condition: cni === "none" ? "Registered" : "Ready",
          claims,
          triggers,
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
    this.machines = outputs.machines!;
    this.status = outputs.status;
    this.registerOutputs({ ...outputs, nodeGroups });
  }
}

interface ObjectsArgs extends BareMetalClusterArgs {
  clusterName: string;
  timeoutSeconds: number;
  parent: pulumi.Resource;
}

interface OwnObjects {
  /** What deletes them: the Cluster first, and the rest with it. */
  ready: ObjectReady;
  /** What machines are made of. */
  triggers: Record<string, string>;
}

function ownObjects(name: string, args: ObjectsArgs): OwnObjects {
  const { inventory, clusterName, endpoint, timeoutSeconds, parent, nodeGroups } = args;
  const { namespace } = inventory;
  const { kubeconfig } = clusterOfHosts(inventory);
  const { podCidr, serviceCidr } = clusterRanges(args);
  const choices = new LastingChoices(
    `${name}-choices`,
    {
      clusterName,
      choices: { namespace, endpoint, podCidr, serviceCidr },
      parts: partsOf(nodeGroups),
      managementKubeconfig: kubeconfig,
    },
    { parent },
  );
  const returned = new MachinesReturned(
    `${name}-machines`,
    { kubeconfig, clusterName, hostNamespace: namespace, hint: returnHint, timeoutSeconds },
    { parent },
  );
  const { provider } = inCluster(clusterOfHosts(inventory), parent);
  const made = ({ suffix, apiVersion, kind, name: own, spec }: ClusterApiObject, dependsOn: pulumi.Resource[]) =>
    new CustomResource(
      `${name}-${suffix}`,
      { apiVersion, kind, metadata: { name: own, namespace, annotations: unawaited }, spec },
      { parent, provider, dependsOn },
    );
  const key = new GeneratedKey(`${name}-secrets-key`, {}, { parent });
  const encryption = new Secret(
    `${name}-secrets-encryption`,
    {
      metadata: {
        name: encryptionSecret(clusterName),
        namespace,
        labels: { "cluster.x-k8s.io/cluster-name": clusterName },
      },
      stringData: {
        [encryptionKey]: ofAllThere([key.hex], (hex) =>
          encryptionConfiguration(Buffer.from(hex, "hex").toString("base64")),
        ),
      },
    },
    { parent, provider, dependsOn: [choices, returned] },
  );
  const before = [choices, returned, encryption];
  const facts = { ...args, controlPlaneEndpoint: pulumi.output(endpoint).apply(addressOf) };
  const parts = [...controlPlaneObjects(facts), ...nodeGroups.flatMap((group) => groupObjects(facts, group))];
  const cluster = made(clusterObject(facts), [...before, ...parts.map((part) => made(part, before))]);
  const ready = new ObjectReady(
    `${name}-ready`,
    {
      kubeconfig,
      ...clusterKind,
      namespace,
      name: clusterName,
      uid: cluster.metadata.apply((metadata) => metadata?.uid ?? ""),
      conditions: [{ type: "InfrastructureReady" }],
      told: ["status.phase"],
      deletes: true,
      hint:
        `Look at \`kubectl describe cluster.cluster.x-k8s.io ${clusterName}\` and \`kubectl describe metal3cluster\` in its namespace: Cluster API and its providers ` +
        "for kubeadm and Metal3 must run (`clusterctl init --infrastructure metal3`), and reach the hosts' BMCs to let the cluster go.",
      timeoutSeconds,
    },
    { parent, dependsOn: [cluster] },
  );
  return { ready, triggers: machinesMadeOf(parts) };
}

function partsOf(groups: readonly BareMetalGroupArgs[]): Record<string, string> {
  const loss =
    "once `pulumi up` has done all else, its nodes go, with what runs there, and Metal3 wipes their servers. A group that is new gets none of these before: " +
    "where there are no others for it, take this one away first, and add that with the next `pulumi up`";
  return Object.fromEntries(groups.map(({ name }) => [`nodeGroups "${name}"`, loss]));
}

function addressOf(endpoint: string): { host: string; port: number } {
  return { host: hostOf(endpoint), port: Number(/:(\d+)$/.exec(endpoint)?.[1] ?? 6443) };
}

function labelsAsTypes(hostLabels: Record<string, string>): string[] {
  return Object.entries(hostLabels).map(([key, value]) => `${key}=${value}`);
}

const returnHint =
  "Cluster API gives a deleted cluster's servers back, and Metal3 cleans them, for which it must reach their BMCs: look at `kubectl get machines,metal3machines` " +
  "and `kubectl describe baremetalhosts`.";

function apiServerHint(clusterName: string): string {
  return (
    `Look at \`kubectl describe kubeadmcontrolplane ${clusterName}\`, at the console of its server, whether somebody brings the endpoint's address to it, and ` +
    "whether this computer reaches that"
  );
}
