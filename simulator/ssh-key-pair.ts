import { utils } from "ssh2";

export interface SshKeyPair {
  /** One line of OpenSSH's format. */
  readonly public: string;
  /** OpenSSH's format. */
  readonly private: string;
}

/**
 * A new ed25519 pair. One of 256 that ssh2 makes is malformed, because it drops a leading zero of the public key (mscdex/ssh2#1390), so only one
 * that it can read itself is taken.
 */
export function newSshKeyPair(): SshKeyPair {
  for (;;) {
    const pair = utils.generateKeyPairSync("ed25519");
    const isReadable = [pair.private, pair.public].every((key) => !(utils.parseKey(key) instanceof Error));
    if (isReadable) return pair;
  }
}
