/** Michelangelo's controller manager, which reads a token once: with a new one, it must begin anew. */
import type { KubernetesApi, KubernetesObject } from "../kubernetes/api";
import { NotYet } from "../kubernetes/handlers/wait";
import { patiently, type Patience } from "./patience";

export interface ControllerManager {
  namespace: string;
  name: string;
}

/** As `kubectl rollout restart` says it. */
const restartAnnotation = "kubectl.kubernetes.io/restartedAt";

interface DeploymentSpec {
  replicas?: number;
  selector: { matchLabels?: Record<string, string> };
}

/** Throws where there is none. */
export async function requireControllerManager(
  control: KubernetesApi,
  { namespace, name }: ControllerManager,
  signal: AbortSignal,
): Promise<void> {
  const found = await control.read({ apiVersion: "apps/v1", kind: "Deployment", namespace, name }, signal);
  if (found === undefined)
    throw new Error(`controllerManager: the control plane has no Deployment "${name}" in the namespace "${namespace}"`);
}

/** Returns when every pod of it has begun after this call, so that nobody has the old token in memory. */
export async function restart(control: KubernetesApi, manager: ControllerManager, patience: Patience): Promise<void> {
  const { signal, log } = patience;
  const { namespace, name } = manager;
  const reference = { apiVersion: "apps/v1", kind: "Deployment", namespace, name };
  const moment = new Date().toISOString();
  log.info(`restarting ${namespace}/${name}, which keeps the token that it read first`);
  const template = { metadata: { annotations: { [restartAnnotation]: moment } } };
  const deployment = await patiently(
    `${namespace}/${name} to be restarted`,
    patience,
    () => control.patch(reference, { spec: { template } }, signal),
    (reason) => `the Deployment ${namespace}/${name} of the control plane could not be restarted: ${reason}`,
  );
  const { selector } = deployment["spec"] as DeploymentSpec;
  const labelSelector = Object.entries(selector.matchLabels ?? {})
    .map(([key, value]) => `${key}=${value}`)
    .join(",");
  if (labelSelector === "") throw new Error(`the Deployment ${namespace}/${name} selects its pods by no labels`);
  const attempt = async () => {
    const all = await control.list({ apiVersion: "v1", kind: "Pod", namespace, labelSelector }, signal);
    const pods = all.filter((pod) => !hasEnded(pod));
    const fresh = pods.filter(({ metadata }) => metadata.annotations?.[restartAnnotation] === moment);
    if (fresh.length === 0) return new NotYet("its new pod is not there yet");
    const old = pods.length - fresh.length;
    return old === 0 ? "restarted" : new NotYet(`${old} of its pods have begun before`);
  };
  await patiently(
    `${namespace}/${name} to begin anew`,
    patience,
    attempt,
    (reason) =>
      `the Deployment ${namespace}/${name} of the control plane has not begun anew: ${reason}. Look at \`kubectl -n ${namespace} rollout status ` +
      `deployment/${name}\`; the old token stays valid until then`,
  );
}

/** Evicted pods stay in the list. */
function hasEnded(pod: KubernetesObject): boolean {
  const { phase = "" } = (pod["status"] ?? {}) as { phase?: string };
  return ["Succeeded", "Failed"].includes(phase);
}

export function restartCommand(manager: ControllerManager | undefined): string {
  const { namespace, name } = manager ?? { namespace: "ma-system", name: "michelangelo-controllermgr" };
  return `kubectl -n ${namespace} rollout restart deployment/${name}`;
}
