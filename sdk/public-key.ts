/** Public keys of SSH as texts. Pure. */

/** Parts behind the kind's name, and what the last has to be long. References: RFC 4253, RFC 5656, RFC 8709, OpenSSH's PROTOCOL.u2f. */
const shapes: readonly (readonly [RegExp, { readonly parts: number; readonly bytes?: number }])[] = [
  [/^ssh-ed25519$/, { parts: 1, bytes: 32 }],
  [/^ssh-rsa$/, { parts: 2 }],
  [/^ssh-dss$/, { parts: 4 }],
  [/^ecdsa-sha2-/, { parts: 2 }],
  [/^sk-ssh-ed25519@/, { parts: 2 }],
  [/^sk-ecdsa-sha2-/, { parts: 3 }],
];

/** Whether the base64 of a line is a whole key of its kind: the kind's name and then its numbers, each behind its length, and no more. */
export function isPublicKey(kind: string, base64: string): boolean {
  const key = Buffer.from(base64, "base64");
  const parts: Buffer[] = [];
  let at = 0;
  while (at + 4 <= key.length) {
    const end = at + 4 + key.readUInt32BE(at);
    parts.push(key.subarray(at + 4, end));
    at = end;
  }
  if (at !== key.length || parts[0]?.toString("latin1") !== kind) return false;
  const shape = shapes.find(([pattern]) => pattern.test(kind))?.[1];
  // A kind that is newer than this.
  if (shape === undefined) return parts.length > 1;
  return parts.length === shape.parts + 1 && (shape.bytes === undefined || parts.at(-1)!.length === shape.bytes);
}

/** As a .pub file has it: its kind, the key, and a comment. */
const publicKeyPattern = /^((?:ssh|ecdsa|sk)-[a-z0-9@.-]+) ([A-Za-z0-9+/]+=*)( .*)?$/;

/** What is wrong with a line that is to be a key; undefined: nothing. @param pattern of the line, with kind and key as its first groups */
export function publicKeyProblem(line: string, pattern = publicKeyPattern): string | undefined {
  if (line.includes("PRIVATE KEY")) return "is a private key; give the public one (the file that ends in .pub)";
  const key = line.trim();
  const [, kind, base64] = pattern.exec(key) ?? [];
  // Machines refuse what no terminal shows.
  if (kind === undefined || /\p{Cc}/u.test(key))
    return "must be one public key in OpenSSH format, for example `ssh-ed25519 AAAA…`";
  if (kind.includes("-cert-v0"))
    return "is a certificate: give the key itself, the .pub file without -cert in its name";
  if (kind === "ssh-dss") return "is a DSA key, which OpenSSH takes no more: make another with `ssh-keygen -t ed25519`";
  return isPublicKey(kind, base64!) ? undefined : `must be whole: what follows ${kind} is no such key`;
}
