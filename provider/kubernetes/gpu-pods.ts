/** Why nodes do not offer their GPUs, as the pods that should see to it tell. */
import type { KubernetesApi, KubernetesObject } from "./api";

/** Pods of our add-on and of NVIDIA's operator, whose driver and toolkit come first. */
const labelSelector =
  "app in (nvidia-driver-daemonset,nvidia-container-toolkit-daemonset,nvidia-mig-manager,nvidia-device-plugin-daemonset)";
const answerMs = 5_000;

interface Pod extends KubernetesObject {
  spec?: { nodeName?: string };
  status?: {
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

interface Event extends KubernetesObject {
  involvedObject?: { name?: string };
  message?: string;
}

/** A sentence for each of the nodes. Never throws: it explains an error that is there already. */
export async function whyNoGpus(api: KubernetesApi, nodes: readonly string[], signal: AbortSignal): Promise<string[]> {
  if (nodes.length === 0) return [];
  const timely = AbortSignal.any([signal, AbortSignal.timeout(answerMs)]);
  const found = await Promise.all([
    api.list({ apiVersion: "v1", kind: "Pod", labelSelector }, timely),
    api.list({ apiVersion: "v1", kind: "Event", fieldSelector: "type=Warning,involvedObject.kind=Pod" }, timely),
  ]).catch(() => undefined);
  if (found === undefined) return [];
  const [pods, events] = found;
  return nodes.map((node) => `${node}: ${gpuProblem(node, pods as Pod[], events as Event[])}`);
}

/** Pure. */
export function gpuProblem(node: string, pods: readonly Pod[], events: readonly Event[]): string {
  const here = pods.filter(({ spec }) => spec?.nodeName === node);
  if (here.length === 0)
    return "no device plugin runs there: does a taint keep its pods away, or is `gpu` false while nobody else installs one?";
  const troubles = here.flatMap((pod) => {
    const trouble = podTrouble(pod, events);
    return trouble === undefined ? [] : [`pod ${pod.metadata.namespace}/${pod.metadata.name} ${trouble}`];
  });
  if (troubles.length > 0) return troubles.join(", ");
  const { namespace, name } = here.at(-1)!.metadata;
  return `pod ${namespace}/${name} runs and finds no GPUs: is the driver there (\`nvidia-smi\`)? \`kubectl logs\` of the pod says more`;
}

function podTrouble({ metadata, status = {} }: Pod, events: readonly Event[]): string | undefined {
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
