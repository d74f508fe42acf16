/** `npm run generate`: writes plugin/schema.json, components/schema.json and docs/reference from the interfaces and docstrings. */
import { existsSync, mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { basename, dirname, join, relative } from "node:path";
import type { PackageSchema } from "../sdk/schema/package-schema";
import { compilerOptions, formatSchema, generateComponentsSchema, generateSchema } from "./schema/package-schema";
import { referencePages } from "./schema/reference";
import { typescriptPage } from "./schema/typescript-pages";
import { SchemaError } from "./schema/schema-error";

const root = join(__dirname, "..");
const reference = "docs/reference";

/** Rooms whose components the schema, and so other languages, do not have. */
const roomsOfBoth = ["aws", "cudo", "mithril"];
const typescriptRooms = ["addons", "metal3", "michelangelo", "modelplane", "vmetal"];

/** Every room's entry point, and the file that holds its provider configuration. */
function entryPoints(): string[] {
  return ["sdk", "components"].flatMap((area) =>
    readdirSync(join(root, area), { withFileTypes: true })
      .filter((entry) => entry.isDirectory() && entry.name !== "plugin")
      .filter((entry) => area === "sdk" || !typescriptRooms.includes(entry.name))
      .flatMap((entry) => ["index.ts", "config.ts"].map((file) => join(root, area, entry.name, file)))
      .filter((file) => existsSync(file)),
  );
}

/** Those with classes that the schema, and so other languages, do not have. */
const typescriptEntryPoints = [
  { name: "pulumi-gpu-clusters", file: join(root, "components/index.ts") },
  { name: "pulumi-gpu-clusters/addons", file: join(root, "components/addons/index.ts") },
  { name: "pulumi-gpu-clusters/metal3", file: join(root, "components/metal3/index.ts") },
  { name: "pulumi-gpu-clusters/vmetal", file: join(root, "components/vmetal/index.ts") },
];

/** The room is the folder below `sdk` or `components`; what several rooms share is in `cluster`: Go's generator takes no types of the root. */
function roomOf(fileName: string): string {
  const folder = basename(dirname(relative(root, fileName)));
  return ["sdk", "components", "."].includes(folder) ? "cluster" : folder;
}

interface Manifest {
  name: string;
  version: string;
  description: string;
  license: string;
  keywords: string[];
}

export async function packageSchemaText(): Promise<string> {
  const manifest = JSON.parse(readFileSync(join(root, "package.json"), "utf8")) as Manifest;
  const schema = generateSchema({
    name: "gpu-clusters",
    version: manifest.version,
    displayName: "GPU Clusters",
    publisher: manifest.name,
    description: manifest.description,
    license: manifest.license,
    keywords: [...manifest.keywords, "category/infrastructure", "kind/component"],
    entryPoints: entryPoints(),
    compilerOptions: compilerOptions(join(root, "tsconfig.json")),
    roomOf,
  });
  return formatSchema(schema);
}

/** What components take, by which they check their arguments: more than the package's schema has, and where TypeScript takes no Output. */
export function componentsSchemaText(): Promise<string> {
  const rooms = [...roomsOfBoth, ...typescriptRooms].map((room) => join(root, "components", room, "index.ts"));
  const schema = generateComponentsSchema({
    name: "gpu-clusters",
    entryPoints: [join(root, "components/index.ts"), ...rooms],
    compilerOptions: compilerOptions(join(root, "tsconfig.json")),
    roomOf,
  });
  return formatSchema(schema);
}

/** The files that are made from the interfaces: their paths below the root, and what they hold. */
export async function generatedFiles(): Promise<Map<string, string>> {
  const text = await packageSchemaText();
  const pages = referencePages(JSON.parse(text) as PackageSchema);
  return new Map([
    ["plugin/schema.json", text],
    ["components/schema.json", await componentsSchemaText()],
    ...[...pages].map(([room, page]) => [`${reference}/${room}.md`, page] as const),
    [`${reference}/typescript.md`, typescriptPage(typescriptEntryPoints, compilerOptions(join(root, "tsconfig.json")))],
  ]);
}

async function main(): Promise<void> {
  const files = await generatedFiles();
  rmSync(join(root, reference), { recursive: true, force: true });
  mkdirSync(join(root, reference), { recursive: true });
  for (const [path, text] of files) writeFileSync(join(root, path), text);
  console.log(`wrote ${[...files.keys()].join(", ")}`);
}

if (require.main === module) {
  main().catch((error: unknown) => {
    console.error(error instanceof SchemaError ? error.message : error);
    process.exitCode = 1;
  });
}
