/** Files of others' Go modules, which tests read where Go keeps them. */
import { runCommand } from "../toolchain/tools/command";
import { moduleDirectory } from "../toolchain/tools/go";
import type { GoModuleName } from "../toolchain/tools/tool";

/** The folder of a module that ours, by its name, pins. */
export async function goModuleFolder(ours: GoModuleName, module: string): Promise<string> {
  const cwd = moduleDirectory(ours);
  // It may not have been fetched, where what is made of it was compiled elsewhere.
  await runCommand("go", ["mod", "download", module], { cwd, env: { GOWORK: "off" } });
  const { stdout } = await runCommand("go", ["list", "-m", "-f", "{{.Dir}}", module], { cwd, env: { GOWORK: "off" } });
  return stdout.trim();
}
