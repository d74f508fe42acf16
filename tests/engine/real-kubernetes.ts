/** Pulumi's own Kubernetes provider, which has Helm. */
import { ensureHelmPlugin } from "../../commands/provider-plugins";

/** Puts it into a PULUMI_HOME, and says in a line which it is. */
export async function realKubernetesPlugin(pulumi: string, home: string): Promise<string> {
  const { signal } = new AbortController();
  return (await ensureHelmPlugin(pulumi, { networkReachable: true, signal, home })).description;
}
