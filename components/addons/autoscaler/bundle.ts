import { createHash } from "node:crypto";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { autoscalerBundle, packageRoot } from "../../../sdk/plugin/package";

/** Of our server's code (build/autoscaler.ts). */
export interface Bundle {
  base64: string;
  /** Of the contents, short. */
  mark: string;
}

/** Components also run inside the plugin, whose root is that folder itself. */
export function readBundle(): Bundle {
  const contents = ["dist/plugin", "."]
    .map((folder) => contentsOf(join(packageRoot, folder, autoscalerBundle)))
    .find(Boolean);
  if (!contents) throw new Error(`dist/plugin/${autoscalerBundle} is missing; in a checkout, npm run build makes it`);
  const mark = createHash("sha256").update(contents).digest("hex").slice(0, 10);
  return { base64: contents.toString("base64"), mark };
}

function contentsOf(file: string): Buffer | undefined {
  try {
    return readFileSync(file);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === "ENOENT") return undefined;
    throw error;
  }
}
