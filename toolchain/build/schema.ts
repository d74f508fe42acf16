/** `npm run generate`: writes sdk/plugin/schema.json from the interfaces and docstrings. With `--check` it only compares. */
import { existsSync, readdirSync, readFileSync, writeFileSync } from "node:fs";
import { basename, dirname, join, relative } from "node:path";
import { compilerOptions, formatSchema, generateSchema } from "./schema/package-schema";
import { SchemaError } from "./schema/schema-error";

const root = join(__dirname, "../..");
const schemaFile = join(root, "sdk/plugin/schema.json");

/** Every room's entry point, and the file that holds its provider configuration. */
function entryPoints(): string[] {
  return ["sdk", "components"].flatMap((area) =>
    readdirSync(join(root, area), { withFileTypes: true })
      .filter((entry) => entry.isDirectory() && entry.name !== "plugin")
      .flatMap((entry) => ["index.ts", "config.ts"].map((file) => join(root, area, entry.name, file)))
      .filter((file) => existsSync(file)),
  );
}

/** The room is the folder below `sdk` or `components`; what several rooms share is in `index`. */
function roomOf(fileName: string): string {
  const folder = basename(dirname(relative(root, fileName)));
  return ["sdk", "components", "."].includes(folder) ? "index" : folder;
}

export async function packageSchemaText(): Promise<string> {
  const manifest = JSON.parse(readFileSync(join(root, "package.json"), "utf8")) as Record<string, string>;
  const schema = generateSchema({
    name: "gpu-clusters",
    version: manifest.version!,
    description: manifest.description!,
    entryPoints: entryPoints(),
    compilerOptions: compilerOptions(join(root, "tsconfig.json")),
    roomOf,
  });
  return formatSchema(schema);
}

async function main(): Promise<void> {
  const text = await packageSchemaText();
  const committed = existsSync(schemaFile) ? readFileSync(schemaFile, "utf8") : "";
  if (text === committed) return;
  if (process.argv.includes("--check")) {
    console.error("sdk/plugin/schema.json is not what the interfaces say; run `npm run generate` and commit it");
    process.exitCode = 1;
    return;
  }
  writeFileSync(schemaFile, text);
  console.log(`wrote ${relative(process.cwd(), schemaFile)}`);
}

if (require.main === module) {
  main().catch((error: unknown) => {
    console.error(error instanceof SchemaError ? error.message : error);
    process.exitCode = 1;
  });
}
