import { cudoId } from "../../sdk/cudo/ids";
import { clusterResources, PlannedCluster } from "../../sdk/cudo/planned-cluster";
import type { Vm } from "../../sdk/cudo/vm";
import { ClusterCertificates } from "../../sdk/kubernetes/cluster-certificates";
import { LastingChoices } from "../../sdk/kubernetes/lasting-choices";
import * as pulumi from "../../sdk/pulumi";
import type { MachineVaultArgs } from "../../sdk/vault/machine-vault";
import type { AddOn } from "../addons/add-on";
import type { AfterLook } from "../after-look";
import { projectOf } from "../addons/autoscaler/access";
import { toldChoices } from "../addons/gpu/groups";
import { clusterRanges } from "../cluster-ranges";
import { known } from "../inputs";
import { askedKubernetesVersion } from "../versions";
import type { CudoClusterArgs } from "./args";
import { controlPlaneMachine } from "./control-plane";
import { clusterNetwork } from "./network";
import { gpuFields } from "./node-groups";
import { stopsLoneMachine } from "../kubeadm/stops";
import { plannedArgs } from "./planned";
import { defaultControlPlaneSize, networkCidr } from "./profiles";
import { machineVault } from "./vault";

/** What is there before any node. */
export interface CudoFoundation {
  clusterName: string;
  certificates: ClusterCertificates;
  networkId: pulumi.Output<string>;
  securityGroupId: pulumi.Output<string>;
  authorizedKeys: pulumi.Input<string>[];
  /** Undefined: disks are not encrypted. */
  vault: MachineVaultArgs | undefined;
  controlPlane: Vm;
  /** The StorageClass of the file server, where the cluster has one. */
  files: AddOn | undefined;
  /** Of what is made once it is sure that the cluster can be made as it is asked for. */
  chosen: pulumi.CustomResourceOptions;
}

export function cudoFoundation(
  name: string,
  args: CudoClusterArgs,
  options: pulumi.ComponentResourceOptions | undefined,
  { child, afterLook }: { child: pulumi.CustomResourceOptions; afterLook: AfterLook },
): CudoFoundation {
  const { clusterName = name, namePrefix = "", nodeGroups = [], sshPublicKey } = args;
  const prefix = `${namePrefix}${clusterName}`;
  const resources = clusterResources(name);
  const dataCenterId = args.dataCenterId ?? nodeGroups[0]!.dataCenterId;
  const machineType = controlPlaneType(args);
  const ids = { clusterName, controlPlane: cudoId(`${prefix}-control-plane`), files: cudoId(`${prefix}-files`) };
  const certificates = new ClusterCertificates(
    `${name}-certificates`,
    { clusterName, adminValidityHours: args.adminValidityHours, ...(args.vault && { secretsKeyElsewhere: true }) },
    child,
  );
  const choices = lastingChoices(name, args, { dataCenterId, ...projectOf("cudo", options) }, child);
  const planned = new PlannedCluster(resources.plan, plannedArgs(ids, machineType, args), child);
  const chosen = { ...child, dependsOn: [choices, planned, ...afterLook([choices, planned])] };
  const { apiServerAccessCidrs, sshAccessCidrs } = args;
  const network = clusterNetwork(name, { prefix, dataCenterId, apiServerAccessCidrs, sshAccessCidrs }, chosen);
  const vault = machineVault(args.vault);
  // A file's text ends with a line's end, which machines refuse in a key.
  const authorizedKeys = sshPublicKey === undefined ? [] : [pulumi.output(sshPublicKey).apply((key) => key.trim())];
  const place = { dataCenterId, machineType, ...network, authorizedKeys };
  const controlPlane = controlPlaneMachine(
    resources.controlPlane,
    {
      ...place,
      vmId: ids.controlPlane,
      size: args.controlPlane?.size,
      clusterName,
      ranges: clusterRanges(args),
      kubernetesVersion: askedKubernetesVersion(args)!,
      certificates,
      vault,
    },
    chosen,
  );
  const files =
    args.sharedStorage &&
    loadSharedFiles().sharedFiles(
      name,
      args.sharedStorage,
      { ...place, vmId: ids.files, diskId: ids.files, networkCidr, vault },
      chosen,
    );
  return { clusterName, certificates, ...network, authorizedKeys, vault, controlPlane, files, chosen };
}

/** Machines without GPUs are cheaper, where there is a group of them. */
function controlPlaneType({ controlPlane, nodeGroups = [] }: CudoClusterArgs): pulumi.Input<string> {
  const plain = nodeGroups.find((group) => !(known(group.gpus) ?? 0));
  return controlPlane?.machineType ?? (plain ?? nodeGroups[0]!).machineType;
}

/** The control plane's VM is named by them, and its etcd is on that VM's disk. */
function lastingChoices(
  name: string,
  args: CudoClusterArgs,
  place: Record<string, pulumi.Input<string>>,
  child: pulumi.CustomResourceOptions,
): LastingChoices {
  const { clusterName = name, namePrefix = "", sharedStorage, controlPlane, nodeGroups = [], vault } = args;
  return new LastingChoices(
    `${name}-choices`,
    {
      clusterName,
      choices: { clusterName, namePrefix: JSON.stringify(namePrefix), ...place, ...clusterRanges(args) },
      least: sharedStorage && { "sharedStorage.sizeGib": sharedStorage.sizeGib },
      kept: sharedStorage && { sharedStorage: sharedStorage.protect ?? true },
      told: {
        "controlPlane.size": { value: controlPlane?.size ?? defaultControlPlaneSize, meaning: stopsLoneMachine },
        ...toldChoices(nodeGroups.map(gpuFields), args),
        ...(sharedStorage && { vault: vault ? vaultLater : { value: "left out", meaning: "keys are in it" } }),
      },
    },
    child,
  );
}

const vaultLater = {
  value: "given",
  meaning:
    "it is for what is made from now on; the file server of sharedStorage goes on with its disk as it is, in plain text",
};

/** With Kubernetes' types, which programs without shared storage need not load. */
function loadSharedFiles() {
  // eslint-disable-next-line @typescript-eslint/no-require-imports
  return require("./shared-files") as typeof import("./shared-files");
}
