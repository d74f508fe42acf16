/** Machines as Cluster API has them, with Metal3 for its infrastructure. Pure. */
import type { KubernetesObject } from "./api";
import { isConsumedBy, isInError, untrue, type BareMetalHost, type ClaimedMachine } from "./bare-metal-hosts";

export interface Machine extends KubernetesObject {
  spec?: {
    version?: string;
    infrastructureRef?: { kind?: string; name?: string };
    bootstrap?: { configRef?: { name?: string } };
  };
  status?: { phase?: string };
}

export const clusterApi = "cluster.x-k8s.io";
export const clusterApiMachines = { apiVersion: `${clusterApi}/v1beta2`, kind: "Machine" };
export const clusterNameLabel = `${clusterApi}/cluster-name`;

/** What does not hold of a machine that is well. */
const passing = /^(Deleting|Paused|Updating) is False /;

/** Told in the words of a claim. Metal3 tries again what failed, but a host in error waits for somebody. */
export function claimedAs(machine: Machine, hosts: readonly BareMetalHost[]): ClaimedMachine {
  const { metadata, status } = machine;
  const host = hostOf(machine, hosts);
  const isRunning = status?.phase === "Running" || status?.phase === "Updating";
  const hasFailed = status?.phase === "Failed" || (!isRunning && host !== undefined && isInError(host));
  const type = metadata.labels?.[`${clusterApi}/deployment-name`];
  return {
    name: metadata.name ?? "",
    phase: hasFailed ? "Failed" : isRunning ? "Available" : "Pending",
    faults: untrue(machine).filter((fault) => !passing.test(fault)),
    ...(type !== undefined && { type }),
    ...(host && { host }),
  };
}

function hostOf({ spec, metadata }: Machine, hosts: readonly BareMetalHost[]): BareMetalHost | undefined {
  const consumer = { name: spec?.infrastructureRef?.name, namespace: metadata.namespace };
  return hosts.find((host) => host.spec?.consumerRef?.kind === "Metal3Machine" && isConsumedBy(host, consumer));
}
