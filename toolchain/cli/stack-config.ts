import { promises as fs } from "node:fs";
import * as path from "node:path";
import { parseDocument } from "yaml";
import { CommandError } from "./command-error";
import type { Simulator } from "./simulator-process";
import { exists, root, type StackFiles } from "./workspace";

/**
 * The config that `pulumi up` gets: the committed one, with every cloud's address replaced by the simulator's, so that
 * `npm start` can never reach a real cloud.
 * @param previous the config of the last run, whose `encryptionsalt` belongs to the stack's passphrase
 */
export function deriveConfig(
  committed: string,
  previous: string | undefined,
  simulator: Pick<Simulator, "cudoUrl" | "projectId">,
): string {
  const document = parseDocument(committed);
  const provider = ["config", "gpu-clusters:cudo"];
  document.setIn([...provider], { projectId: simulator.projectId, baseUrl: simulator.cudoUrl });
  const salt: unknown = previous === undefined ? undefined : parseDocument(previous).get("encryptionsalt");
  if (salt === undefined) document.delete("encryptionsalt");
  else document.set("encryptionsalt", salt);
  return document.toString();
}

/** Writes the stack's config for the next run. */
export async function writeConfig(files: StackFiles, simulator: Simulator): Promise<void> {
  const source = path.join(root, `Pulumi.${files.stack}.yaml`);
  const previous = await fs.readFile(files.config, "utf8").catch(() => undefined);
  // A stack whose committed config was deleted or renamed can still be destroyed with its last one.
  const committed = await fs.readFile(source, "utf8").catch((error: unknown) => previous ?? Promise.reject(error));
  await fs.writeFile(files.config, deriveConfig(committed, previous, simulator), { mode: 0o600 });
}

/** @throws CommandError that names the stacks which have a config */
export async function requireConfig(stack: string): Promise<void> {
  if (await exists(path.join(root, `Pulumi.${stack}.yaml`))) return;
  const known = (await fs.readdir(root)).flatMap((name) => /^Pulumi\.(.+)\.yaml$/.exec(name)?.[1] ?? []);
  throw new CommandError(
    `there is no stack "${stack}": Pulumi.${stack}.yaml is missing`,
    `Stacks: ${known.join(", ")}`,
  );
}
