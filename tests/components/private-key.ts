import { generateKeyPairSync } from "node:crypto";

/** In a format that does not say which public key is its own. */
export const sshPrivateKey = generateKeyPairSync("ed25519")
  .privateKey.export({ type: "pkcs8", format: "pem" })
  .toString();
