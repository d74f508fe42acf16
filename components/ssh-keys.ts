import { createPrivateKey } from "node:crypto";
import { lostLineEnds, ofSecurityKey, privateKeyIn } from "../sdk/private-key";
import { isPublicKey, publicKeyProblem } from "../sdk/public-key";
import type * as pulumi from "../sdk/pulumi";
import type { Problems } from "./errors";
import { known } from "./inputs";

export interface SshKeys {
  sshPublicKey?: pulumi.Input<string> | undefined;
  sshPrivateKey?: pulumi.Input<string> | undefined;
}

/** A line of authorized_keys: options, whose spaces are between quotes, and the key. */
const authorizedKeyPattern =
  /^(?!#)(?:(?:[^\s"]|"(?:[^"\\]|\\.)*")+ )?((?:ssh|ecdsa|sk)-[a-z0-9@.-]+) ([A-Za-z0-9+/]+=*)( .*)?$/;

/** A host's own key, as in a known_hosts file. */
export function checkHostKey(path: string, given: pulumi.Input<string> | undefined, problems: Problems): void {
  const line = known(given)?.trim();
  if (line === undefined) return;
  const [, kind, body] = /^(?:\S+ )?((?:ssh|ecdsa)-[a-z0-9@.-]+) ([A-Za-z0-9+/]+=*)( .*)?$/.exec(line) ?? [];
  if (kind === undefined || !isPublicKey(kind, body!))
    problems.add(path, "must be the host's public key, for example `ssh-ed25519 AAAA…`");
}

/** What their texts tell. The plugin, which knows all about keys, checks at the preview that they are some and belong together. */
export function checkSshKeys(given: SshKeys, problems: Problems): void {
  for (const field of ["sshPublicKey", "sshPrivateKey"] as const)
    if (known(given[field])?.trim() === "") problems.add(field, "must not be empty");
  const publicKey = known(given.sshPublicKey)?.trim();
  const wrong = publicKey ? publicKeyProblem(publicKey) : undefined;
  if (wrong !== undefined) problems.add("sshPublicKey", wrong);
  const privateKey = known(given.sshPrivateKey);
  if (privateKey?.trimStart().startsWith("PuTTY-User-Key-File"))
    problems.add(
      "sshPrivateKey",
      "is PuTTY's: give it in OpenSSH's format (`puttygen key.ppk -O private-openssh -o key`)",
    );
  else if (privateKey && !/-----BEGIN [A-Z ]*PRIVATE KEY-----/.test(privateKey)) {
    problems.add("sshPrivateKey", "must be the text of a private key, which begins with `-----BEGIN …`, not its path");
  } else if (privateKey) {
    const reason = privateKeyProblem(privateKey, publicKey);
    if (reason !== undefined) problems.add("sshPrivateKey", reason);
  }
}

/** A line of OpenSSH's authorized_keys, with options or without. Undefined for a right one. */
export function authorizedKeyProblem(line: string): string | undefined {
  return publicKeyProblem(line, authorizedKeyPattern);
}

const formats =
  "must be a private key in OpenSSH's, PEM or PKCS#8 format, with its lines `-----BEGIN …` and `-----END …`: what is between them is none";

/** What can be seen without the means to use a key. */
function privateKeyProblem(privateKey: string, publicKey: string | undefined): string | undefined {
  const block = privateKeyIn(privateKey);
  if (block === undefined) return "must be whole, to its line `-----END …`";
  const { kind, body, text } = block;
  const lost = lostLineEnds(block);
  if (lost !== undefined) return lost;
  const passphrase = "has a passphrase; give a key without one (`ssh-keygen -p` takes it off a copy)";
  if (kind.startsWith("ENCRYPTED") || /^Proc-Type: .*ENCRYPTED/m.test(body)) return passphrase;
  if (!kind.startsWith("OPENSSH")) return isReadable(text) ? undefined : formats;
  const own = openSshFields(Buffer.from(body, "base64"));
  if (own === undefined) return formats;
  if (own.cipher !== "none") return passphrase;
  if (/^.{4}sk-/s.test(Buffer.from(own.publicKey, "base64").toString("latin1"))) return ofSecurityKey;
  const expected = publicKey?.split(/\s+/)[1];
  return expected === undefined || own.publicKey === expected ? undefined : "does not belong to the public key given";
}

function isReadable(privateKey: string): boolean {
  try {
    createPrivateKey(privateKey);
    return true;
  } catch {
    return false;
  }
}

/** Reference: OpenSSH, PROTOCOL.key. Undefined for what is no such file. */
function openSshFields(file: Buffer): { cipher: string; publicKey: string } | undefined {
  const magic = "openssh-key-v1\0";
  if (file.subarray(0, magic.length).toString("latin1") !== magic) return undefined;
  let at = magic.length;
  const field = () => {
    const length = at + 4 <= file.length ? file.readUInt32BE(at) : 0;
    const value = file.subarray(at + 4, at + 4 + length);
    at += 4 + length;
    return value;
  };
  const [cipher] = [field(), field(), field()];
  at += 4;
  return { cipher: cipher!.toString("latin1"), publicKey: field().toString("base64") };
}
