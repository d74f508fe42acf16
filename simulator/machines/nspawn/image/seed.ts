/** Fills a `/var/lib/containerd` with container images, so that no machine has to import them when it boots. */
import { join } from "node:path";
import { runCommand } from "../../../../toolchain/tools/command";

export async function seedContainerd(paths: { root: string; containerd: string; archives: string }): Promise<void> {
  const namespaces = ["--mount", "--pid", "--fork", "--kill-child", "--propagation", "private"];
  const { root, containerd, archives } = paths;
  // A containerd that does not answer must not hold up a start for ever.
  await runCommand("unshare", [...namespaces, "bash", join(__dirname, "seed.sh"), root, containerd, archives], {
    timeout: 120_000,
  });
}
