import * as pulumi from "../../sdk/pulumi";
import type { ApiServerReady, MachineLogArgs } from "../../sdk/kubernetes/api-server-ready";
import type { ClusterCertificates } from "../../sdk/kubernetes/cluster-certificates";
import { EtcdMembers } from "../../sdk/kubernetes/etcd-members";
import { renderKubeconfig } from "../../sdk/kubernetes/kubeconfig";
import type { ExpectedMachine } from "../../sdk/kubernetes/nodes-ready";
import type { AddOn, AddOns } from "../addons/add-on";
import { podNetwork, type Cni } from "../addons/cni";
import { advertisedGpus, type GpuFields, type GpuMode } from "../addons/gpu/groups";
import { gpuSupport } from "../addons/gpu/install";
import { ofAllThere } from "../left-out";
import { otherVersion } from "../versions";
import { kubernetesCluster, type MadeNodeGroup, type RunningCluster, type WithKeeper } from "../kubernetes-cluster";

/** The machines that a kubeadm cluster's API server and etcd run on. */
export interface KubeadmControlPlane {
  /** What each machine is known by: another one with an empty disk has another. At least one. */
  machines: readonly pulumi.Input<string>[];
  /** The machines with what leads to them. */
  ready: pulumi.Resource[];
  /** `https://host:6443` as the world reaches it. */
  endpoint: pulumi.Output<string>;
  /** The name in the API server's certificate, where the endpoint's host is not in it. */
  tlsServerName?: string;
  /** Where to ask why the API server does not answer. */
  log?: MachineLogArgs;
  /** What to look at besides, where it is not reached from everywhere. */
  hint?: string;
}

/** What a group's machines must know of the cluster that they join, and who must be able to ask it. */
export interface Joining {
  certificateAuthority: pulumi.Output<string>;
  /** What the control plane runs, `1.36.3`, whatever the program asks for by now: nodes follow it. */
  kubernetesVersion: pulumi.Output<string>;
  kubeconfig: pulumi.Output<string>;
  /** Machines that boot before it answers find nobody. */
  apiServer: ApiServerReady;
  /** Options of the group: machines of one cluster never join another, even of the same name and authority. */
  withKeeper: WithKeeper;
  /** What is deleted after them. */
  before: pulumi.Resource[];
}

export interface KubeadmNodeGroup extends MadeNodeGroup {
  name: string;
  minSize: pulumi.Input<number>;
  /** Left out where they cannot be asked for their logs. */
  machines?: pulumi.Output<ExpectedMachine[]>;
}

/** What the kubeconfig is computed from. */
export type AdministratorCertificates = Pick<
  ClusterCertificates,
  "caCertificate" | "adminCertificate" | "adminPrivateKey"
>;

export interface KubeadmParts {
  clusterName: string;
  certificates: AdministratorCertificates;
  controlPlane: KubeadmControlPlane;
  /** As the user asks for it; undefined: he does not say. */
  askedVersion?: string | undefined;
  cni: Cni | "none";
  /** Range of the pods' addresses. */
  podSubnet: string;
  /** The groups whose GPUs we see to, and wait for. */
  gpus: readonly GpuFields[];
  /** Default: `plugin`. */
  gpuMode?: GpuMode | undefined;
  /** Besides the network between pods, and GPUs. */
  addOns?: Partial<AddOns>;
  nodeGroups: readonly ((joining: Joining) => KubeadmNodeGroup)[];
  /** For root on the machines: with it, they are asked why they do not become nodes. */
  sshPrivateKey?: pulumi.Input<string> | undefined;
  /** The one that they accept. */
  sshPublicKey?: pulumi.Input<string> | undefined;
}

/**
 * A cluster that kubeadm sets up on machines that we boot, whoever's they are. The kubeconfig is computed from its own authority and the
 * administrator's certificate.
 */
export function kubeadmCluster(
  name: string,
  parts: KubeadmParts,
  child: pulumi.CustomResourceOptions,
): RunningCluster<KubeadmNodeGroup> {
  const { clusterName, certificates, controlPlane, cni, addOns = {}, sshPrivateKey, gpuMode = "plugin" } = parts;
  const certificateAuthority = certificates.caCertificate;
  const kubeconfig = administratorKubeconfig(parts);
  const { machines } = controlPlane;
  const members =
    machines.length > 1 ? [new EtcdMembers(`${name}-etcd`, { clusterName, machines: [...machines] }, child)] : [];
  return kubernetesCluster(
    name,
    {
      clusterName,
      endpoint: controlPlane.endpoint,
      certificateAuthority,
      kubeconfig,
      apiServer: {
        args: { log: controlPlane.log, hint: controlPlane.hint, ...sshKeys(parts) },
        after: [...controlPlane.ready, ...members],
      },
      // Several machines keep it together: one that is made anew gets it from the others.
      keeper: machines.length === 1 ? machines[0] : undefined,
      addOns: {
        beforeGroups: addOns.beforeGroups ?? [],
        beforeNodes: [
          versionAdvice(parts.askedVersion),
          ...(cni === "none" ? [] : [podNetwork(cni, parts.podSubnet)]),
          gpuSupport(parts.gpus, { mode: gpuMode }),
          ...(addOns.beforeNodes ?? []),
        ],
        besideGroups: addOns.besideGroups ?? [],
        afterNodes: addOns.afterNodes ?? [],
      },
      nodeGroups: parts.nodeGroups.map((make) => (apiServer, withKeeper, before) => {
        const kubernetesVersion = ofAllThere([apiServer.version], (version) => version.replace(/^v/, ""));
        return make({ certificateAuthority, kubernetesVersion, kubeconfig, apiServer, withKeeper, before });
      }),
      nodes: (groups) => ({
        nodeGroups: groups.map(({ name: group, minSize }) => {
          const gpus = parts.gpus.find((fields) => fields.name === group);
          return { name: group, minSize, gpus: gpus && advertisedGpus(gpus) };
        }),
        ...(gpuMode === "dra" && { gpuMode }),
        controlPlaneNodes: machines.length,
        condition: cni === "none" ? "Registered" : "Ready",
        machines: askedMachines(groups),
        sshPrivateKey,
      }),
    },
    child,
  );
}

/** Nothing upgrades a control plane that runs: whoever asks for another version is told so at each preview. */
function versionAdvice(asked: string | undefined): AddOn {
  return ({ kubernetesVersion }, { parent }) => {
    if (asked === undefined) return [];
    ofAllThere([kubernetesVersion], (running) => {
      const words = otherVersion(asked, running);
      if (words !== undefined) void pulumi.log.warn(`kubernetesVersion: ${words}`, parent);
    });
    return [];
  };
}

/** Where a private key is given, it is held against the one that machines accept. */
function sshKeys({ sshPrivateKey, sshPublicKey }: Pick<KubeadmParts, "sshPrivateKey" | "sshPublicKey">) {
  return sshPrivateKey === undefined ? {} : { sshPrivateKey, sshPublicKey };
}

function askedMachines(groups: readonly KubeadmNodeGroup[]): pulumi.Output<ExpectedMachine[]> | undefined {
  const asked = groups.flatMap(({ machines }) => machines ?? []);
  return asked.length === 0 ? undefined : pulumi.all(asked).apply((all) => all.flat());
}

function administratorKubeconfig({ clusterName, certificates, controlPlane }: KubeadmParts): pulumi.Output<string> {
  const { caCertificate, adminCertificate, adminPrivateKey } = certificates;
  return pulumi.secret(
    ofAllThere(
      [controlPlane.endpoint, caCertificate, adminCertificate, adminPrivateKey],
      (endpoint, certificateAuthority, clientCertificate, clientKey) =>
        renderKubeconfig({
          clusterName,
          endpoint,
          certificateAuthority,
          ...(controlPlane.tlsServerName !== undefined && { tlsServerName: controlPlane.tlsServerName }),
          credentials: { clientCertificate, clientKey },
        }),
    ),
  );
}
