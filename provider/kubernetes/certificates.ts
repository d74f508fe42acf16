/** Certificate authorities and the certificates that they issue: ECDSA P-256, PEM in and out. No I/O. */
import "reflect-metadata"; // @peculiar/x509 needs it at load
import { createPublicKey, randomBytes, webcrypto } from "node:crypto";
import * as x509 from "@peculiar/x509";
import type { KeyPair } from "../../bootstrap/document";

x509.cryptoProvider.set(webcrypto);

const keyAlgorithm = { name: "ECDSA", namedCurve: "P-256" } as const;
const signingAlgorithm = { name: "ECDSA", hash: "SHA-256" } as const;
const hour = 3_600_000;
const authorityYears = 10;
/**
 * A machine's clock may be behind when it first reads its certificates, by hours where it takes the time of a zone for UTC. Those that are
 * issued are short-lived, and renewed by a share of their life.
 */
const backdatedMs = { authority: 24 * hour, issued: hour };

/** A self-signed authority, valid for ten years. kubeadm calls its own `kubernetes`, `etcd-ca` and `front-proxy-ca`. */
export async function makeAuthority(commonName: string, now = new Date()): Promise<KeyPair> {
  const keys = await generateKeys();
  const notAfter = new Date(now);
  notAfter.setUTCFullYear(notAfter.getUTCFullYear() + authorityYears);
  const certificate = await x509.X509CertificateGenerator.createSelfSigned({
    serialNumber: serialNumber(),
    name: [{ CN: [commonName] }],
    notBefore: new Date(now.getTime() - backdatedMs.authority),
    notAfter,
    keys,
    signingAlgorithm,
    extensions: [
      new x509.BasicConstraintsExtension(true, undefined, true),
      new x509.KeyUsagesExtension(x509.KeyUsageFlags.digitalSignature | x509.KeyUsageFlags.keyCertSign, true),
      await x509.SubjectKeyIdentifierExtension.create(keys.publicKey),
      new x509.SubjectAlternativeNameExtension([{ type: "dns", value: commonName }]),
    ],
  });
  return { certificate: `${certificate.toString("pem")}\n`, privateKey: await privateKeyPem(keys.privateKey) };
}

export interface CertificateRequest {
  commonName: string;
  /** Kubernetes takes them for groups. */
  organizations?: readonly string[];
  dnsNames?: readonly string[];
  ipAddresses?: readonly string[];
  usages: readonly ("server" | "client")[];
  /** From now on; never beyond the authority's own end. */
  validForHours: number;
}

/** A certificate with a fresh key. */
export async function issueCertificate(
  authority: KeyPair,
  request: CertificateRequest,
  now = new Date(),
): Promise<KeyPair> {
  const privateKey = await makePrivateKey();
  return { certificate: await reissueCertificate(authority, privateKey, request, now), privateKey };
}

/** A certificate for a key that exists. */
export async function reissueCertificate(
  authority: KeyPair,
  privateKey: string,
  request: CertificateRequest,
  now = new Date(),
): Promise<string> {
  const issuer = new x509.X509Certificate(authority.certificate);
  const names: x509.JsonGeneralNames = [
    ...(request.dnsNames ?? []).map((value) => ({ type: "dns" as const, value })),
    ...(request.ipAddresses ?? []).map((value) => ({ type: "ip" as const, value })),
  ];
  const certificate = await x509.X509CertificateGenerator.create({
    serialNumber: serialNumber(),
    subject: [...(request.organizations ?? []).map((name) => ({ O: [name] })), { CN: [request.commonName] }],
    issuer: issuer.subjectName,
    notBefore: new Date(now.getTime() - backdatedMs.issued),
    notAfter: new Date(Math.min(now.getTime() + request.validForHours * hour, issuer.notAfter.getTime())),
    publicKey: new x509.PublicKey(x509.PemConverter.decodeFirst(publicKeyOf(privateKey))),
    signingKey: await importPrivateKey(authority.privateKey),
    signingAlgorithm,
    extensions: [
      new x509.BasicConstraintsExtension(false, undefined, true),
      new x509.KeyUsagesExtension(x509.KeyUsageFlags.digitalSignature, true),
      new x509.ExtendedKeyUsageExtension(
        request.usages.map((usage) => x509.ExtendedKeyUsage[usage === "server" ? "serverAuth" : "clientAuth"]),
      ),
      await x509.AuthorityKeyIdentifierExtension.create(issuer),
      ...(names.length > 0 ? [new x509.SubjectAlternativeNameExtension(names)] : []),
    ],
  });
  return `${certificate.toString("pem")}\n`;
}

/** PKCS#8 PEM. */
export async function makePrivateKey(): Promise<string> {
  return privateKeyPem((await generateKeys()).privateKey);
}

/** SubjectPublicKeyInfo PEM of a private key or a certificate. */
export function publicKeyOf(pem: string): string {
  return createPublicKey(pem).export({ type: "spki", format: "pem" }).toString();
}

export interface Validity {
  notBefore: Date;
  notAfter: Date;
}

export function certificateValidity(pem: string): Validity {
  const { notBefore, notAfter } = new x509.X509Certificate(pem);
  return { notBefore, notAfter };
}

/** Less than a third of the certificate's life is left. */
export function isNearItsEnd(pem: string): boolean {
  const { notBefore, notAfter } = certificateValidity(pem);
  return notAfter.getTime() - Date.now() < (notAfter.getTime() - notBefore.getTime()) / 3;
}

async function generateKeys(): Promise<webcrypto.CryptoKeyPair> {
  return webcrypto.subtle.generateKey(keyAlgorithm, true, ["sign", "verify"]);
}

async function privateKeyPem(key: webcrypto.CryptoKey): Promise<string> {
  const pkcs8 = await webcrypto.subtle.exportKey("pkcs8", key);
  return `${x509.PemConverter.encode(pkcs8, "PRIVATE KEY")}\n`;
}

async function importPrivateKey(pem: string): Promise<webcrypto.CryptoKey> {
  const pkcs8 = x509.PemConverter.decodeFirst(pem);
  return webcrypto.subtle.importKey("pkcs8", pkcs8, keyAlgorithm, false, ["sign"]);
}

/** Positive, and without a leading zero octet. */
function serialNumber(): string {
  return `4${randomBytes(16).toString("hex").slice(1)}`;
}
