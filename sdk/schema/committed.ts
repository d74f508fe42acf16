import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { bundledComponentsSchema, packageRoot } from "../plugin/package";
import type { PackageSchema } from "./package-schema";

let ofPackage: PackageSchema | undefined;
let ofComponents: PackageSchema | undefined;

/** What the package's interfaces say of its resources and components (`npm run generate`). Read once, when somebody asks. */
export function committedSchema(): PackageSchema {
  // Beside the bundled plugin, in the checkout, in the installed package.
  return (ofPackage ??= read("schema.json", "plugin/schema.json", "dist/plugin/schema.json"));
}

/** What components take as TypeScript has it: those that no other language has, too, and where no Output can be given. */
export function componentsSchema(): PackageSchema {
  return (ofComponents ??= read(bundledComponentsSchema, "components/schema.json", "dist/components/schema.json"));
}

function read(...places: string[]): PackageSchema {
  const file = places.map((place) => join(packageRoot, place)).find((place) => existsSync(place));
  if (file === undefined) throw new Error(`there is no schema.json in ${packageRoot}`);
  return JSON.parse(readFileSync(file, "utf8")) as PackageSchema;
}
