/** Machines as vCluster Platform has them. Pure. */
import type { KubernetesObject } from "./api";
import { isConsumedBy, untrue, type BareMetalHost, type ClaimedMachine } from "./bare-metal-hosts";

export interface NodeClaim extends KubernetesObject {
  spec?: { vClusterRef?: string; typeRef?: string; properties?: Record<string, string> };
  status?: { phase?: string; reason?: string; message?: string };
}

export const nodeClaims = { apiVersion: "management.loft.sh/v1", kind: "NodeClaim" };

const serverName = "metal3.vcluster.com/server-name";

/** Of the cluster. Those of another project, whose namespace says so, are not, though its cluster has the same name. */
export function claimsOf(
  claims: readonly NodeClaim[],
  { clusterName, project }: { clusterName: string; project: string },
): NodeClaim[] {
  return claims.filter(({ spec, metadata }) => {
    const { namespace = "" } = metadata;
    const isElsewhere = namespace.startsWith("p-") && namespace !== `p-${project}`;
    return spec?.vClusterRef?.split("/").at(-1) === clusterName && !isElsewhere;
  });
}

export function claimedBy(claim: NodeClaim, hosts: readonly BareMetalHost[]): ClaimedMachine {
  const { spec, status, metadata } = claim;
  const host = hostOf(claim, hosts);
  return {
    name: metadata.name ?? "",
    phase: status?.phase ?? "Pending",
    faults: faultsOf(claim),
    ...(spec?.typeRef !== undefined && { type: spec.typeRef }),
    ...(host && { host }),
  };
}

/** Who names whom is not written down anywhere: hosts name their consumer, by Metal3's custom, or claims their server. */
export function hostOf(claim: NodeClaim, hosts: readonly BareMetalHost[]): BareMetalHost | undefined {
  const server = claim.spec?.properties?.[serverName];
  return (
    hosts.find((host) => isConsumedBy(host, claim.metadata)) ??
    hosts.find(({ metadata }) => server !== undefined && metadata.name === server)
  );
}

/** What it says itself, unless a condition says the same. */
function faultsOf(claim: NodeClaim): string[] {
  const { reason, message } = claim.status ?? {};
  const own = [reason, message].filter(Boolean).join(": ");
  const conditions = untrue(claim);
  return own === "" || conditions.some((condition) => message && condition.includes(message))
    ? conditions
    : [own, ...conditions];
}
