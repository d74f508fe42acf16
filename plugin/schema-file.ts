import { readFile } from "node:fs/promises";
import { join } from "node:path";

/** The committed package schema. It lies beside this code, and beside the bundled plugin too. */
export async function readSchemaFile(): Promise<object> {
  return JSON.parse(await readFile(join(__dirname, "schema.json"), "utf8")) as object;
}
