/** Private keys for SSH, in each format that ssh-keygen, openssl and clouds give. ssh2 does not know PKCS#8; node:crypto does. No I/O. */
import { createPrivateKey, type KeyObject } from "node:crypto";
import { utils, type ParsedKey } from "ssh2";
import { lostLineEnds, ofSecurityKey, privateKeyIn } from "../../sdk/private-key";

const passphrase = "has a passphrase; give a key without one (`ssh-keygen -p` takes it off a copy)";
const formats =
  "must be a private key in OpenSSH's, PEM or PKCS#8 format, with its lines `-----BEGIN …` and `-----END …`";

/** The key, or why the text is none that can be used: nothing of it is quoted. */
export function readPrivateKey(given: string): { key: ParsedKey; text: string } | { problem: string } {
  // Files from Windows, configuration that lost its last line's end, and what tools write before a key.
  const block = privateKeyIn(given);
  const lost = block && lostLineEnds(block);
  if (lost !== undefined) return { problem: lost };
  const text = block?.text ?? `${given.replaceAll("\r\n", "\n").trim()}\n`;
  if (/^-----BEGIN ENCRYPTED PRIVATE KEY-----/.test(text)) return { problem: passphrase };
  const readable = /^-----BEGIN PRIVATE KEY-----/.test(text) ? fromPkcs8(text) : text;
  const key = readable === undefined ? undefined : utils.parseKey(readable);
  if (readable === undefined || key === undefined || key instanceof Error) {
    if (key instanceof Error && / type: sk-/.test(key.message)) return { problem: ofSecurityKey };
    return { problem: key instanceof Error && /encrypted/i.test(key.message) ? passphrase : formats };
  }
  if (!key.isPrivateKey()) return { problem: "is a public key; give the private one (the file without .pub)" };
  return { key, text: readable };
}

/** Why it is no private key that can be used, or not the one of the public key; undefined: it is. */
export function privateKeyProblem(privateKey: string, publicKey: string | undefined): string | undefined {
  const read = readPrivateKey(privateKey);
  if ("problem" in read) return read.problem;
  const expected = publicKey === undefined ? undefined : utils.parseKey(publicKey.trim());
  // Those of security keys are unknown to ssh2, and have no private half in a file.
  if (expected === undefined || expected instanceof Error) return undefined;
  return expected.getPublicSSH().equals(read.key.getPublicSSH())
    ? undefined
    : "does not belong to the public key given";
}

/** In a format of those that ssh2 reads; undefined for what is no key of SSH's. */
function fromPkcs8(text: string): string | undefined {
  let key: KeyObject;
  try {
    key = createPrivateKey(text);
  } catch {
    return undefined;
  }
  if (key.asymmetricKeyType === "rsa") return key.export({ type: "pkcs1", format: "pem" }).toString();
  if (key.asymmetricKeyType === "ec") return key.export({ type: "sec1", format: "pem" }).toString();
  return key.asymmetricKeyType === "ed25519" ? ed25519InOpenSsh(key) : undefined;
}

/** Reference: OpenSSH, PROTOCOL.key. */
function ed25519InOpenSsh(key: KeyObject): string {
  const { d = "", x = "" } = key.export({ format: "jwk" });
  const [seed, point] = [Buffer.from(d, "base64url"), Buffer.from(x, "base64url")];
  const name = "ssh-ed25519";
  const checkNumbers = Buffer.alloc(8);
  const secret = Buffer.concat([
    checkNumbers,
    field(name),
    field(point),
    field(Buffer.concat([seed, point])),
    field(""),
  ]);
  const padding = Buffer.from([1, 2, 3, 4, 5, 6, 7].slice(0, (8 - (secret.length % 8)) % 8));
  const all = Buffer.concat([
    Buffer.from("openssh-key-v1\0"),
    ...["none", "none", ""].map(field),
    Buffer.from([0, 0, 0, 1]),
    field(Buffer.concat([field(name), field(point)])),
    field(Buffer.concat([secret, padding])),
  ]);
  const lines = all.toString("base64").replace(/.{1,70}/g, "$&\n");
  return `-----BEGIN OPENSSH PRIVATE KEY-----\n${lines}-----END OPENSSH PRIVATE KEY-----\n`;
}

function field(value: string | Buffer): Buffer {
  const content = Buffer.from(value);
  const length = Buffer.alloc(4);
  length.writeUInt32BE(content.length);
  return Buffer.concat([length, content]);
}
