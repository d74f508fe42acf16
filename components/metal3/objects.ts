/** The objects of Cluster API, and of its provider for Metal3, that a cluster is made of. Pure. */
import { hashOf } from "../../sdk/names";
import type * as pulumi from "../../sdk/pulumi";
import { clusterRanges } from "../cluster-ranges";
import { groupLabels } from "../node-marks";
import type { BareMetalClusterArgs, BareMetalGroupArgs } from "./args";
import { checksumTypeOf } from "./host-checks";
import type { MachineImageArgs } from "./hosts-args";
import { renewalCommand, renewalFile } from "./certificates";
import { encryptedSecrets, encryptionFile } from "./secrets-encryption";

const core = "cluster.x-k8s.io";
const infrastructure = "infrastructure.cluster.x-k8s.io";
const bootstrap = "bootstrap.cluster.x-k8s.io";
const control = "controlplane.cluster.x-k8s.io";

export interface ClusterApiObject {
  /** Of the resource, after the component's. */
  suffix: string;
  apiVersion: string;
  kind: string;
  name: string;
  spec: object;
}

export interface ClusterFacts extends Pick<
  BareMetalClusterArgs,
  "podCidr" | "serviceCidr" | "kubernetesVersion" | "image" | "controlPlane" | "preKubeadmCommands"
> {
  clusterName: string;
  controlPlaneEndpoint: pulumi.Input<{ host: string; port: number }>;
}

/** What cloud-init fills in by what Metal3 tells the machine: Cluster API knows the node by it. */
const machineLabel = "metal3.io/uuid={{ ds.meta_data.uuid }}";

export const clusterKind = { apiVersion: `${core}/v1beta2`, kind: "Cluster" };

/** It goes first, and takes all that is its own with it. */
export function clusterObject(facts: ClusterFacts): ClusterApiObject {
  const { clusterName: name } = facts;
  const { podCidr, serviceCidr } = clusterRanges(facts);
  return {
    suffix: "cluster",
    ...clusterKind,
    name,
    spec: {
      clusterNetwork: { pods: { cidrBlocks: [podCidr] }, services: { cidrBlocks: [serviceCidr] } },
      controlPlaneRef: { apiGroup: control, kind: "KubeadmControlPlane", name },
      infrastructureRef: { apiGroup: infrastructure, kind: "Metal3Cluster", name },
    },
  };
}

export function controlPlaneObjects(facts: ClusterFacts): ClusterApiObject[] {
  const { clusterName: name, controlPlaneEndpoint, kubernetesVersion, controlPlane } = facts;
  const { count = 1, image = facts.image, preKubeadmCommands = [] } = controlPlane;
  const template = machineTemplate(`${name}-control-plane`, image, controlPlane.hostLabels);
  const commands = [...(facts.preKubeadmCommands ?? []), ...preKubeadmCommands];
  const nodeRegistration = registration([machineLabel]);
  return [
    {
      suffix: "metal3",
      apiVersion: `${infrastructure}/v1beta2`,
      kind: "Metal3Cluster",
      name,
      spec: { controlPlaneEndpoint, cloudProviderEnabled: false },
    },
    { ...template, suffix: "control-plane-machines" },
    {
      suffix: "control-plane",
      apiVersion: `${control}/v1beta2`,
      kind: "KubeadmControlPlane",
      name,
      spec: {
        replicas: count,
        version: `v${kubernetesVersion}`,
        machineTemplate: { spec: { infrastructureRef: referenceTo(template) } },
        kubeadmConfigSpec: {
          files: [encryptionFile(name), renewalFile],
          clusterConfiguration: encryptedSecrets,
          initConfiguration: { nodeRegistration },
          joinConfiguration: { nodeRegistration },
          ...(commands.length > 0 && { preKubeadmCommands: commands }),
          postKubeadmCommands: [renewalCommand],
        },
        // There need be no server more than machines, save where there is one machine.
        rollout: { strategy: { type: "RollingUpdate", rollingUpdate: { maxSurge: count === 1 ? 1 : 0 } } },
      },
    },
  ];
}

export function groupObjects(facts: ClusterFacts, group: BareMetalGroupArgs): ClusterApiObject[] {
  const { clusterName, kubernetesVersion, preKubeadmCommands = [] } = facts;
  const { name: groupName, count, hostLabels, image = facts.image, gpus = 0, gpuModel } = group;
  const name = `${clusterName}-${groupName}`;
  const marks = { clusterName, group: groupName, role: "worker", gpus, gpuModel } as const;
  const labels = Object.entries(groupLabels(marks, group.labels ?? {})).map(([key, value]) => `${key}=${value}`);
  const machines = machineTemplate(name, image, hostLabels);
  const joining = templateOf(name, {
    suffix: "",
    apiVersion: `${bootstrap}/v1beta2`,
    kind: "KubeadmConfigTemplate",
    spec: {
      template: {
        spec: {
          joinConfiguration: {
            nodeRegistration: {
              ...registration([machineLabel, ...labels]),
              ...(group.taints && group.taints.length > 0 && { taints: group.taints }),
            },
          },
          ...(preKubeadmCommands.length > 0 && { preKubeadmCommands }),
        },
      },
    },
  });
  const selected = { [`${core}/cluster-name`]: clusterName, [`${core}/deployment-name`]: name };
  return [
    { ...machines, suffix: `${groupName}-machines` },
    { ...joining, suffix: `${groupName}-joining` },
    {
      suffix: groupName,
      apiVersion: `${core}/v1beta2`,
      kind: "MachineDeployment",
      name,
      spec: {
        clusterName,
        replicas: count,
        selector: { matchLabels: selected },
        template: {
          metadata: { labels: selected },
          spec: {
            clusterName,
            version: `v${kubernetesVersion}`,
            bootstrap: { configRef: referenceTo(joining) },
            infrastructureRef: referenceTo(machines),
          },
        },
        // There need be no server more than machines.
        rollout: { strategy: { type: "RollingUpdate", rollingUpdate: { maxSurge: 0, maxUnavailable: 1 } } },
      },
    },
  ];
}

/** Of each control plane and group a word that is another one once its machines are to be. */
export function machinesMadeOf(objects: readonly ClusterApiObject[]): Record<string, string> {
  const sources = objects.filter(({ kind }) => kind === "KubeadmControlPlane" || kind === "MachineDeployment");
  return Object.fromEntries(sources.map(({ suffix, spec }) => [suffix, hashOf(JSON.stringify(spec))]));
}

function machineTemplate(name: string, image: MachineImageArgs, matchLabels: object): ClusterApiObject {
  const { url, checksum } = image;
  return templateOf(name, {
    suffix: "",
    apiVersion: `${infrastructure}/v1beta2`,
    kind: "Metal3MachineTemplate",
    spec: {
      template: {
        spec: { image: { url, checksum, checksumType: checksumTypeOf(image) }, hostSelector: { matchLabels } },
      },
    },
  });
}

/** What machines are made of is another template with each change: Cluster API looks at no other difference. */
function templateOf(name: string, object: Omit<ClusterApiObject, "name">): ClusterApiObject {
  return { ...object, name: `${name}-${hashOf(JSON.stringify(object.spec))}` };
}

function registration(labels: readonly string[]): object {
  return { kubeletExtraArgs: [{ name: "node-labels", value: labels.join(",") }] };
}

function referenceTo({ apiVersion, kind, name }: ClusterApiObject): object {
  return { apiGroup: apiVersion.split("/")[0], kind, name };
}
