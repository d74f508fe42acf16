/** The cluster that this process is a pod of (reference: Kubernetes, "Accessing the Kubernetes API from a Pod"). */
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { renderKubeconfig } from "../../sdk/kubernetes/kubeconfig";

const accountFolder = "/var/run/secrets/kubernetes.io/serviceaccount";

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
