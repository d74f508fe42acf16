/** The cluster that this process is a pod of (reference: Kubernetes, "Accessing the Kubernetes API from a Pod"). */
import { readFileSync } from "node:fs";
import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { setTimeout as delay } from "node:timers/promises";
import { renderKubeconfig } from "../../sdk/kubernetes/kubeconfig";

const accountFolder = "/var/run/secrets/kubernetes.io/serviceaccount";

const lookMs = 60_000;

/**
 * Calls `changed` once the authority in the pod's files is another than when this was called: what has it in memory, as `kubernetesApi`, would not take the
 * API server's new certificates. Kubelet puts a cluster's new authority there within a minute. Ends with the signal.
 */
export async function followAuthority(
  changed: () => void,
  {
    signal,
    folder = accountFolder,
    intervalMs = lookMs,
  }: { signal: AbortSignal; folder?: string; intervalMs?: number },
): Promise<void> {
  const file = join(folder, "ca.crt");
  const first = readFileSync(file, "utf8");
  while (!signal.aborted) {
    await delay(intervalMs, undefined, { signal, ref: false }).catch(() => undefined);
    const now = await readFile(file, "utf8").catch(() => "");
    if (signal.aborted || now.trim() === "" || now === first) continue;
    changed();
    return;
  }
}

/** With the rights of the pod's service account. Throws outside of a pod. */
export function ownKubeconfig(environment: NodeJS.ProcessEnv = process.env, folder = accountFolder): string {
  const { KUBERNETES_SERVICE_HOST: host, KUBERNETES_SERVICE_PORT: port } = environment;
  if (!host || !port)
    throw new Error("KUBERNETES_SERVICE_HOST and KUBERNETES_SERVICE_PORT are not set: this is no pod of a cluster");
  return renderKubeconfig({
    clusterName: "own",
    endpoint: `https://${host.includes(":") ? `[${host}]` : host}:${port}`,
    certificateAuthority: readFileSync(join(folder, "ca.crt"), "utf8"),
    credentials: { tokenFile: join(folder, "token") },
  });
}
