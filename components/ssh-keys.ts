import type * as pulumi from "../sdk/pulumi";
import type { Problems } from "./errors";
import { known } from "./inputs";

export interface SshKeys {
  sshPublicKey?: pulumi.Input<string> | undefined;
  sshPrivateKey?: pulumi.Input<string> | undefined;
}

/** What their texts tell. The plugin, which can read keys, checks at the preview that they are some and belong together. */
export function checkSshKeys(given: SshKeys, problems: Problems): void {
  for (const field of ["sshPublicKey", "sshPrivateKey"] as const)
    if (known(given[field])?.trim() === "") problems.add(field, "must not be empty");
  const publicKey = known(given.sshPublicKey)?.trim();
  if (publicKey?.includes("PRIVATE KEY")) {
    problems.add("sshPublicKey", "is a private key; give the public one (the file that ends in .pub)");
  } else if (publicKey && !/^(ssh|ecdsa|sk)-[a-z0-9@.-]+ [A-Za-z0-9+/]+=*( .*)?$/.test(publicKey)) {
    problems.add("sshPublicKey", "must be one public key in OpenSSH format, for example `ssh-ed25519 AAAA…`");
  }
  const privateKey = known(given.sshPrivateKey);
  if (privateKey && !/^\s*-----BEGIN [A-Z ]*PRIVATE KEY-----/.test(privateKey)) {
    problems.add("sshPrivateKey", "must be the text of a private key, which begins with `-----BEGIN …`, not its path");
  }
}
