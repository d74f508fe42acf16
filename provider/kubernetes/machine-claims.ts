/** Machines that were claimed for a cluster, and the servers behind them: what vCluster Platform or Cluster API, and Metal3, say of both. */
import type { MachineClaimsArgs, MachineStatus } from "../../sdk/kubernetes/machine-claims";
import { parseKubeconfig } from "../../sdk/kubernetes/kubeconfig";
import type { Unwrap } from "../../sdk/pulumi";
import type { KubernetesApi } from "./api";
import {
  hostFaults,
  isInError,
  isLeaving,
  stateOf,
  wordsOf,
  type BareMetalHost,
  type ClaimedMachine,
} from "./bare-metal-hosts";
import { kubernetesApi } from "./client";
import { claimedAs, clusterApiMachines, clusterNameLabel } from "./cluster-api-machines";
import { claimedBy, claimsOf, nodeClaims } from "./node-claims";

export type MachineClaims = Unwrap<MachineClaimsArgs>;

/** All that one look sees. */
export interface Machines {
  /** Of the cluster. */
  readonly machines: readonly ClaimedMachine[];
  /** Of the namespace, whosever. */
  readonly hosts: readonly BareMetalHost[];
}

/** Whose word a cluster's machines are. */
export function claimant({ project }: Pick<MachineClaims, "project">): { name: string; machines: string } {
  return project === undefined
    ? { name: "Cluster API", machines: "Cluster API's Machines" }
    : { name: "vCluster Platform", machines: "vCluster Platform's NodeClaims" };
}

/** Where both are looked for, in words. */
export function placesOf({ kubeconfig, hostKubeconfig }: Pick<MachineClaims, "kubeconfig" | "hostKubeconfig">): string {
  const places = [kubeconfig, ...(hostKubeconfig === undefined ? [] : [hostKubeconfig])];
  return [...new Set(places.map((place) => parseKubeconfig(place).endpoint))].join(" or ");
}

export async function readMachines(
  place: MachineClaims,
  signal: AbortSignal,
  api: KubernetesApi = kubernetesApi(place.kubeconfig, { timeoutMs: 10_000 }),
): Promise<Machines> {
  const { clusterName, project, hostKubeconfig, hostNamespace: namespace } = place;
  const hostApi = hostKubeconfig === undefined ? api : kubernetesApi(hostKubeconfig, { timeoutMs: 10_000 });
  const labelSelector = `${clusterNameLabel}=${clusterName}`;
  const found = await api.list(
    project === undefined ? { ...clusterApiMachines, namespace, labelSelector } : nodeClaims,
    signal,
  );
  const hosts = await hostApi.list({ apiVersion: "metal3.io/v1alpha1", kind: "BareMetalHost", namespace }, signal);
  const machines =
    project === undefined
      ? found.map((machine) => claimedAs(machine, hosts))
      : claimsOf(found, { clusterName, project }).map((claim) => claimedBy(claim, hosts));
  return { machines, hosts };
}

export function machineStatuses({ machines }: Machines): MachineStatus[] {
  return machines.map(statusOf).sort((one, other) => (one.name < other.name ? -1 : 1));
}

function statusOf({ name, phase, type, faults, host }: ClaimedMachine): MachineStatus {
  return {
    name,
    phase,
    ...(type !== undefined && { type }),
    ...(host && { host: host.metadata.name ?? "", hostState: stateOf(host) }),
    problems: [...(phase === "Available" ? [] : faults), ...(host && isInError(host) ? hostFaults(host) : [])],
  };
}

/** Why nodes will not come without somebody's doing; undefined while they may. */
export function claimsInError({ machines, hosts }: Machines): string | undefined {
  const failed = machines.filter(({ phase }) => phase === "Failed");
  if (failed.length === 0) return undefined;
  const lines = failed.flatMap(({ name, faults, host }) => [
    `machine ${name} has failed${faults.length > 0 ? `: ${faults.join("; ")}` : ""}`,
    ...(host ? hostFaults(host) : []),
  ]);
  const isNamed = failed.every(({ host }) => host !== undefined);
  // One of them is its server, where nobody says which.
  const suspects = isNamed ? [] : hosts.filter(isInError).flatMap(hostFaults);
  return [...new Set([...lines, ...suspects])].map((line) => `\n  ${line}`).join("");
}

/** What the cluster still has, in words; empty once all of its servers are free. */
export function notReturned({ machines, hosts }: Machines): string[] {
  const own = new Set(machines.map(({ host }) => host));
  const kept = machines.map(({ name, host }) => `machine ${name} is still claimed${host ? `; ${wordsOf(host)}` : ""}`);
  // The platform may take its name off a host before Metal3 has cleaned that: what goes back and names nobody may be this cluster's.
  const leaving = hosts.filter((host) => !own.has(host) && isLeaving(host) && !host.spec?.consumerRef?.name);
  return [...kept, ...leaving.map(wordsOf)];
}
