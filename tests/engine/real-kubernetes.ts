/** Pulumi's own Kubernetes provider: the plugin that the user has or that can be downloaded, else compiled from its Go module, which takes minutes. */
import { mkdir, rm, symlink } from "node:fs/promises";
import { join } from "node:path";
import { ensureProviderPlugin, wantedVersion } from "../../commands/provider-plugins";
import { ensureTools } from "../../toolchain/tools";

/** Puts it into a PULUMI_HOME, and says in a line which it is. */
export async function realKubernetesPlugin(pulumi: string, home: string): Promise<string> {
  const signal = new AbortController().signal;
  const { kind, description } = await ensureProviderPlugin("kubernetes", pulumi, {
    networkReachable: true,
    signal,
    home,
  });
  if (kind === "official") return description;
  const name = "pulumi-resource-kubernetes";
  const { [name]: compiled } = await ensureTools([name]);
  const folder = join(home, "plugins", `resource-kubernetes-v${await wantedVersion("kubernetes")}`);
  await rm(folder, { recursive: true, force: true });
  await mkdir(folder, { recursive: true });
  await symlink(compiled, join(folder, name));
  return `official plugin, compiled: ${compiled}`;
}
