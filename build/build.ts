/** `npm run build`: the package as it is published, in dist: the library, and beside it the plugin and the command line. */
import { mkdtempSync, readdirSync, readFileSync, renameSync, rmSync } from "node:fs";
import { join } from "node:path";
import { bundleFolder, ensurePluginBundle, removeEarlierBuilds } from "./bundle";
import { bundleCommandLine } from "./cli";
import { compileLibrary } from "./library";
import { componentsSchemaText, packageSchemaText } from "./schema";

const root = join(__dirname, "..");

async function main(): Promise<void> {
  const schemas = {
    "plugin/schema.json": await packageSchemaText(),
    "components/schema.json": await componentsSchemaText(),
  };
  for (const [file, text] of Object.entries(schemas)) {
    if (text !== readFileSync(join(root, file), "utf8"))
      throw new Error(`${file} is not what the interfaces say; run \`npm run generate\``);
  }
  await ensurePluginBundle();
  removeEarlierBuilds();
  const dist = join(bundleFolder, "..");
  const staging = mkdtempSync(join(dist, ".library-"));
  try {
    compileLibrary(staging);
    await bundleCommandLine(join(staging, "cli"));
    // Whole folders, so that nothing of an earlier build is published.
    for (const folder of readdirSync(staging)) {
      rmSync(join(dist, folder), { recursive: true, force: true });
      renameSync(join(staging, folder), join(dist, folder));
    }
  } finally {
    rmSync(staging, { recursive: true, force: true });
  }
}

main().catch((error: unknown) => {
  console.error(error instanceof Error ? error.message : error);
  process.exitCode = 1;
});
