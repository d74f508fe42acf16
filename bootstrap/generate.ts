/**
 * Writes `node-script.ts`, `part-scripts.ts`, `disk-scripts.ts`, `control-plane-script.ts` and `ec2-script.ts` from `scripts/`: scripts as strings, so that they are in whatever a bundler makes of this
 * package. Comments stay behind, for each byte counts against a cloud's limit. Run: `npx tsx bootstrap/generate.ts`.
 */
import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";

/** Modules, each with the scripts that it has as constants. */
const modules = {
  "node-script.ts": { nodeScript: "node.sh" },
  "part-scripts.ts": {
    initScript: "init.sh",
    joinScript: "join.sh",
    workerScript: "worker.sh",
    gpuScript: "gpu.sh",
    bridgeScript: "bridge.sh",
    lustreScript: "lustre.sh",
    startScript: "start.sh",
  },
  "disk-scripts.ts": { diskKeyScript: "disk-key.sh", diskScript: "disk.sh", dataDiskScript: "data-disk.sh" },
  "control-plane-script.ts": { controlPlaneScript: "control-plane.sh", certificatesScript: "certificates.sh" },
  "ec2-script.ts": {
    ec2Script: "ec2.sh",
    ec2MembersScript: "ec2-members.sh",
    ec2ControlPlaneScript: "ec2-control-plane.sh",
  },
} as const;

export type ScriptModule = keyof typeof modules;

export function scriptModule(name: ScriptModule): string {
  const scripts: Record<string, string> = modules[name];
  const files = Object.values(scripts).map((file) => `scripts/${file}`);
  return [
    `/** Generated from ${files.join(" and ")} by generate.ts; change it there. */`,
    ...Object.entries(scripts).flatMap(([constant, file]) => {
      const text = readFileSync(join(__dirname, "scripts", file), "utf8").replace(/^ *#(?! shellcheck).*\n/gm, "");
      const lines = text.trimEnd().split("\n");
      return [
        "// prettier-ignore",
        `export const ${constant} = [`,
        ...lines.map((line) => `  ${JSON.stringify(line)},`),
        '  "",',
        '].join("\\n");',
      ];
    }),
    "",
  ].join("\n");
}

if (require.main === module) {
  for (const name of Object.keys(modules) as ScriptModule[]) writeFileSync(join(__dirname, name), scriptModule(name));
}
