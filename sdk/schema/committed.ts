import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { packageRoot } from "../plugin/package";
import type { PackageSchema } from "./package-schema";

/** Beside the bundled plugin, in the checkout, in the installed package. */
const places = ["schema.json", "plugin/schema.json", "dist/plugin/schema.json"];

let read: PackageSchema | undefined;

/** What the package's interfaces say of its resources and components (`npm run generate`). Read once, when somebody asks. */
export function committedSchema(): PackageSchema {
  return (read ??= JSON.parse(readFileSync(schemaFile(), "utf8")) as PackageSchema);
}

function schemaFile(): string {
  const file = places.map((place) => join(packageRoot, place)).find((place) => existsSync(place));
  if (file === undefined) throw new Error(`there is no schema.json in ${packageRoot}`);
  return file;
}
