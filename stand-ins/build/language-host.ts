import { createHash, randomUUID } from "node:crypto";
import { promises as fs } from "node:fs";
import * as path from "node:path";

const source = path.join(__dirname, "..", "language-host");
const manifestFile = path.join(__dirname, "..", "..", "package.json");

const bundleName = "language-host.js";
const shimName = "pulumi-language-nodejs";
const shim = `#!/bin/sh
exec node "$(dirname "$0")/${bundleName}" "$@"
`;

/**
 * Puts our language host, bundled into one file, beside a pulumi CLI that came without one. It is made again when its
 * sources or the SDK changed.
 * @param folder the folder of the pulumi executable, where the CLI looks first
 */
export async function ensureLanguageHost(folder: string): Promise<void> {
  const recipe = await sourceHash();
  const bundle = path.join(folder, bundleName);
  const firstLine = `// ${recipe}\n`;
  if (await isUpToDate(bundle, path.join(folder, shimName), firstLine)) return;
  const esbuild = await import("esbuild");
  const result = await esbuild.build({
    entryPoints: [path.join(source, "main.ts")],
    bundle: true,
    platform: "node",
    target: "node20",
    format: "cjs",
    minifySyntax: true,
    minifyWhitespace: true,
    write: false,
    logLevel: "error",
    define: { LANGUAGE_HOST_VERSION: JSON.stringify(await ownVersion()) },
  });
  const code = result.outputFiles[0]?.text ?? "";
  await replaceFile(bundle, firstLine + code, 0o644);
  await replaceFile(path.join(folder, shimName), shim, 0o755);
}

async function ownVersion(): Promise<string> {
  return (JSON.parse(await fs.readFile(manifestFile, "utf8")) as { version: string }).version;
}

async function sourceHash(): Promise<string> {
  const files = [
    ...(await fs.readdir(source)).sort().map((name) => path.join(source, name)),
    __filename,
    manifestFile,
    require.resolve("@pulumi/pulumi/package.json"),
  ];
  const hash = createHash("sha256");
  for (const file of files) hash.update(await fs.readFile(file));
  return hash.digest("hex");
}

async function isUpToDate(bundle: string, shimFile: string, firstLine: string): Promise<boolean> {
  try {
    const [code, existing] = await Promise.all([fs.readFile(bundle, "utf8"), fs.readFile(shimFile, "utf8")]);
    return code.startsWith(firstLine) && existing === shim;
  } catch {
    return false;
  }
}

/** A reader sees the old file or the new one, never a part. */
async function replaceFile(file: string, content: string, mode: number): Promise<void> {
  const draft = `${file}.${randomUUID()}`;
  await fs.writeFile(draft, content, { mode });
  await fs.rename(draft, file);
}
