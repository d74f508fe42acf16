/** The keys that a hosted cluster is made with. */
import { createHash, randomBytes } from "node:crypto";
import { issueCertificate, makeAuthority, makePrivateKey } from "../../provider/kubernetes/certificates";
import { newSshKeyPair } from "../ssh-key-pair";
import type { ClusterAuthorities } from "./model";

const yearHours = 365 * 24;

export async function makeClusterAuthorities(): Promise<ClusterAuthorities> {
  const [ca, frontProxyCa, etcdCa, serviceAccountKey] = await Promise.all([
    makeAuthority("kubernetes"),
    makeAuthority("front-proxy-ca"),
    makeAuthority("etcd-ca"),
    makePrivateKey(),
  ]);
  const admin = await issueCertificate(ca, {
    commonName: "kubernetes-admin",
    organizations: ["system:masters"],
    usages: ["client"],
    validForHours: yearHours,
  });
  return {
    ca,
    frontProxyCa,
    etcdCa,
    serviceAccountKey,
    admin,
    bootstrapToken: `${randomBytes(3).toString("hex")}.${randomBytes(8).toString("hex")}`,
    sshHostKey: newSshKeyPair().private,
  };
}

/** With which one instance joins, and no other. */
export function instanceToken({ bootstrapToken }: ClusterAuthorities, nodeName: string): string {
  const digest = createHash("sha256").update(`${bootstrapToken}/${nodeName}`).digest("hex");
  return `${digest.slice(0, 6)}.${digest.slice(6, 22)}`;
}

/**
 * `~/.kube/config` on the control plane. Its server is the machine's private address, as kubeadm writes it: whoever reads it from elsewhere
 * must put the cluster's host there.
 */
export function adminKubeconfig({ ca, admin }: ClusterAuthorities): string {
  const base64 = (text: string) => Buffer.from(text).toString("base64");
  const [cluster, user] = ["kubernetes", "kubernetes-admin"];
  return [
    "apiVersion: v1",
    "clusters:",
    "- cluster:",
    `    certificate-authority-data: ${base64(ca.certificate)}`,
    "    server: https://10.0.0.10:6443",
    `  name: ${cluster}`,
    "contexts:",
    "- context:",
    `    cluster: ${cluster}`,
    `    user: ${user}`,
    `  name: ${user}@${cluster}`,
    `current-context: ${user}@${cluster}`,
    "kind: Config",
    "preferences: {}",
    "users:",
    `- name: ${user}`,
    "  user:",
    `    client-certificate-data: ${base64(admin.certificate)}`,
    `    client-key-data: ${base64(admin.privateKey)}`,
    "",
  ].join("\n");
}
