/** A kubelet's TLS bootstrap: a certificate for `system:node:<name>` got with a bootstrap token. */
import "reflect-metadata";
import { webcrypto } from "node:crypto";
import * as x509 from "@peculiar/x509";
import type { KeyPair } from "../../../bootstrap/document";
import { ApiConnection, type ApiServer } from "../api-connection";

x509.cryptoProvider.set(webcrypto);

const requests = "/apis/certificates.k8s.io/v1/certificatesigningrequests";
const keyAlgorithm = { name: "ECDSA", namedCurve: "P-256" } as const;

interface SigningRequest {
  metadata: { name: string; resourceVersion: string };
  status?: { certificate?: string; conditions?: { type: string; reason?: string; message?: string }[] };
}

/** Resolves when the cluster has approved and signed; rejects with the API server's or TLS's own error. */
export async function bootstrapCertificate(
  server: ApiServer,
  token: string,
  nodeName: string,
  signal: AbortSignal,
): Promise<KeyPair> {
  const connection = new ApiConnection(server, { token });
  try {
    const keys = (await webcrypto.subtle.generateKey(keyAlgorithm, true, [
      "sign",
      "verify",
    ])) as webcrypto.CryptoKeyPair;
    const created = await connection.request<SigningRequest>("POST", requests, signal, {
      apiVersion: "certificates.k8s.io/v1",
      kind: "CertificateSigningRequest",
      metadata: { generateName: "csr-" },
      spec: {
        request: Buffer.from(await certificateRequest(nodeName, keys)).toString("base64"),
        signerName: "kubernetes.io/kube-apiserver-client-kubelet",
        usages: ["digital signature", "client auth"],
      },
    });
    const certificate = await signedCertificate(connection, created, signal);
    const privateKey = Buffer.from(await webcrypto.subtle.exportKey("pkcs8", keys.privateKey));
    return { certificate, privateKey: x509.PemConverter.encode(privateKey, "PRIVATE KEY") };
  } finally {
    connection.close();
  }
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
