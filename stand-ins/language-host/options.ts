import type { ProgramInfo } from "@pulumi/pulumi/proto/language_pb";

/** The `runtime.options` of Pulumi.yaml that a Node.js program may set. */
export interface RuntimeOptions {
  /** Load TypeScript through the SDK's ts-node. Default true; false where the program is JavaScript or has its own loader. */
  typescript: boolean;
  /** Arguments of node itself, e.g. `["--import", "tsx"]`. */
  nodeArguments: string[];
  /** Path of the tsconfig.json, relative to the program. */
  tsconfig?: string;
  packageManager: string;
}

const packageManagers = ["npm", "pnpm", "yarn", "bun"];

/** @throws Error naming the option that has no sense */
export function readOptions(info: ProgramInfo | undefined): RuntimeOptions {
  const options = (info?.getOptions()?.toJavaScript() ?? {}) as Record<string, unknown>;
  const { typescript = true, nodeargs = "", tsconfig, packagemanager = "npm" } = options;
  if (typeof typescript !== "boolean") throw new Error("runtime.options.typescript must be true or false");
  if (typeof nodeargs !== "string") throw new Error("runtime.options.nodeargs must be a string");
  if (tsconfig !== undefined && typeof tsconfig !== "string")
    throw new Error("runtime.options.tsconfig must be a path");
  if (typeof packagemanager !== "string" || !packageManagers.includes(packagemanager)) {
    throw new Error(`runtime.options.packagemanager must be one of ${packageManagers.join(", ")}`);
  }
  return { typescript, nodeArguments: splitArguments(nodeargs), tsconfig, packageManager: packagemanager };
}

/** Splits at blanks; single or double quotes keep blanks together. */
function splitArguments(text: string): string[] {
  const parts = text.match(/(?:[^\s"']+|"[^"]*"|'[^']*')+/g) ?? [];
  return parts.map((part) =>
    part.replace(/"([^"]*)"|'([^']*)'/g, (_, double?: string, single?: string) => double ?? single ?? ""),
  );
}
