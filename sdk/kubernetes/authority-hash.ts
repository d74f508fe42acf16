/** How a cluster's authority is pinned. Pure. */
import { createHash, createPublicKey } from "node:crypto";

/** `sha256:<hex>` of an authority's public key, as `kubeadm join --discovery-token-ca-cert-hash` takes it. */
export function authorityHash(certificate: string): string {
  const publicKey = createPublicKey(certificate).export({ type: "spki", format: "der" });
  return `sha256:${createHash("sha256").update(publicKey).digest("hex")}`;
}
