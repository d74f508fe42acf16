/** Certificates that a control plane makes for its own components from the CAs of its node document, as kubeadm does. */
import "reflect-metadata";
import { createPrivateKey, randomBytes, webcrypto } from "node:crypto";
import * as x509 from "@peculiar/x509";
import type { KeyPair } from "../../../bootstrap/document";

x509.cryptoProvider.set(webcrypto);

const leafKey = { name: "ECDSA", namedCurve: "P-256" } as const;
const validForMs = 365 * 24 * 3600 * 1000;

export interface LeafRequest {
  readonly commonName: string;
  readonly organization?: string;
  /** DNS names and addresses; none for a client. */
  readonly names?: readonly string[];
  readonly usages: readonly ("server" | "client")[];
}

export interface CertificateIssuer {
  issue(request: LeafRequest): Promise<KeyPair>;
}

export async function certificateIssuer(authority: KeyPair): Promise<CertificateIssuer> {
  const certificate = new x509.X509Certificate(authority.certificate);
  const { signingKey, signingAlgorithm } = await importSigningKey(authority.privateKey);
  return {
    async issue({ commonName, organization, names = [], usages }) {
      const keys = (await webcrypto.subtle.generateKey(leafKey, true, ["sign", "verify"])) as webcrypto.CryptoKeyPair;
      const subject: x509.JsonName = [{ CN: [commonName] }];
      if (organization !== undefined) subject.unshift({ O: [organization] });
      const now = Date.now();
      const leaf = await x509.X509CertificateGenerator.create({
        // Positive and never starting with a zero octet.
        serialNumber: `4${randomBytes(15).toString("hex").slice(1)}`,
        subject,
        issuer: certificate.subjectName,
        notBefore: new Date(now - 60_000),
        notAfter: new Date(Math.min(now + validForMs, certificate.notAfter.getTime())),
        publicKey: keys.publicKey,
        signingKey,
        signingAlgorithm,
        extensions: [
          new x509.BasicConstraintsExtension(false, undefined, true),
          new x509.KeyUsagesExtension(x509.KeyUsageFlags.digitalSignature, true),
          new x509.ExtendedKeyUsageExtension(
            usages.map((usage) => x509.ExtendedKeyUsage[usage === "server" ? "serverAuth" : "clientAuth"]),
          ),
          await x509.AuthorityKeyIdentifierExtension.create(certificate),
          ...(names.length > 0 ? [subjectAlternativeNames(names)] : []),
        ],
      });
      const privateKey = Buffer.from(await webcrypto.subtle.exportKey("pkcs8", keys.privateKey));
      return {
        certificate: `${leaf.toString("pem")}\n`,
        privateKey: x509.PemConverter.encode(privateKey, "PRIVATE KEY"),
      };
    },
  };
}

function subjectAlternativeNames(names: readonly string[]): x509.SubjectAlternativeNameExtension {
  const isAddress = (name: string) => /^[\d.]+$|:/.test(name);
  return new x509.SubjectAlternativeNameExtension(
    [...new Set(names)].map((value) => ({ type: isAddress(value) ? "ip" : "dns", value })),
  );
}

async function importSigningKey(
  pem: string,
): Promise<{ signingKey: webcrypto.CryptoKey; signingAlgorithm: webcrypto.EcdsaParams | webcrypto.Algorithm }> {
  const key = createPrivateKey(pem);
  const pkcs8 = key.export({ type: "pkcs8", format: "der" });
  if (key.asymmetricKeyType === "rsa") {
    const algorithm = { name: "RSASSA-PKCS1-v1_5", hash: "SHA-256" };
    return {
      signingKey: await webcrypto.subtle.importKey("pkcs8", pkcs8, algorithm, false, ["sign"]),
      signingAlgorithm: algorithm,
    };
  }
  return {
    signingKey: await webcrypto.subtle.importKey("pkcs8", pkcs8, leafKey, false, ["sign"]),
    signingAlgorithm: { name: "ECDSA", hash: "SHA-256" },
  };
}
