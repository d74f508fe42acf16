/** What keeps a pod from running, in words. Pure. */
import type { KubernetesObject } from "./api";

export interface Pod extends KubernetesObject {
  spec?: { nodeName?: string };
  status?: {
    conditions?: { type: string; status: string; message?: string }[];
    initContainerStatuses?: ContainerStatus[];
    containerStatuses?: ContainerStatus[];
  };
}

interface ContainerStatus {
  name: string;
  ready: boolean;
  state?: {
    waiting?: { reason?: string; message?: string };
    terminated?: { reason?: string; message?: string; exitCode: number };
  };
}

export interface PodEvent extends KubernetesObject {
  involvedObject?: { name?: string };
  message?: string;
}

/** Undefined where all goes well. Events are those of warnings. */
export function podTrouble({ metadata, status = {} }: Pod, events: readonly PodEvent[]): string | undefined {
  const placed = status.conditions?.find(({ type }) => type === "PodScheduled");
  if (placed?.status === "False") return `has no node: ${placed.message ?? "no reason given"}`;
  for (const { name, state = {} } of [...(status.initContainerStatuses ?? []), ...(status.containerStatuses ?? [])]) {
    if (state.waiting !== undefined) {
      // While a pod is being made, only events tell what is in its way.
      const event = events.filter(({ involvedObject }) => involvedObject?.name === metadata.name).at(-1);
      return `has container ${name} waiting: ${words({ ...state.waiting, ...(event?.message && { message: event.message }) })}`;
    }
    if (state.terminated !== undefined && state.terminated.exitCode !== 0)
      return `has container ${name} ended with status ${state.terminated.exitCode}: ${words(state.terminated)}`;
  }
  return undefined;
}

function words({ reason, message }: { reason?: string; message?: string }): string {
  return [reason, message].filter(Boolean).join(": ") || "no reason given";
}
