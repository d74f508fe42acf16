/** Machines that were claimed for a cluster, and the servers behind them: what vCluster Platform and Metal3 say of both. */
import type { MachineClaimsArgs, MachineStatus } from "../../sdk/kubernetes/machine-claims";
import type { Unwrap } from "../../sdk/pulumi";
import type { KubernetesApi, KubernetesObject } from "./api";
import { kubernetesApi } from "./client";
import { conditionsOf } from "./object-conditions";

export type MachineClaims = Unwrap<MachineClaimsArgs>;

export interface NodeClaim extends KubernetesObject {
  spec?: { vClusterRef?: string; typeRef?: string; properties?: Record<string, string> };
  status?: { phase?: string; reason?: string; message?: string };
}

export interface BareMetalHost extends KubernetesObject {
  spec?: {
    consumerRef?: { kind?: string; name?: string; namespace?: string } | null;
    image?: { url?: string } | null;
  };
  status?: {
    provisioning?: { state?: string };
    operationalStatus?: string;
    errorType?: string;
    errorMessage?: string;
  };
}

/** All that one look sees. */
export interface Machines {
  /** Of the cluster. */
  readonly claims: readonly NodeClaim[];
  /** Of the namespace, whosever. */
  readonly hosts: readonly BareMetalHost[];
}

const platform = "management.loft.sh/v1";
const metal3 = "metal3.io/v1alpha1";
const serverName = "metal3.vcluster.com/server-name";

export async function readMachines(
  place: MachineClaims,
  signal: AbortSignal,
  api: KubernetesApi = kubernetesApi(place.kubeconfig, { timeoutMs: 10_000 }),
): Promise<Machines> {
  const claims = await api.list({ apiVersion: platform, kind: "NodeClaim" }, signal);
  const hosts = await api.list({ apiVersion: metal3, kind: "BareMetalHost", namespace: place.hostNamespace }, signal);
  return { claims: claimsOf(claims, place), hosts };
}

/** Of the cluster. Those of another project, whose namespace says so, are not, though its cluster has the same name. */
export function claimsOf(
  claims: readonly NodeClaim[],
  { clusterName, project }: Pick<MachineClaims, "clusterName" | "project">,
): NodeClaim[] {
  return claims.filter(({ spec, metadata }) => {
    const { namespace = "" } = metadata;
    const isElsewhere = namespace.startsWith("p-") && namespace !== `p-${project}`;
    return spec?.vClusterRef?.split("/").at(-1) === clusterName && !isElsewhere;
  });
}

/** Who names whom is not written down anywhere: hosts name their consumer, by Metal3's custom, or claims their server. */
export function hostOf(claim: NodeClaim, hosts: readonly BareMetalHost[]): BareMetalHost | undefined {
  const { name, namespace } = claim.metadata;
  const server = claim.spec?.properties?.[serverName];
  return (
    hosts.find(({ spec }) => {
      const consumer = spec?.consumerRef;
      return consumer?.name === name && (consumer?.namespace ?? namespace) === namespace;
    }) ?? hosts.find(({ metadata }) => server !== undefined && metadata.name === server)
  );
}

export function machineStatuses({ claims, hosts }: Machines): MachineStatus[] {
  const statuses = claims.map((claim) => statusOf(claim, hostOf(claim, hosts)));
  return statuses.sort((one, other) => (one.name < other.name ? -1 : 1));
}

function statusOf(claim: NodeClaim, host: BareMetalHost | undefined): MachineStatus {
  const { spec, status, metadata } = claim;
  const phase = status?.phase ?? "Pending";
  return {
    ...{ name: metadata.name ?? "", phase },
    ...(spec?.typeRef !== undefined && { type: spec.typeRef }),
    ...(host && { host: host.metadata.name ?? "", hostState: stateOf(host) }),
    problems: [
      ...(phase === "Available" ? [] : claimFaults(claim)),
      ...(host && isInError(host) ? hostFaults(host) : []),
    ],
  };
}

/** Why nodes will not come without somebody's doing; undefined while they may. */
export function claimsInError({ claims, hosts }: Machines): string | undefined {
  const failed = claims.filter(({ status }) => status?.phase === "Failed");
  if (failed.length === 0) return undefined;
  const lines = failed.flatMap((claim) => {
    const host = hostOf(claim, hosts);
    const faults = claimFaults(claim).join("; ");
    return [`machine ${claim.metadata.name} has failed${faults && `: ${faults}`}`, ...(host ? hostFaults(host) : [])];
  });
  const isNamed = failed.every((claim) => hostOf(claim, hosts) !== undefined);
  // One of them is its server, where nobody says which.
  const suspects = isNamed ? [] : hosts.filter(isInError).flatMap(hostFaults);
  return [...new Set([...lines, ...suspects])].map((line) => `\n  ${line}`).join("");
}

/** What the cluster still has, in words; empty once all of its servers are free. */
export function notReturned({ claims, hosts }: Machines): string[] {
  const own = new Set(claims.map((claim) => hostOf(claim, hosts)));
  const kept = claims.map((claim) => {
    const host = hostOf(claim, hosts);
    return `machine ${claim.metadata.name} is still claimed${host ? `; ${wordsOf(host)}` : ""}`;
  });
  // The platform may take its name off a host before Metal3 has cleaned that: what goes back and names nobody may be this cluster's.
  const leaving = hosts.filter((host) => !own.has(host) && isLeaving(host) && !host.spec?.consumerRef?.name);
  return [...kept, ...leaving.map(wordsOf)];
}

function isLeaving(host: BareMetalHost): boolean {
  const state = stateOf(host);
  return state === "deprovisioning" || (["provisioning", "provisioned"].includes(state) && !host.spec?.image?.url);
}

function stateOf({ status }: BareMetalHost): string {
  return status?.provisioning?.state ?? "";
}

function isInError({ status }: BareMetalHost): boolean {
  return status?.operationalStatus === "error";
}

function wordsOf(host: BareMetalHost): string {
  const faults = isInError(host) ? hostFaults(host) : [];
  return faults.length > 0 ? faults.join("; ") : `${nameOf(host)} is ${stateOf(host) || "not known to Metal3"}`;
}

/** What it says itself, unless a condition says the same. */
function claimFaults(claim: NodeClaim): string[] {
  const { reason, message } = claim.status ?? {};
  const own = [reason, message].filter(Boolean).join(": ");
  const conditions = untrue(claim);
  return own === "" || conditions.some((condition) => message && condition.includes(message))
    ? conditions
    : [own, ...conditions];
}

function hostFaults(host: BareMetalHost): string[] {
  const { errorType, errorMessage } = host.status ?? {};
  const said = [errorType, errorMessage].filter(Boolean).join(": ");
  return [`${nameOf(host)} is ${stateOf(host)}${said && ` (${said})`}`, ...untrue(host)].map((fault, index) =>
    index === 0 ? fault : `${nameOf(host)} ${fault}`,
  );
}

/** Conditions that do not hold and say why. */
function untrue(object: KubernetesObject): string[] {
  return conditionsOf(object, "status.conditions")
    .filter(({ status, message }) => status !== "True" && message)
    .map(
      ({ type, status, reason, message }) => `${type} is ${status} (${[reason, message].filter(Boolean).join(": ")})`,
    );
}

function nameOf({ metadata }: BareMetalHost): string {
  return `BareMetalHost ${metadata.namespace}/${metadata.name}`;
}
