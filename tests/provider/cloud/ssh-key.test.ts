import assert from "node:assert/strict";
import { generateKeyPairSync, type KeyObject } from "node:crypto";
import fc from "fast-check";
import { utils } from "ssh2";
import { Problems } from "../../../components/errors";
import { checkSshKeys } from "../../../components/ssh-keys";
import { privateKeyProblem, readPrivateKey } from "../../../provider/cloud/ssh-key";
import { newSshKeyPair } from "../../../simulator/ssh-key-pair";

type Format = "pkcs8" | "pkcs1" | "sec1";
const pem = (key: KeyObject, type: Format, cipher: object = {}) =>
  key.export({ type, format: "pem", ...cipher } as never).toString();
const ed25519 = () => generateKeyPairSync("ed25519").privateKey;
const ec = (namedCurve: string) => generateKeyPairSync("ec", { namedCurve }).privateKey;
const rsa = generateKeyPairSync("rsa", { modulusLength: 2048 }).privateKey;
const encrypted = { cipher: "aes-256-cbc", passphrase: "secret" };

const publicOf = (text: string) => {
  const read = readPrivateKey(text);
  assert.ok("key" in read, "problem" in read ? read.problem : "");
  return read.key;
};

/** What a component says of it, which knows texts alone. */
function fieldProblem(sshPrivateKey: string): string | undefined {
  const problems = new Problems();
  checkSshKeys({ sshPrivateKey }, problems);
  return problems.all[0]?.reason;
}

/** A file of a key of this kind, of whose content nothing is read. Reference: OpenSSH, PROTOCOL.key and PROTOCOL.u2f. */
function openSshFile(kind: string): string {
  const field = (value: string | Buffer) => {
    const length = Buffer.alloc(4);
    length.writeUInt32BE(Buffer.byteLength(value));
    return Buffer.concat([length, Buffer.from(value)]);
  };
  const point = Buffer.alloc(32, 7);
  const publicKey = Buffer.concat([kind, point, "ssh:"].map(field));
  const secret = Buffer.concat([
    Buffer.alloc(8),
    field(kind),
    field(point),
    field("ssh:"),
    Buffer.from([1]),
    field("handle"),
  ]);
  const one = Buffer.from([0, 0, 0, 1]);
  const parts = [
    Buffer.from("openssh-key-v1\0"),
    field("none"),
    field("none"),
    field(""),
    one,
    field(publicKey),
    field(secret),
  ];
  const lines = Buffer.concat(parts)
    .toString("base64")
    .replace(/.{1,70}/g, "$&\n");
  return `-----BEGIN OPENSSH PRIVATE KEY-----\n${lines}-----END OPENSSH PRIVATE KEY-----\n`;
}

describe("private keys for SSH", () => {
  it("are read in every format that tools give them, and are the same key in each", () => {
    const kinds: [string, KeyObject, Format[]][] = [
      ["ssh-rsa", rsa, ["pkcs8", "pkcs1"]],
      ...(["prime256v1", "secp384r1", "secp521r1"] as const).map((curve, index): [string, KeyObject, Format[]] => [
        `ecdsa-sha2-nistp${[256, 384, 521][index]}`,
        ec(curve),
        ["pkcs8", "sec1"],
      ]),
    ];
    for (const [type, key, formats] of kinds) {
      const read = formats.map((format) => publicOf(pem(key, format)));
      assert.deepEqual([...new Set(read.map((each) => each.type))], [type]);
      assert.equal(new Set(read.map((each) => each.getPublicSSH().toString("base64"))).size, 1, type);
    }
  });

  it("sign what their own public key proves, also Ed25519 in PKCS#8, which ssh2 does not read", () => {
    fc.assert(
      fc.property(fc.constant(0).map(ed25519), fc.uint8Array({ minLength: 1, maxLength: 99 }), (key, data) => {
        const text = pem(key, "pkcs8");
        assert.ok(utils.parseKey(text) instanceof Error);
        const read = publicOf(text);
        const { x = "" } = key.export({ format: "jwk" });
        assert.deepEqual(read.getPublicSSH().subarray(-32), Buffer.from(x, "base64url"));
        assert.equal(read.verify(Buffer.from(data), read.sign(Buffer.from(data))), true);
      }),
      { numRuns: 50 },
    );
  });

  it("may have lost their last line's end, or have those of Windows", () => {
    const { private: text } = newSshKeyPair();
    for (const key of [text, pem(ed25519(), "pkcs8"), pem(rsa, "pkcs1")])
      for (const changed of [key.trim(), `\n${key}`, key.replaceAll("\n", "\r\n")])
        assert.equal(privateKeyProblem(changed, undefined), undefined);
  });

  it("may have before them what openssl writes there", () => {
    const parameters = "-----BEGIN EC PARAMETERS-----\nBggqhkjOPQMBBw==\n-----END EC PARAMETERS-----\n";
    const attributes = "Bag Attributes\n    friendlyName: deploy\nKey Attributes: <No Attributes>\n";
    for (const text of [parameters + pem(ec("prime256v1"), "sec1"), attributes + pem(ed25519(), "pkcs8")])
      for (const changed of [text, `\uFEFF${text}`, text.replaceAll("\n", "\r\n")]) {
        assert.equal(privateKeyProblem(changed, undefined), undefined);
        assert.equal(fieldProblem(changed), undefined);
      }
  });

  it("are refused with the way out where lines have lost their ends, and where a security key has the half that signs", () => {
    const { private: text } = newSshKeyPair();
    for (const lost of [
      text.replaceAll("\n", "\\n"),
      text.trim().replaceAll("\n", " "),
      pem(rsa, "pkcs1").replaceAll("\n", ""),
    ])
      for (const problem of [privateKeyProblem(lost, undefined), fieldProblem(lost)])
        assert.match(problem ?? "", /^has lost the ends of its lines/);
    const touched = openSshFile("sk-ssh-ed25519@openssh.com");
    for (const problem of [privateKeyProblem(touched, undefined), fieldProblem(touched)])
      assert.match(problem ?? "", /^is of a security key/);
  });

  it("are refused with the reason, and nothing of them is quoted", () => {
    const openSsh = utils.generateKeyPairSync("ed25519", { ...encrypted, cipher: "aes256-ctr", rounds: 4 });
    const refused: [RegExp, string][] = [
      [/passphrase/, pem(ed25519(), "pkcs8", encrypted)],
      [/passphrase/, pem(rsa, "pkcs1", encrypted)],
      [/passphrase/, openSsh.private],
      [/must be a private key/, pem(generateKeyPairSync("x25519").privateKey, "pkcs8")],
      [/must be a private key/, pem(ed25519(), "pkcs8").replace(/\n.{20}/, "\n")],
      [/must be a private key/, "~/.ssh/id_ed25519"],
      [/is a public key/, newSshKeyPair().public],
    ];
    for (const [why, text] of refused) {
      const problem = privateKeyProblem(text, undefined) ?? "";
      assert.match(problem, why);
      for (const line of text.split("\n").filter((each) => each.length > 30))
        assert.ok(!problem.includes(line.slice(0, 30)));
    }
  });

  it("must belong to the public key", () => {
    const [one, other] = [newSshKeyPair(), newSshKeyPair()];
    assert.equal(privateKeyProblem(one.private, `${one.public} me@here\n`), undefined);
    assert.equal(privateKeyProblem(one.private, other.public), "does not belong to the public key given");
    const key = ed25519();
    const own = publicOf(pem(key, "pkcs8"));
    const line = `ssh-ed25519 ${own.getPublicSSH().toString("base64")}`;
    assert.equal(privateKeyProblem(pem(key, "pkcs8"), line), undefined);
    assert.match(privateKeyProblem(pem(rsa, "pkcs8"), line) ?? "", /does not belong/);
  });
});
