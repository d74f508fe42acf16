/** The keys that kubeadm takes for a cluster, and the administrator's certificate: who it is for, and when it is issued anew. No I/O. */
import { randomBytes } from "node:crypto";
import type { ControlPlaneDocument } from "../../bootstrap/document";
import { adminValidityProblem } from "../../sdk/kubernetes/admin-validity";
import type { CheckFailure } from "../server/resource";
import {
  certificateValidity,
  isNearItsEnd,
  issueCertificate,
  makeAuthority,
  makePrivateKey,
  reissueCertificate,
  type CertificateRequest,
} from "./certificates";

export type ClusterAuthorities = Pick<ControlPlaneDocument, "ca" | "frontProxyCa" | "etcdCa" | "serviceAccountKey">;

/** What a cluster's control planes get once and for all. Clusters of older states have no `encryptionKey`, and never get one. */
export type ClusterKeys = ClusterAuthorities & Required<Pick<ControlPlaneDocument, "encryptionKey">>;

export interface Administrator {
  adminCertificate: string;
  adminPrivateKey: string;
  /** RFC 3339. */
  adminExpiresAt: string;
}

async function makeAuthorities(): Promise<ClusterAuthorities> {
  const [ca, frontProxyCa, etcdCa, serviceAccountKey] = await Promise.all([
    makeAuthority("kubernetes"),
    makeAuthority("front-proxy-ca"),
    makeAuthority("etcd-ca"),
    makePrivateKey(),
  ]);
  return { ca, frontProxyCa, etcdCa, serviceAccountKey };
}

export async function makeClusterKeys(): Promise<ClusterKeys> {
  return { ...(await makeAuthorities()), encryptionKey: makeEncryptionKey() };
}

/** Of Kubernetes' `secretbox`. */
const encryptionKeyBytes = 32;

/** For the Secrets in etcd. */
export function makeEncryptionKey(): string {
  return randomBytes(encryptionKeyBytes).toString("base64");
}

const defaultValidityHours = 2160;

export function validityFailures(hours: unknown): CheckFailure[] {
  const reason = typeof hours === "number" ? adminValidityProblem(hours) : undefined;
  return reason === undefined ? [] : [{ property: "adminValidityHours", reason }];
}

export async function makeAdministrator(
  { ca }: Pick<ClusterAuthorities, "ca">,
  validForHours: number | undefined,
): Promise<Administrator> {
  const { certificate, privateKey } = await issueCertificate(ca, adminRequest(validForHours));
  return { ...issued(certificate), adminPrivateKey: privateKey };
}

/** For the key that he has. */
export async function renewAdministrator(
  { ca }: Pick<ClusterAuthorities, "ca">,
  { adminPrivateKey }: Pick<Administrator, "adminPrivateKey">,
  validForHours: number | undefined,
): Promise<Administrator> {
  const certificate = await reissueCertificate(ca, adminPrivateKey, adminRequest(validForHours));
  return { ...issued(certificate), adminPrivateKey };
}

/** Less than a third of the certificate's life is left, or it is to have another life. */
export function mustRenew({ adminCertificate }: Partial<Administrator>, otherLife: boolean): boolean {
  return otherLife || adminCertificate === undefined || isNearItsEnd(adminCertificate);
}

function adminRequest(validForHours = defaultValidityHours): CertificateRequest {
  return {
    commonName: "gpu-clusters-admin",
    organizations: ["kubeadm:cluster-admins"],
    usages: ["client"],
    validForHours,
  };
}

function issued(adminCertificate: string): Omit<Administrator, "adminPrivateKey"> {
  return { adminCertificate, adminExpiresAt: certificateValidity(adminCertificate).notAfter.toISOString() };
}
