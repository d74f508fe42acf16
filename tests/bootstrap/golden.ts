import assert from "node:assert/strict";
import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { gunzipSync } from "node:zlib";
import { certificatesScript, controlPlaneScript } from "../../bootstrap/control-plane-script";
import { diskKeyScript, diskScript } from "../../bootstrap/disk-scripts";
import { ec2ControlPlaneScript, ec2MembersScript, ec2Script } from "../../bootstrap/ec2-script";
import { nodeScript } from "../../bootstrap/node-script";
import {
  bridgeScript,
  gpuScript,
  initScript,
  joinScript,
  lustreScript,
  startScript,
  workerScript,
} from "../../bootstrap/part-scripts";

/** What machines run alike, by the file it comes from. */
const scripts = {
  "node.sh": nodeScript,
  "init.sh": initScript,
  "join.sh": joinScript,
  "worker.sh": workerScript,
  "gpu.sh": gpuScript,
  "bridge.sh": bridgeScript,
  "disk-key.sh": diskKeyScript,
  "disk.sh": diskScript,
  "lustre.sh": lustreScript,
  "start.sh": startScript,
  "control-plane.sh": controlPlaneScript,
  "certificates.sh": certificatesScript,
  "ec2.sh": ec2Script,
  "ec2-members.sh": ec2MembersScript,
  "ec2-control-plane.sh": ec2ControlPlaneScript,
};

/** A start script with its commands as they are when they have unpacked themselves. */
export function unpacked(script: string): string {
  const packed = /^commands=\$\(base64 -d <<'END' \| gunzip\n([^]*)\nEND\n\) && eval "\$commands"\n$/m;
  return script.replace(packed, (_, text: string) => gunzipSync(Buffer.from(text, "base64")).toString("utf8"));
}

/** Holds a script against golden/<name>.sh, unpacked, in which a line stands for each file of bootstrap/scripts. UPDATE_GOLDEN=1 writes it anew. */
export function assertGolden(name: string, script: string): void {
  const path = join(__dirname, "golden", `${name}.sh`);
  const abridged = Object.entries(scripts).reduce(
    (text, [file, commands]) => text.replace(commands, () => `# bootstrap/scripts/${file}\n`),
    unpacked(script),
  );
  if (process.env["UPDATE_GOLDEN"]) writeFileSync(path, abridged);
  assert.equal(abridged, readFileSync(path, "utf8"), "UPDATE_GOLDEN=1 writes the golden files anew");
}
