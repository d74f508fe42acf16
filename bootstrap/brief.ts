/**
 * A control plane's document as its start script carries it: without what the machine can tell by itself, because Cudo takes 16 KiB. The
 * cluster's authority is in the document twice; of PEM the body is enough, and of a P-256 key the number, from which its public half follows.
 * `scripts/node.sh` (`pem`) reads the same. Pure.
 */
import { createECDH } from "node:crypto";
import type { ControlPlaneDocument, KeyPair, NodeDocument } from "./document";

type WithKeys = NodeDocument & { controlPlane: ControlPlaneDocument };

/** What stands in PKCS#8 of a P-256 key before the octet string of its number, and before its public half. */
const keyHead = Buffer.from("308187020100301306072a8648ce3d020106082a8648ce3d030107046d306b020101", "hex");
const publicHead = Buffer.from("a144034200", "hex");

/** Documents without keys stay as they are. */
export function brief(document: object): object {
  if (!hasKeys(document)) return document;
  const { ca, ...keys } = mapKeys(document.controlPlane, briefCertificate, briefKey);
  const certificateAuthority = briefCertificate(document.certificateAuthority);
  const { privateKey } = ca;
  return {
    ...document,
    certificateAuthority,
    controlPlane: { ...keys, ca: ca.certificate === certificateAuthority ? { privateKey } : ca },
  };
}

/** Undoes `brief`. */
export function whole(document: NodeDocument): NodeDocument {
  if (!hasKeys(document)) return document;
  const certificateAuthority = wholeCertificate(document.certificateAuthority);
  const controlPlane = mapKeys(document.controlPlane, wholeCertificate, wholeKey);
  controlPlane.ca.certificate ??= certificateAuthority;
  return { ...document, certificateAuthority, controlPlane };
}

function hasKeys(document: object): document is WithKeys {
  return "controlPlane" in document && "ca" in (document.controlPlane as object);
}

function mapKeys(
  controlPlane: ControlPlaneDocument,
  certificate: (pem: string) => string,
  key: (pem: string) => string,
): ControlPlaneDocument {
  const pair = (of: KeyPair): KeyPair => ({
    ...of,
    // Of a brief authority it may be absent.
    ...((of.certificate as string | undefined) !== undefined && { certificate: certificate(of.certificate) }),
    privateKey: key(of.privateKey),
  });
  const { ca, frontProxyCa, etcdCa, serviceAccountKey } = controlPlane;
  return {
    ...controlPlane,
    ca: pair(ca),
    frontProxyCa: pair(frontProxyCa),
    etcdCa: pair(etcdCa),
    serviceAccountKey: key(serviceAccountKey),
  };
}

function briefCertificate(pem: string): string {
  const body = bodyOf(pem);
  return wholeCertificate(body) === pem ? body : pem;
}

function wholeCertificate(text: string): string {
  return text.startsWith("MII") ? framed("CERTIFICATE", text) : text;
}

function briefKey(pem: string): string {
  const der = Buffer.from(bodyOf(pem), "base64");
  if (!der.subarray(0, keyHead.length).equals(keyHead)) return pem;
  const octets = der.subarray(keyHead.length, keyHead.length + 34).toString("base64");
  return wholeKey(octets) === pem ? octets : pem;
}

/** PKCS#8 with the public half, as it was. */
function wholeKey(text: string): string {
  if (!text.startsWith("BC")) return text;
  const octets = Buffer.from(text, "base64");
  const key = createECDH("prime256v1");
  key.setPrivateKey(octets.subarray(2));
  return framed("PRIVATE KEY", Buffer.concat([keyHead, octets, publicHead, key.getPublicKey()]).toString("base64"));
}

function framed(kind: string, body: string): string {
  return `-----BEGIN ${kind}-----\n${body.replace(/.{1,64}/g, "$&\n")}-----END ${kind}-----\n`;
}

function bodyOf(pem: string): string {
  return pem.replace(/-----[^\n]*|\n/g, "");
}
