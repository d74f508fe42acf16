/** Node documents made by hand, and the scripts that carry them. */
import "reflect-metadata";
import { randomBytes, webcrypto } from "node:crypto";
import * as x509 from "@peculiar/x509";
import type { KeyPair, NodeDocument } from "../../bootstrap/document";

x509.cryptoProvider.set(webcrypto);

const algorithm = { name: "ECDSA", namedCurve: "P-256" } as const;

export interface TestCluster {
  readonly controlPlane: NodeDocument;
  worker(name: string, changes?: Partial<NodeDocument>): NodeDocument;
}

export async function testCluster(address: string): Promise<TestCluster> {
  const ca = await certificateAuthority("kubernetes");
  const common = {
    version: 1,
    clusterName: "test",
    kubernetesVersion: "1.36.3",
    certificateAuthority: ca.certificate,
    labels: {},
    taints: [],
    fileShares: [],
  } as const;
  const controlPlane: NodeDocument = {
    ...common,
    fileShares: [],
    taints: [],
    role: "control-plane",
    nodeName: "control",
    providerId: "test://control",
    controlPlane: {
      ca,
      frontProxyCa: await certificateAuthority("front-proxy-ca"),
      etcdCa: await certificateAuthority("etcd-ca"),
      serviceAccountKey: await privateKeyPem(await newKeys()),
      certificateNames: ["api.example.test"],
      podSubnet: "10.244.0.0/16",
      serviceSubnet: "10.96.0.0/12",
      cni: "none",
      kubeProxy: false,
    },
  };
  return {
    controlPlane,
    worker: (name, changes = {}) => ({
      ...common,
      fileShares: [],
      taints: [],
      role: "worker",
      nodeGroup: "workers",
      nodeName: name,
      providerId: `test://${name}`,
      endpoint: `https://${address}:6443`,
      tlsServerName: "kubernetes",
      ...changes,
    }),
  };
}

export function scriptOf(document: NodeDocument): string {
  return `#!/bin/bash\n# BEGIN NODE DOCUMENT\n${JSON.stringify(document)}\n# END NODE DOCUMENT\n`;
}

export async function certificateAuthority(commonName: string): Promise<KeyPair> {
  const keys = await newKeys();
  const certificate = await x509.X509CertificateGenerator.createSelfSigned({
    serialNumber: `4${randomBytes(15).toString("hex").slice(1)}`,
    name: [{ CN: [commonName] }],
    notBefore: new Date(Date.now() - 60_000),
    notAfter: new Date(Date.now() + 24 * 3600 * 1000),
    keys,
    signingAlgorithm: { name: "ECDSA", hash: "SHA-256" },
    extensions: [
      new x509.BasicConstraintsExtension(true, undefined, true),
      new x509.KeyUsagesExtension(x509.KeyUsageFlags.keyCertSign | x509.KeyUsageFlags.digitalSignature, true),
      await x509.SubjectKeyIdentifierExtension.create(keys.publicKey),
    ],
  });
  return { certificate: `${certificate.toString("pem")}\n`, privateKey: await privateKeyPem(keys) };
}

async function newKeys(): Promise<webcrypto.CryptoKeyPair> {
  return webcrypto.subtle.generateKey(algorithm, true, ["sign", "verify"]);
}

async function privateKeyPem(keys: webcrypto.CryptoKeyPair): Promise<string> {
  return x509.PemConverter.encode(
    Buffer.from(await webcrypto.subtle.exportKey("pkcs8", keys.privateKey)),
    "PRIVATE KEY",
  );
}
