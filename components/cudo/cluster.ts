import * as pulumi from "../../sdk/pulumi";
import { cudoId } from "../../sdk/cudo/ids";
import { PlannedCluster } from "../../sdk/cudo/planned-cluster";
import { ClusterCertificates } from "../../sdk/kubernetes/cluster-certificates";
import { LastingChoices } from "../../sdk/kubernetes/lasting-choices";
import { movesGroups, projectOf, providersWith } from "../addons/autoscaler/access";
import { autoscaler } from "../addons/autoscaler/add-on";
import { withOperatorLabels } from "../addons/gpu/groups";
import { sharedClassOnce } from "../addons/shared-storage/place";
import type { KubernetesCluster, NodeGroupStatus } from "../cluster";
import { clusterRanges, tellTightRoom } from "../cluster-ranges";
import { engineInputs } from "../engine-inputs";
import { argsOf, known } from "../inputs";
import { kubeadmCluster } from "../kubeadm/cluster";
import { defaultKubernetesMinor, resolveKubernetesVersion } from "../versions";
import type { CudoClusterArgs } from "./args";
import { controlPlaneMachine } from "./control-plane";
import { apiServerName } from "./documents";
import { clusterNetwork } from "./network";
import { mayMove, nodeGroup } from "./node-groups";
import { plannedArgs } from "./planned";
import { networkCidr } from "./profiles";
import { checkCudoCluster } from "./validate";
import { machineVault, withVaultRole } from "./vault";

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
    const args = argsOf(given);
    super(CudoCluster.__pulumiType, name, engineInputs(CudoCluster.__pulumiType, args), options);
    tellTightRoom({ ...clusterRanges(args), nodeGroups: args.nodeGroups }, this);
    const child = { parent: this };
    const clusterName = args.clusterName ?? name;
    const prefix = `${args.namePrefix ?? ""}${clusterName}`;
    const groups = args.nodeGroups ?? [];
    const dataCenterId = args.dataCenterId ?? groups[0]!.dataCenterId;
    const ranges = clusterRanges(args);
    const kubernetesVersion = resolveKubernetesVersion(
      args.kubernetesVersion ?? defaultKubernetesMinor,
      args.devMode ?? false,
    )!;

    const certificates = new ClusterCertificates(
      `${name}-certificates`,
      { clusterName, adminValidityHours: args.adminValidityHours, ...(args.vault && { secretsKeyElsewhere: true }) },
      child,
    );
    // The control plane's VM is named by it, and its etcd is on that VM's disk.
    const namePrefix = JSON.stringify(args.namePrefix ?? "");
    const lasting = { clusterName, namePrefix, dataCenterId, ...ranges, ...projectOf("cudo", options) };
    const least = args.sharedStorage && { "sharedStorage.sizeGib": args.sharedStorage.sizeGib };
    const kept = args.sharedStorage && { sharedStorage: args.sharedStorage.protect ?? true };
    const choices = new LastingChoices(`${name}-choices`, { clusterName, choices: lasting, least, kept }, child);
    const machineType =
      args.controlPlane?.machineType ?? (groups.find((group) => !(known(group.gpus) ?? 0)) ?? groups[0]!).machineType;
    const names = { clusterName, controlPlane: cudoId(`${prefix}-control-plane`), files: cudoId(`${prefix}-files`) };
    const planned = new PlannedCluster(`${name}-plan`, plannedArgs(names, machineType, args), child);
    const chosen = { ...child, dependsOn: [choices, planned] };
    const { apiServerAccessCidrs, sshAccessCidrs } = args;
    const { networkId, securityGroupId } = clusterNetwork(
      name,
      { prefix, dataCenterId, apiServerAccessCidrs, sshAccessCidrs },
      chosen,
    );
    const fields = groups.map((group) => ({ ...group, gpus: group.gpus ?? 0 }));
    const gpus = (args.gpu ?? true) ? fields : [];
    const vault = machineVault(args.vault);
    const authorizedKeys = args.sshPublicKey === undefined ? [] : [args.sshPublicKey];

    const machine = controlPlaneMachine(
      `${name}-control-plane`,
      {
        vmId: names.controlPlane,
        dataCenterId,
        machineType,
        size: args.controlPlane?.size,
        networkId,
        securityGroupId,
        clusterName,
        ranges,
        kubernetesVersion,
        certificates,
        authorizedKeys,
        vault,
      },
      chosen,
    );

    const files =
      args.sharedStorage &&
      loadSharedFiles().sharedFiles(
        name,
        args.sharedStorage,
        {
          vmId: names.files,
          diskId: names.files,
          dataCenterId,
          machineType,
          networkId,
          networkCidr,
          securityGroupId,
          authorizedKeys,
        },
        chosen,
      );

    const autoscalerKeys = () => {
      const keys = providersWith("cudo", options);
      if (args.vault === undefined) return keys;
      const place = { projectId: machine.projectId, clusterName, vault: args.vault };
      return withVaultRole(`${name}-autoscaler-vault`, keys, place, chosen);
    };
    const { kubeProvider, ...outputs } = kubeadmCluster(
      name,
      {
        clusterName,
        certificates,
        controlPlane: {
          machines: [pulumi.interpolate`${machine.vmId} ${machine.createdAt}`],
          ready: [machine],
          endpoint: pulumi.interpolate`https://${machine.externalIpAddress}:6443`,
          tlsServerName: apiServerName,
        },
        askedVersion: args.kubernetesVersion,
        cni: args.cni ?? "cilium",
        podSubnet: ranges.podCidr,
        gpus,
        gpuMode: args.gpuMode,
        addOns: {
          besideGroups: movesGroups(args, mayMove)
            ? [
                autoscaler({
                  clusterName,
                  providers: autoscalerKeys(),
                  scaleDownAfter: args.scaleDownAfter,
                }),
              ]
            : [],
          afterNodes: files ? [files] : [],
        },
        nodeGroups: groups.map((given, index) => ({ apiServer, withKeeper, ...joining }) => {
          const group = withOperatorLabels(given, fields[index]!, gpus);
          const place = {
            ...joining,
            clusterName,
            namePrefix: args.namePrefix,
            group,
            gpuMode: args.gpuMode ?? "plugin",
            gpuSupport: args.gpu ?? true,
            endpoint: pulumi.interpolate`https://${machine.internalIpAddress}:6443`,
            networkId,
            securityGroupId,
            authorizedKeys,
            vault,
          };
          return nodeGroup(name, place, args.sshPrivateKey !== undefined, {
            ...child,
            ...withKeeper,
            dependsOn: [apiServer],
          });
        }),
        sshPrivateKey: args.sshPrivateKey,
        sshPublicKey: args.sshPublicKey,
      },
      child,
    );

    this.clusterName = outputs.clusterName;
    this.endpoint = outputs.endpoint;
    this.certificateAuthority = outputs.certificateAuthority;
    this.kubeconfig = outputs.kubeconfig;
    this.kubeProvider = kubeProvider;
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

/** With Kubernetes' types, which programs without shared storage need not load. */
function loadSharedFiles() {
  // eslint-disable-next-line @typescript-eslint/no-require-imports
  return require("./shared-files") as typeof import("./shared-files");
}
