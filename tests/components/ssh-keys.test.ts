import assert from "node:assert/strict";
import { generateKeyPairSync } from "node:crypto";
import { utils } from "ssh2";
import { checkCudoClusterArgs } from "../../components/cudo/validate";
import { authorizedKeyProblem, checkHostKey, checkSshKeys } from "../../components/ssh-keys";
import { Problems } from "../../components/errors";
import { readPrivateKey } from "../../provider/cloud/ssh-key";
import { group } from "./cudo-scene";

function reasons(sshPrivateKey: string, sshPublicKey?: string): string[] {
  const problems = new Problems();
  checkSshKeys({ sshPrivateKey, sshPublicKey }, problems);
  return problems.all.map(({ propertyPath, reason }) => `${propertyPath}: ${reason}`);
}

describe("SSH keys among a cluster's arguments", () => {
  const own = utils.generateKeyPairSync("ed25519");
  const other = utils.generateKeyPairSync("ed25519");
  const locked = utils.generateKeyPairSync("ed25519", { passphrase: "word", cipher: "aes256-cbc", rounds: 1 });

  it("pass where they belong together, in each format", () => {
    const pkcs8 = generateKeyPairSync("ed25519").privateKey.export({ type: "pkcs8", format: "pem" }).toString();
    assert.deepEqual([reasons(own.private, `${own.public} me`), reasons(own.private), reasons(pkcs8)], [[], [], []]);
  });

  it("are refused with a passphrase, cut short, or of another pair, and never quoted", () => {
    const cut = own.private.slice(0, -40);
    const encrypted = generateKeyPairSync("ed25519")
      .privateKey.export({ type: "pkcs8", format: "pem", cipher: "aes-256-cbc", passphrase: "word" })
      .toString();
    assert.deepEqual(
      [reasons(locked.private), reasons(encrypted), reasons(cut), reasons(own.private, other.public)],
      [
        ["sshPrivateKey: has a passphrase; give a key without one (`ssh-keygen -p` takes it off a copy)"],
        ["sshPrivateKey: has a passphrase; give a key without one (`ssh-keygen -p` takes it off a copy)"],
        ["sshPrivateKey: must be whole, to its line `-----END …`"],
        ["sshPrivateKey: does not belong to the public key given"],
      ],
    );
  });

  it("are refused where nothing can be read between their lines, in each format", () => {
    for (const kind of ["OPENSSH PRIVATE KEY", "RSA PRIVATE KEY", "EC PRIVATE KEY", "PRIVATE KEY"])
      assert.match(
        reasons(`-----BEGIN ${kind}-----\nc2VjcmV0\n-----END ${kind}-----\n`).join(),
        /^sshPrivateKey: must be a private key in OpenSSH's, PEM or PKCS#8 format, [^\n]*is none$/,
      );
    for (const type of ["sec1", "pkcs8"] as const) {
      const { privateKey } = generateKeyPairSync("ec", { namedCurve: "P-256" });
      const text = privateKey.export({ type, format: "pem" }).toString();
      assert.deepEqual([reasons(text), reasons(text.replaceAll("\n", "\r\n"))], [[], []]);
    }
  });

  it("have hosts of their own kind, as known_hosts says them", () => {
    const problemsOf = (line: string) => {
      const problems = new Problems();
      checkHostKey("hostKey", line, problems);
      return problems.all.map(({ propertyPath }) => propertyPath);
    };
    for (const line of [own.public, `${own.public} me`, `host,203.0.113.7 ${own.public}`, `  ${own.public}\n`])
      assert.deepEqual(problemsOf(line), [], line);
    for (const line of ["", "127.0.0.1", "ssh-ed25519 AAAA", `ssh-rsa ${own.public.split(" ")[1]}`, own.private])
      assert.deepEqual(problemsOf(line), ["hostKey"], line);
  });

  it("are refused where the public one is cut short, longer than its kind, or of another", () => {
    const publicReasons = (sshPublicKey: string) => {
      const problems = new Problems();
      checkSshKeys({ sshPublicKey }, problems);
      return problems.all.map(({ propertyPath, reason }) => `${propertyPath}: ${reason}`);
    };
    const rsa = utils.generateKeyPairSync("rsa", { bits: 2048 }).public;
    const ecdsa = utils.generateKeyPairSync("ecdsa", { bits: 256 }).public;
    for (const right of [own.public, rsa, ecdsa, `${own.public} me at home`, `${own.public}\n`])
      assert.deepEqual(publicReasons(right), [], right);
    const body = (line: string) => line.split(" ")[1]!;
    const bytes = (line: string) => Buffer.from(body(line), "base64");
    const short = Buffer.concat([bytes(own.public).subarray(0, 15), Buffer.from([0, 0, 0, 1, 7])]).toString("base64");
    for (const [kind, wrong] of [
      ["ssh-ed25519", "AAAA"],
      ["ssh-ed25519", body(own.public).slice(0, -4)],
      ["ssh-ed25519", Buffer.concat([bytes(own.public), Buffer.alloc(2)]).toString("base64")],
      ["ssh-ed25519", short],
      ["ssh-ed25519", body(rsa)],
      ["ssh-rsa", body(rsa).slice(0, 200)],
      ["ssh-rsa", body(own.public)],
      ["ecdsa-sha2-nistp384", body(ecdsa)],
    ] as const)
      assert.deepEqual(publicReasons(`${kind} ${wrong} me`), [
        `sshPublicKey: must be whole: what follows ${kind} is no such key`,
      ]);
  });

  it("are no certificates, nor of a kind that no OpenSSH takes any more", () => {
    const field = (text: string) => Buffer.concat([Buffer.from([0, 0, 0, text.length]), Buffer.from(text)]);
    const line = (...fields: string[]) => `${fields[0]} ${Buffer.concat(fields.map(field)).toString("base64")} me`;
    for (const [key, reason] of [
      [line("ssh-ed25519-cert-v01@openssh.com", "nonce", "key"), /^is a certificate: give the key itself/],
      [`${own.public} a\tb`, /^must be one public key/],
      [line("ssh-dss", "p", "q", "g", "y"), /^is a DSA key, which OpenSSH takes no more/],
    ] as const) {
      const problems = new Problems();
      checkSshKeys({ sshPublicKey: key }, problems);
      assert.match(problems.all.map((problem) => problem.reason).join(), reason);
      assert.match(authorizedKeyProblem(key) ?? "", reason);
    }
  });

  it("are taken with blanks around their lines, as indented text has them", () => {
    const lines = own.private.split("\n");
    for (const text of [lines.map((line) => `  ${line}`), lines.map((line) => `${line} \t`)]) {
      assert.deepEqual(reasons(text.join("\n"), own.public), []);
      assert.ok("key" in readPrivateKey(text.join("\n")));
    }
    assert.match(reasons("PuTTY-User-Key-File-3: ssh-ed25519\n").join(), /PuTTY/);
  });

  it("are told beside everything else that is wrong", () => {
    const { all } = checkCudoClusterArgs("train", {
      noVault: true,
      nodeGroups: [{ ...group, minSize: 9 }],
      sshPublicKey: other.public,
      sshPrivateKey: own.private,
      sshAccessCidrs: ["203.0.113.0/24"],
    });
    assert.deepEqual(all.map(({ propertyPath }) => propertyPath).sort(), ["nodeGroups[0].minSize", "sshPrivateKey"]);
  });
});
