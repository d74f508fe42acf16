import * as pulumi from "../../sdk/pulumi";
import { movesGroups, providersWith } from "../addons/autoscaler/access";
import { autoscaler } from "../addons/autoscaler/add-on";
import { withOperatorLabels } from "../addons/gpu/groups";
import { fileShares } from "../addons/file-shares";
import { afterLook } from "../after-look";
import { sharedClassOnce } from "../addons/shared-storage/place";
import type { KubernetesCluster, NodeGroupStatus } from "../cluster";
import { clusterRanges, tellTightRoom } from "../cluster-ranges";
import { engineInputs } from "../engine-inputs";
import { kubeadmCluster, type Joining, type KubeadmNodeGroup } from "../kubeadm/cluster";
import { heldArgs } from "../schema-check";
import type { CudoClusterArgs, CudoNodeGroupArgs } from "./args";
import { apiServerName } from "./documents";
import { cudoFoundation, type CudoFoundation } from "./foundation";
import { gpuFields, mayMove, nodeGroup } from "./node-groups";
import { checkCudoCluster } from "./validate";
import { withVaultRole } from "./vault";

/**
 * A Kubernetes cluster on Cudo VMs: a network, a security group, one control plane VM set up by kubeadm, and node groups.
 *
 * The kubeconfig is computed from the cluster's own certificate authority: nothing is fetched from the machine, and it changes only when
 * the endpoint or the administrator's certificate does.
 *
 * Cost: the control plane VM and every node are charged by the hour, stopped or not, the network and public addresses too
 * (`getMachineTypes` gives prices).
 *
 * @example
 * const cluster = new CudoCluster("train", {
 *   vault: { address: "https://vault.example.com:8200" },
 *   nodeGroups: [{ name: "gpu", role: "worker", minSize: 1, maxSize: 8, vcpus: 8, memoryGib: 32, diskSizeGib: 100,
 *     dataCenterId: "us-newyork-1", machineType: "intel-broadwell-v100", gpus: 1, gpuModel: "V100" }],
 * });
 * export const kubeconfig = cluster.kubeconfig;
 */
export class CudoCluster extends pulumi.ComponentResource implements KubernetesCluster {
  static readonly __pulumiType = "gpu-clusters:cudo:CudoCluster";

  /** Name of the cluster; also the kubeconfig's context. */
  public readonly clusterName: pulumi.Output<string>;
  /** `https://host:6443` of the API server. */
  public readonly endpoint: pulumi.Output<string>;
  /** PEM certificate of the cluster's authority. */
  public readonly certificateAuthority: pulumi.Output<string>;
  /**
   * YAML with the administrator's certificate.
   * @secret
   */
  public readonly kubeconfig: pulumi.Output<string>;
  /** Sizes of the node groups. */
  public readonly nodeGroups: pulumi.Output<NodeGroupStatus[]>;
  /** `ready` once the API server answers and every group has its minimum of nodes; unknown before that. */
  public readonly status: pulumi.Output<string>;
  /** `shared` once the StorageClass is there, where the cluster has `sharedStorage`. */
  public readonly sharedStorageClass?: pulumi.Output<string>;
  /** For add-ons and for resources of your own inside the cluster. */
  public readonly kubeProvider: pulumi.ProviderResource;
  /** Network that the VMs are in. */
  public readonly networkId: pulumi.Output<string>;
  /** Security group of the nodes. */
  public readonly nodeSecurityGroupId: pulumi.Output<string>;
  /** Security group of the control plane: the nodes' own. */
  public readonly controlPlaneSecurityGroupId: pulumi.Output<string>;

  constructor(name: string, given: CudoClusterArgs, options?: pulumi.ComponentResourceOptions) {
    checkCudoCluster(name, given, options).raise("CudoCluster");
    const args = heldArgs(CudoCluster.__pulumiType, given);
    super(CudoCluster.__pulumiType, name, engineInputs(CudoCluster.__pulumiType, args), options);
    tellTightRoom({ ...clusterRanges(args), nodeGroups: args.nodeGroups }, this);
    const foundation = cudoFoundation(name, args, options, { child: { parent: this }, afterLook: afterLook(given) });
    const { certificates, networkId, securityGroupId, controlPlane, files } = foundation;
    const groups = args.nodeGroups ?? [];
    const fields = groups.map(gpuFields);
    const gpus = (args.gpu ?? true) ? fields : [];

    const { kubeProvider, ...outputs } = kubeadmCluster(
      name,
      {
        clusterName: foundation.clusterName,
        certificates,
        controlPlane: {
          machines: [pulumi.interpolate`${controlPlane.vmId} ${controlPlane.createdAt}`],
          ready: [controlPlane],
          endpoint: pulumi.interpolate`https://${controlPlane.externalIpAddress}:6443`,
          tlsServerName: apiServerName,
        },
        askedVersion: args.kubernetesVersion,
        cni: args.cni ?? "cilium",
        podSubnet: clusterRanges(args).podCidr,
        gpus,
        gpuMode: args.gpuMode,
        addOns: {
          besideGroups: movesGroups(args, mayMove)
            ? [
                autoscaler({
                  clusterName: foundation.clusterName,
                  providers: autoscalerKeys(name, args, options, foundation),
                  scaleDownAfter: args.scaleDownAfter,
                  mintsTokens: true,
                }),
              ]
            : [],
          afterNodes: files ? [files] : [],
        },
        nodeGroups: groups.map((given, index) =>
          clusterNodeGroup(name, withOperatorLabels(given, fields[index]!, gpus), args, foundation, this),
        ),
        sshPrivateKey: args.sshPrivateKey,
        sshPublicKey: args.sshPublicKey,
      },
      { parent: this },
    );

    this.clusterName = outputs.clusterName;
    this.endpoint = outputs.endpoint;
    this.certificateAuthority = outputs.certificateAuthority;
    this.kubeconfig = outputs.kubeconfig;
    this.kubeProvider = kubeProvider;
    if (groups.every(({ image }) => image === undefined)) fileShares.set(this, []);
    this.nodeGroups = outputs.nodeGroups;
    this.status = outputs.status;
    if (args.sharedStorage) this.sharedStorageClass = sharedClassOnce(outputs.status);
    this.networkId = networkId;
    this.nodeSecurityGroupId = securityGroupId;
    this.controlPlaneSecurityGroupId = securityGroupId;
    this.registerOutputs({
      ...outputs,
      sharedStorageClass: this.sharedStorageClass,
      networkId: this.networkId,
      nodeSecurityGroupId: this.nodeSecurityGroupId,
      controlPlaneSecurityGroupId: this.controlPlaneSecurityGroupId,
    });
  }
}

/** Of the autoscaler: it acts for this project, and gives the machines that it makes their access to Vault. */
function autoscalerKeys(
  name: string,
  { vault }: CudoClusterArgs,
  options: pulumi.ComponentResourceOptions | undefined,
  { clusterName, controlPlane, chosen }: CudoFoundation,
) {
  const keys = providersWith("cudo", options);
  if (vault === undefined) return keys;
  const place = { projectId: controlPlane.projectId, clusterName, vault };
  return withVaultRole(`${name}-autoscaler-vault`, keys, place, chosen);
}

function clusterNodeGroup(
  name: string,
  group: CudoNodeGroupArgs,
  args: CudoClusterArgs,
  foundation: CudoFoundation,
  parent: pulumi.Resource,
) {
  const { clusterName, networkId, securityGroupId, authorizedKeys, vault, controlPlane } = foundation;
  return ({ apiServer, withKeeper, ...joining }: Joining): KubeadmNodeGroup => {
    const place = {
      ...joining,
      clusterName,
      namePrefix: args.namePrefix,
      group,
      gpuMode: args.gpuMode ?? "plugin",
      gpuSupport: args.gpu ?? true,
      endpoint: pulumi.interpolate`https://${controlPlane.internalIpAddress}:6443`,
      networkId,
      securityGroupId,
      authorizedKeys,
      vault,
    };
    return nodeGroup(name, place, args.sshPrivateKey !== undefined, { parent, ...withKeeper, dependsOn: [apiServer] });
  };
}
