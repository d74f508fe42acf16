/** Failures of a joining machine, in the words that kubeadm and kubelet have for them. */
import { KubernetesApiError } from "../../../provider/kubernetes/api";

const untrusted = new Set([
  "UNABLE_TO_VERIFY_LEAF_SIGNATURE",
  "UNABLE_TO_GET_ISSUER_CERT",
  "UNABLE_TO_GET_ISSUER_CERT_LOCALLY",
  "SELF_SIGNED_CERT_IN_CHAIN",
  "DEPTH_ZERO_SELF_SIGNED_CERT",
  "CERT_SIGNATURE_FAILURE",
]);
const dialling: Record<string, string> = {
  ECONNREFUSED: "connect: connection refused",
  ECONNRESET: "read: connection reset by peer",
  EHOSTUNREACH: "connect: no route to host",
  ETIMEDOUT: "i/o timeout",
  ENOTFOUND: "no such host",
};

export function kubeletWords(error: unknown): string {
  // kubelet hides the body of a 401 behind this one word too.
  if (error instanceof KubernetesApiError) return error.statusCode === 401 ? "Unauthorized" : error.message;
  if (!(error instanceof Error)) return String(error);
  const code = (error as NodeJS.ErrnoException).code ?? "";
  if (untrusted.has(code)) return "tls: failed to verify certificate: x509: certificate signed by unknown authority";
  if (code === "CERT_HAS_EXPIRED")
    return "tls: failed to verify certificate: x509: certificate has expired or is not yet valid";
  if (code === "ERR_TLS_CERT_ALTNAME_INVALID") return `tls: failed to verify certificate: x509: ${error.message}`;
  const { address, port } = error as { address?: string; port?: number };
  const words = dialling[code];
  return words === undefined ? error.message : `dial tcp ${address ?? ""}:${port ?? ""}: ${words}`;
}
