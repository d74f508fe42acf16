import { promises as fs } from "node:fs";
import * as path from "node:path";
import { utils } from "ssh2";
import { newSshKeyPair } from "../simulator/ssh-key-pair";
import type { StackFiles } from "./workspace";

export interface SshKey {
  /** One line of OpenSSH's format. */
  publicKey: string;
  /** OpenSSH's format. */
  privateKey: string;
}

/** The key that opens a stack's simulated machines: made once, mode 0600. */
export async function stackSshKey(files: StackFiles): Promise<SshKey> {
  const file = path.join(files.folder, "ssh-key");
  const stored = await fs.readFile(file, "utf8").catch(() => undefined);
  const privateKey = stored ?? newSshKeyPair().private;
  if (stored === undefined) {
    await fs.mkdir(files.folder, { recursive: true, mode: 0o700 });
    await fs.writeFile(file, privateKey, { mode: 0o600 });
  }
  const key = utils.parseKey(privateKey);
  if (key instanceof Error)
    throw new Error(`${file} has no SSH key (${key.message}): delete it, and the next start makes one`);
  return { publicKey: `${key.type} ${key.getPublicSSH().toString("base64")}`, privateKey };
}
