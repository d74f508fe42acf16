/** The certificates, keys and kubeconfigs that kubeadm would leave under /etc/kubernetes, on a light machine's disk. */
import { mkdirSync } from "node:fs";
import { writeFile } from "node:fs/promises";
import { isIP } from "node:net";
import { join } from "node:path";
import type { ControlPlaneDocument, KeyPair, NodeDocument } from "../../../bootstrap/document";
import { encryptionConfiguration } from "../../../bootstrap/secrets-encryption";
import { issueCertificate, publicKeyOf } from "../../../provider/kubernetes/certificates";
import type { ApiServer, Credential } from "../api-connection";
import { kwokConfiguration } from "./kwok-configuration";
import { firstServiceAddress } from "./service-subnet";

export interface ControlPlaneFiles {
  /** Path of a file by its name below. */
  path(name: FileName): string;
  readonly directory: string;
  /** How the machine itself speaks to its API server. */
  readonly server: ApiServer;
  readonly admin: Credential;
  /** How the machine speaks to etcd. */
  readonly etcdClient: KeyPair;
  /** The kubelet of the control plane's own node. */
  readonly kubelet: Credential;
}

const fileNames = [
  "ca.crt",
  "ca.key",
  "front-proxy-ca.crt",
  "etcd-ca.crt",
  "sa.key",
  "sa.pub",
  "etcd.crt",
  "etcd.key",
  "apiserver.crt",
  "apiserver.key",
  "apiserver-etcd-client.crt",
  "apiserver-etcd-client.key",
  "front-proxy-client.crt",
  "front-proxy-client.key",
  "admin.conf",
  "controller-manager.conf",
  "scheduler.conf",
  "kwok.conf",
  "kwok.yaml",
  "encryption.yaml",
] as const;
type FileName = (typeof fileNames)[number];

const validForHours = 365 * 24;

/** Writes everything anew: leaf certificates are cheap, and a machine that was off for long must not start with expired ones. */
export async function writeControlPlaneFiles(
  directory: string,
  address: string,
  document: NodeDocument,
  controlPlane: ControlPlaneDocument,
): Promise<ControlPlaneFiles> {
  const endpoint = `https://${address}:6443`;
  const { ca, etcdCa, frontProxyCa } = controlPlane;
  const client = (authority: KeyPair, commonName: string, ...organizations: string[]) =>
    issueCertificate(authority, { commonName, organizations, usages: ["client"], validForHours });
  const [etcd, apiServer, etcdClient, frontProxyClient, admin, controllerManager, scheduler, kwok, kubelet] =
    await Promise.all([
      issueCertificate(etcdCa, {
        commonName: document.nodeName,
        dnsNames: ["localhost"],
        ipAddresses: [address],
        usages: ["server", "client"],
        validForHours,
      }),
      issueCertificate(ca, {
        commonName: "kube-apiserver",
        ...servingNames(address, document, controlPlane),
        usages: ["server"],
        validForHours,
      }),
      client(etcdCa, "kube-apiserver-etcd-client"),
      client(frontProxyCa, "front-proxy-client"),
      client(ca, "kubernetes-super-admin", "system:masters"),
      client(ca, "system:kube-controller-manager"),
      client(ca, "system:kube-scheduler"),
      // kwok plays every kubelet of the cluster at once; no role of Kubernetes' own fits that.
      client(ca, "kwok", "system:masters"),
      client(ca, `system:node:${document.nodeName}`, "system:nodes"),
    ]);
  const kubeconfig = (user: string, credential: KeyPair) =>
    JSON.stringify(kubeconfigOf(endpoint, document.certificateAuthority, user, credential));
  const contents: Record<FileName, string> = {
    "ca.crt": controlPlane.ca.certificate,
    "ca.key": controlPlane.ca.privateKey,
    "front-proxy-ca.crt": controlPlane.frontProxyCa.certificate,
    "etcd-ca.crt": controlPlane.etcdCa.certificate,
    "sa.key": controlPlane.serviceAccountKey,
    "sa.pub": publicKeyOf(controlPlane.serviceAccountKey),
    "etcd.crt": etcd.certificate,
    "etcd.key": etcd.privateKey,
    "apiserver.crt": apiServer.certificate,
    "apiserver.key": apiServer.privateKey,
    "apiserver-etcd-client.crt": etcdClient.certificate,
    "apiserver-etcd-client.key": etcdClient.privateKey,
    "front-proxy-client.crt": frontProxyClient.certificate,
    "front-proxy-client.key": frontProxyClient.privateKey,
    "admin.conf": kubeconfig("kubernetes-super-admin", admin),
    "controller-manager.conf": kubeconfig("system:kube-controller-manager", controllerManager),
    "scheduler.conf": kubeconfig("system:kube-scheduler", scheduler),
    "kwok.conf": kubeconfig("kwok", kwok),
    "kwok.yaml": kwokConfiguration(),
    "encryption.yaml": encryptionConfiguration(controlPlane.encryptionKey),
  };
  mkdirSync(directory, { recursive: true, mode: 0o700 });
  await Promise.all(fileNames.map((name) => writeFile(join(directory, name), contents[name], { mode: 0o600 })));
  return {
    path: (name) => join(directory, name),
    directory,
    server: { endpoint, certificateAuthority: document.certificateAuthority },
    admin,
    etcdClient,
    kubelet,
  };
}

function servingNames(address: string, document: NodeDocument, controlPlane: ControlPlaneDocument) {
  const service = [
    "kubernetes",
    "kubernetes.default",
    "kubernetes.default.svc",
    "kubernetes.default.svc.cluster.local",
  ];
  const own = [firstServiceAddress(controlPlane.serviceSubnet), address, document.nodeName];
  const names = [...new Set([...service, ...own, ...controlPlane.certificateNames])];
  return { dnsNames: names.filter((name) => isIP(name) === 0), ipAddresses: names.filter((name) => isIP(name) !== 0) };
}

/** As an object: JSON is YAML too. */
function kubeconfigOf(endpoint: string, certificateAuthority: string, user: string, credential: KeyPair): object {
  const base64 = (text: string) => Buffer.from(text).toString("base64");
  return {
    apiVersion: "v1",
    kind: "Config",
    clusters: [
      { name: "kubernetes", cluster: { server: endpoint, "certificate-authority-data": base64(certificateAuthority) } },
    ],
    users: [
      {
        name: user,
        user: {
          "client-certificate-data": base64(credential.certificate),
          "client-key-data": base64(credential.privateKey),
        },
      },
    ],
    contexts: [{ name: "default", context: { cluster: "kubernetes", user } }],
    "current-context": "default",
  };
}
