import assert from "node:assert/strict";
import { generateKeyPairSync } from "node:crypto";
import { utils } from "ssh2";
import { checkCudoClusterArgs } from "../../components/cudo/validate";
import { checkSshKeys } from "../../components/ssh-keys";
import { Problems } from "../../components/errors";
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

  it("are told beside everything else that is wrong", () => {
    const { all } = checkCudoClusterArgs("train", {
      ...{ noVault: true, nodeGroups: [{ ...group, minSize: 9 }] },
      ...{ sshPublicKey: other.public, sshPrivateKey: own.private, sshAccessCidrs: ["203.0.113.0/24"] },
    });
    assert.deepEqual(all.map(({ propertyPath }) => propertyPath).sort(), ["nodeGroups[0].minSize", "sshPrivateKey"]);
  });
});
