/**
 * Makes the plugin findable for programs that have this package in their node_modules, with nothing to set by hand.
 *
 * The engine looks for a plugin in Pulumi.yaml's `plugins:`, on PATH and in `$PULUMI_HOME/plugins`. So the package carries the bundled
 * plugin (dist/plugin), and the first resource that a program makes puts it into `$PULUMI_HOME/plugins/resource-gpu-clusters-v<version>`,
 * before the engine is asked for that resource. Later programs find it there and only compare a hash.
 *
 * Why no `pulumi` stanza in package.json: with one, the CLI itself wants to install the plugin before the program runs, from a server,
 * and where that does not answer it ends with an error after five tries. Without one it asks for the plugin when the first resource
 * comes, which is after this. Why not a postinstall script: many set-ups do not run those, and it would write into the home
 * directory of whoever installs, also where no program ever runs.
 *
 * `pulumi destroy` and `pulumi refresh` run no program; they find the plugin where an earlier `pulumi up` put it. On a machine that never
 * ran the program, `--run-program` does it, or once
 * `pulumi plugin install resource gpu-clusters <version> --file node_modules/pulumi-gpu-clusters/dist/plugin`.
 *
 * Not done where the TypeScript sources run themselves: the checkout's Pulumi.yaml names its own plugin, built when a source is newer.
 */
import { cpSync, mkdirSync, mkdtempSync, readFileSync, renameSync, rmSync } from "node:fs";
import { homedir, userInfo } from "node:os";
import { join } from "node:path";
import { packageRoot, packageVersion, pluginName } from "./package";

/** Holds a hash over all files of a bundle. */
export const contentMark = "content.sha256";

let done = false;

/** Called when a program makes a resource or calls a function. All but the first call cost nothing. */
export function ensurePluginInstalled(): void {
  if (done || __filename.endsWith(".ts")) return;
  done = true;
  installPlugin(join(packageRoot, "dist/plugin"), pulumiHome());
}

/** Where the engine keeps its plugins, in its own words: the home of the account leads, and HOME may name another one, as in containers of GitHub's actions. */
export function pulumiHome(): string {
  return process.env.PULUMI_HOME || join(accountHome(), ".pulumi");
}

function accountHome(): string {
  try {
    return userInfo().homedir;
  } catch {
    // A container's user may be a number alone, without an account.
    return homedir();
  }
}

/** Copies the bundle to where the engine looks, unless the same one is there. Any number of programs may do so at once. */
export function installPlugin(bundle: string, pulumiHome: string): void {
  const wanted = readMark(bundle);
  // The plugin makes resources too, inside components; it has no bundle beside it, and is running already.
  if (wanted === undefined) return;
  const plugins = join(pulumiHome, "plugins");
  const target = join(plugins, `resource-${pluginName}-v${packageVersion}`);
  if (readMark(target) === wanted) return;
  mkdirSync(plugins, { recursive: true });
  // The engine takes folders for plugins by their names, and this is none.
  const staging = mkdtempSync(join(plugins, `.${pluginName}-`));
  try {
    cpSync(bundle, join(staging, "new"), { recursive: true });
    swap(join(staging, "new"), target, join(staging, "old"), wanted);
  } finally {
    rmSync(staging, { recursive: true, force: true });
  }
}

/** A folder cannot be replaced in one step: between the two, another program may have put its own there. */
function swap(fresh: string, target: string, retired: string, wanted: string): void {
  for (let attempt = 1; ; attempt++) {
    try {
      renameSync(target, `${retired}${attempt}`);
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== "ENOENT") throw error;
    }
    try {
      return renameSync(fresh, target);
    } catch (error) {
      if (readMark(target) === wanted) return;
      if (attempt === 5) throw error;
    }
  }
}

function readMark(folder: string): string | undefined {
  try {
    return readFileSync(join(folder, contentMark), "utf8");
  } catch {
    return undefined;
  }
}
