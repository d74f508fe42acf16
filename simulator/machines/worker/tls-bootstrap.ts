/** A kubelet's TLS bootstrap: a certificate for `system:node:<name>` got with a bootstrap token. */
import "reflect-metadata";
import { createHash, webcrypto } from "node:crypto";
import * as x509 from "@peculiar/x509";
import type { KeyPair } from "../../../bootstrap/document";
import { KubernetesApiError } from "../../../provider/kubernetes/api";
import { publicKeyOf } from "../../../provider/kubernetes/certificates";
import { ApiConnection, type ApiServer } from "../api-connection";

x509.cryptoProvider.set(webcrypto);

const requests = "/apis/certificates.k8s.io/v1/certificatesigningrequests";
const keyAlgorithm = { name: "ECDSA", namedCurve: "P-256" } as const;

interface SigningRequest {
  metadata: { name: string; resourceVersion: string };
  status?: { certificate?: string; conditions?: { type: string; reason?: string; message?: string }[] };
}

/** PKCS#8 PEM. */
export async function newKey(): Promise<string> {
  const keys = (await webcrypto.subtle.generateKey(keyAlgorithm, true, ["sign", "verify"])) as webcrypto.CryptoKeyPair;
  const bytes = Buffer.from(await webcrypto.subtle.exportKey("pkcs8", keys.privateKey));
  return x509.PemConverter.encode(bytes, "PRIVATE KEY");
}

/**
 * Resolves when the cluster has approved and signed; rejects with the API server's or TLS's own error. The same key asks with the same
 * request again, as kubelet does.
 */
export async function bootstrapCertificate(
  server: ApiServer,
  token: string,
  nodeName: string,
  privateKey: string,
  signal: AbortSignal,
): Promise<KeyPair> {
  const connection = new ApiConnection(server, { token });
  try {
    const keys = await keyPair(privateKey);
    const name = `node-csr-${createHash("sha256").update(privateKey).digest("hex").slice(0, 32)}`;
    const created = await connection
      .request<SigningRequest>("POST", requests, signal, {
        apiVersion: "certificates.k8s.io/v1",
        kind: "CertificateSigningRequest",
        metadata: { name },
        spec: {
          request: Buffer.from(await certificateRequest(nodeName, keys)).toString("base64"),
          signerName: "kubernetes.io/kube-apiserver-client-kubelet",
          usages: ["digital signature", "client auth"],
        },
      })
      .catch((error: unknown) => {
        if (!(error instanceof KubernetesApiError) || error.reason !== "AlreadyExists") throw error;
        return connection.request<SigningRequest>("GET", `${requests}/${name}`, signal);
      });
    return { certificate: await signedCertificate(connection, created, signal), privateKey };
  } finally {
    connection.close();
  }
}

async function keyPair(pem: string): Promise<webcrypto.CryptoKeyPair> {
  const [privateBytes, publicBytes] = [pem, publicKeyOf(pem)].map((each) => x509.PemConverter.decodeFirst(each));
  return {
    privateKey: await webcrypto.subtle.importKey("pkcs8", privateBytes!, keyAlgorithm, true, ["sign"]),
    publicKey: await webcrypto.subtle.importKey("spki", publicBytes!, keyAlgorithm, true, ["verify"]),
  };
}

async function certificateRequest(nodeName: string, keys: webcrypto.CryptoKeyPair): Promise<string> {
  const request = await x509.Pkcs10CertificateRequestGenerator.create({
    name: [{ O: ["system:nodes"] }, { CN: [`system:node:${nodeName}`] }],
    keys,
    signingAlgorithm: { name: "ECDSA", hash: "SHA-256" },
  });
  return `${request.toString("pem")}\n`;
}

async function signedCertificate(
  connection: ApiConnection,
  created: SigningRequest,
  signal: AbortSignal,
): Promise<string> {
  const { name } = created.metadata;
  if (created.status?.certificate !== undefined)
    return Buffer.from(created.status.certificate, "base64").toString("utf8");
  const query = new URLSearchParams({
    watch: "true",
    fieldSelector: `metadata.name=${name}`,
    resourceVersion: created.metadata.resourceVersion,
  });
  for await (const event of connection.watch<SigningRequest>(`${requests}?${query}`, signal)) {
    if (event.type === "DELETED") break;
    const { certificate, conditions = [] } = event.object.status ?? {};
    if (certificate !== undefined) return Buffer.from(certificate, "base64").toString("utf8");
    const refusal = conditions.find(({ type }) => type === "Denied" || type === "Failed");
    if (refusal !== undefined) {
      throw new Error(
        `certificate signing request ${name} is ${refusal.type.toLowerCase()}: ${refusal.message ?? refusal.reason ?? ""}`,
      );
    }
  }
  throw new Error(`timed out waiting for certificate signing request ${name} to be signed`);
}
