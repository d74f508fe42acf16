/** Why nodes do not offer their GPUs, as the pods that should see to it tell. */
import type { KubernetesApi } from "./api";
import { podTrouble, type Pod, type PodEvent } from "./pod-trouble";

/** Pods of our add-on and of NVIDIA's operator, whose driver and toolkit come first. */
const labelSelector =
  "app in (nvidia-driver-daemonset,nvidia-container-toolkit-daemonset,nvidia-mig-manager,nvidia-device-plugin-daemonset)";
const answerMs = 5_000;

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
  return nodes.map((node) => `${node}: ${gpuProblem(node, pods as Pod[], events as PodEvent[])}`);
}

/** Pure. */
export function gpuProblem(node: string, pods: readonly Pod[], events: readonly PodEvent[]): string {
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
