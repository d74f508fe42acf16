/**
 * Writes `node-script.ts` from `scripts/node.sh`: the script as a string, so that it is in whatever a bundler makes of this package.
 * Comments stay behind, for each byte counts against a cloud's limit. Run: `npx tsx bootstrap/generate.ts`.
 */
import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";

const target = join(__dirname, "node-script.ts");

export function nodeScriptModule(): string {
  const text = readFileSync(join(__dirname, "scripts/node.sh"), "utf8").replace(/^ *#(?! shellcheck).*\n/gm, "");
  const lines = text.trimEnd().split("\n");
  return [
    "/** Generated from scripts/node.sh by generate.ts; change it there. */",
    "// prettier-ignore",
    "export const nodeScript = [",
    ...lines.map((line) => `  ${JSON.stringify(line)},`),
    '  "",',
    '].join("\\n");',
    "",
  ].join("\n");
}

if (require.main === module) writeFileSync(target, nodeScriptModule());
