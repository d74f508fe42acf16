/** Whether a cluster's machines are made of what Cluster API is told now. */
import type { KubernetesApi, KubernetesObject } from "./api";
import { clusterApi, clusterApiMachines, clusterNameLabel, type Machine } from "./cluster-api-machines";

interface Reference {
  name?: string;
}

export interface MachineSource extends KubernetesObject {
  spec: {
    replicas?: number;
    version?: string;
    clusterName?: string;
    machineTemplate?: { spec: { infrastructureRef: Reference } };
    template?: { spec: { version?: string; infrastructureRef: Reference; bootstrap: { configRef?: Reference } } };
  };
  status?: { observedGeneration?: number; replicas?: number; upToDateReplicas?: number };
}

export interface Rollout {
  /** MachineDeployments and KubeadmControlPlanes of the cluster. */
  readonly sources: readonly MachineSource[];
  readonly machines: readonly Machine[];
  /** What the machines are made with: Metal3Machines and KubeadmConfigs. Each says which template it came from. */
  readonly parts: readonly KubernetesObject[];
}

const infrastructure = { apiVersion: `infrastructure.${clusterApi}/v1beta2`, kind: "Metal3Machine" };
const joining = { apiVersion: `bootstrap.${clusterApi}/v1beta2`, kind: "KubeadmConfig" };
const deployments = { apiVersion: `${clusterApi}/v1beta2`, kind: "MachineDeployment" };
const controlPlanes = { apiVersion: `controlplane.${clusterApi}/v1beta2`, kind: "KubeadmControlPlane" };

export async function readRollout(
  { clusterName, hostNamespace: namespace }: { clusterName: string; hostNamespace: string },
  api: KubernetesApi,
  signal: AbortSignal,
): Promise<Rollout> {
  const labelSelector = `${clusterNameLabel}=${clusterName}`;
  const [own, planes, machines, ...parts] = await Promise.all([
    api.list({ ...deployments, namespace }, signal),
    api.list({ ...controlPlanes, namespace }, signal),
    ...[clusterApiMachines, infrastructure, joining].map((kind) =>
      api.list({ ...kind, namespace, labelSelector }, signal),
    ),
  ]);
  const sources = [
    ...(planes as MachineSource[]).filter(({ metadata }) => metadata.name === clusterName),
    ...(own as MachineSource[]).filter(({ spec }) => spec.clusterName === clusterName),
  ];
  return { sources, machines: (machines ?? []) as Machine[], parts: parts.flat() };
}

/** What is still to come, in words; empty once each machine is of what its source says, and there are as many. */
export function unfinished({ sources, machines, parts }: Rollout): string[] {
  return sources.flatMap((source) => {
    const name = `${source.kind} ${source.metadata.name}`;
    const own = machines.filter((machine) => isOf(machine, source));
    const old = own.filter((machine) => isOutdated(machine, source, parts) || isGoing(machine));
    const { replicas = 1 } = source.spec;
    if (isUnseen(source)) return [`${name}: its controller has not seen the last change yet`];
    const told = old.map(({ metadata, status }) => `${metadata.name}${status?.phase ? ` (${status.phase})` : ""}`);
    if (old.length > 0)
      return [`${name}: ${own.length - old.length} of ${replicas} machines are new, ${told.join(", ")} not yet`];
    if (own.length !== replicas) return [`${name} has ${own.length} of ${replicas} machines`];
    // Of its own other settings it alone knows.
    const { upToDateReplicas = replicas } = source.status ?? {};
    return upToDateReplicas < replicas ? [`${name}: ${upToDateReplicas} of ${replicas} machines are up to date`] : [];
  });
}

function isOf({ metadata }: Machine, { kind, metadata: { name } }: MachineSource): boolean {
  const { labels = {} } = metadata;
  return kind === controlPlanes.kind
    ? labels[`${clusterApi}/control-plane`] !== undefined
    : labels[`${clusterApi}/deployment-name`] === name;
}

function isOutdated({ spec }: Machine, { spec: wanted }: MachineSource, parts: readonly KubernetesObject[]): boolean {
  const { template, machineTemplate } = wanted;
  const version = template ? template.spec.version : wanted.version;
  const infrastructureRef = (template ?? machineTemplate)?.spec.infrastructureRef;
  const isFrom = (kind: string, part: Reference | undefined, from: Reference | undefined) => {
    const origin = parts.find((each) => each.kind === kind && each.metadata.name === part?.name);
    return from?.name === undefined || origin?.metadata.annotations?.[clonedFrom] === from.name;
  };
  return !(
    spec?.version === version &&
    isFrom(infrastructure.kind, spec?.infrastructureRef, infrastructureRef) &&
    isFrom(joining.kind, spec?.bootstrap?.configRef, template?.spec.bootstrap.configRef)
  );
}

const clonedFrom = `${clusterApi}/cloned-from-name`;

function isGoing({ metadata }: Machine): boolean {
  return metadata.deletionTimestamp !== undefined;
}

function isUnseen({ metadata, status }: MachineSource): boolean {
  return Number(metadata["generation"] ?? 0) > (status?.observedGeneration ?? 0);
}
