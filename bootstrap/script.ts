/** The bash script that makes a machine a node: `scripts/node.sh` with the node document in front of it. */
// Not Node's own zlib, whose output depends on the processor: the same program must give the same script everywhere.
import { gunzipSync, gzipSync } from "fflate";
import { brief, whole } from "./brief";
import { certificatesScript, controlPlaneScript } from "./control-plane-script";
import { diskKeyScript, diskScript } from "./disk-scripts";
import type { DiskEncryption, NodeDocument } from "./document";
import type { Ec2NodeDocument } from "./ec2";
import { ec2ControlPlaneScript, ec2MembersScript, ec2Script } from "./ec2-script";
import { nodeScript } from "./node-script";
import {
  bridgeScript,
  gpuScript,
  initScript,
  joinScript,
  lustreScript,
  startScript,
  workerScript,
} from "./part-scripts";

/** Both clouds take 16 KiB. */
export const maximumScriptBytes = 16 * 1024;

export interface BootstrapScriptOptions {
  /**
   * `cudo-start-script`: bash, run as root on each boot; the document is in plain text and the commands unpack themselves.
   * `ec2-user-data`: all of it compressed and in base64, as EC2 and cloud-init take it; nobody can fill placeholders in there, so the
   * machine does (`Ec2NodeDocument`).
   */
  delivery: "cudo-start-script" | "ec2-user-data";
}

const beginning = "# BEGIN NODE DOCUMENT";
const end = "# END NODE DOCUMENT";
const documentLine = new RegExp(`^${beginning}\\n(.*)\\n${end}$`, "m");

/** Placeholders of the document stand in a `cudo-start-script` as they are. Throws `RangeError` if a cloud would not take the script. */
export function renderBootstrapScript(
  document: NodeDocument | Ec2NodeDocument,
  options: BootstrapScriptOptions,
): string {
  const head = `#!/bin/bash\ndocument() { cat <<'${end}'\n${beginning}\n${JSON.stringify(brief(document))}\n${end}\n}\n`;
  const body = commands(document);
  const delivered =
    options.delivery === "ec2-user-data" ? compressed(head + body) : Buffer.from(head + unpacking(body), "utf8");
  if (delivered.length > maximumScriptBytes) {
    throw new RangeError(
      `the bootstrap script of node ${document.nodeName} has ${delivered.length} bytes, and a machine takes ${maximumScriptBytes}: give it fewer labels or taints`,
    );
  }
  return delivered.toString(options.delivery === "ec2-user-data" ? "base64" : "utf8");
}

/** What a machine with an encrypted disk and keys of its cluster starts with. */
export interface VaultScripts {
  /** For its cloud: opens the disk and runs the other. It has no key. */
  startScript: string;
  /** For Vault, beside the key of the disk: makes the machine a node. Secret. */
  vaultScript: string;
}

/**
 * For a control plane whose disk is encrypted, because both together are longer than what a cloud takes. Placeholders stand in both, those of
 * Vault in the first only. Throws as `renderBootstrapScript`.
 */
export function renderVaultScripts(document: NodeDocument & { diskEncryption: DiskEncryption }): VaultScripts {
  const { diskEncryption, ...whole } = document;
  const first: NodeDocument = { ...whole, diskEncryption: { ...diskEncryption, start: true } };
  delete first.controlPlane;
  return {
    startScript: renderBootstrapScript(first, { delivery: "cudo-start-script" }),
    vaultScript: renderBootstrapScript(whole, { delivery: "cudo-start-script" }),
  };
}

function compressed(text: string): Buffer {
  return Buffer.from(gzipSync(Buffer.from(text, "utf8"), { level: 9, mtime: 0 }));
}

/** Bash that unpacks the commands and runs them. Every program that it takes is essential to Debian and Ubuntu. */
export function unpacking(body: string): string {
  return `commands=$(base64 -d <<'END' | gunzip\n${compressed(body).toString("base64")}\nEND\n) && eval "$commands"\n`;
}

/** What stands behind the document, which a machine on EC2 completes before it acts on it: what this machine needs, for each byte counts. */
function commands(document: NodeDocument | Ec2NodeDocument): string {
  const ec2 = "secrets" in document ? document : undefined;
  const isWorker = document.role === "worker";
  const isMember = ec2?.member !== undefined;
  if (document.diskEncryption?.start) return diskKeyScript + diskScript + nodeScript + startScript;
  const parts: [boolean, string][] = [
    [ec2 !== undefined, ec2Script],
    [isMember, ec2MembersScript],
    [!isWorker, initScript],
    [isWorker || isMember, joinScript],
    [isWorker, workerScript],
    [document.gpu !== undefined, gpuScript],
    [document.cni !== undefined, bridgeScript],
    [document.diskEncryption !== undefined, diskKeyScript + diskScript],
    [document.lustre !== undefined, lustreScript],
    [true, nodeScript],
    [ec2?.secrets.joinParameter !== undefined, ec2ControlPlaneScript],
    [!isWorker, controlPlaneScript + certificatesScript],
  ];
  return parts.map(([needed, part]) => (needed ? part : "")).join("");
}

/** The document of a script in either form; undefined for a script that makes no node. */
export function nodeDocumentFromScript(script: string): NodeDocument | undefined {
  const line = documentLine.exec(script.startsWith("#!") ? script : decompressed(script))?.[1];
  return line === undefined ? undefined : whole(JSON.parse(line) as NodeDocument);
}

function decompressed(script: string): string {
  try {
    return Buffer.from(gunzipSync(Buffer.from(script, "base64"))).toString("utf8");
  } catch {
    return script;
  }
}
