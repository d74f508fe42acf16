/** Node documents of a cluster for tests. */
import { randomBytes } from "node:crypto";
import type { NodeDocument } from "../../../bootstrap/document";
import { renderBootstrapScript } from "../../../bootstrap/script";
import { makeAuthority, makePrivateKey } from "../../../provider/kubernetes/certificates";
import { pinnedVersion } from "../../../toolchain/tools";

export interface TestDocuments {
  readonly controlPlane: NodeDocument;
  worker(name: string, changes: Partial<NodeDocument>): NodeDocument;
}

/** The cluster's API server is to be at `address`. */
export async function testDocuments(address: string): Promise<TestDocuments> {
  const ca = await makeAuthority("kubernetes");
  const common = (name: string) =>
    ({
      version: 1,
      clusterName: "test",
      nodeName: name,
      providerId: `test://${name}`,
      kubernetesVersion: pinnedVersion("kubeadm"),
      certificateAuthority: ca.certificate,
      labels: {},
      taints: [],
    }) satisfies Partial<NodeDocument>;
  return {
    controlPlane: {
      ...common("control"),
      role: "control-plane",
      labels: { "gpu-clusters/role": "control" },
      controlPlane: {
        ca,
        frontProxyCa: await makeAuthority("front-proxy-ca"),
        etcdCa: await makeAuthority("etcd-ca"),
        serviceAccountKey: await makePrivateKey(),
        encryptionKey: randomBytes(32).toString("base64"),
        certificateNames: ["api.example.test", "192.0.2.7"],
        podSubnet: "10.244.0.0/16",
        serviceSubnet: "10.96.0.0/12",
        kubeProxy: false,
      },
    },
    worker: (name, changes) => ({
      ...common(name),
      role: "worker",
      nodeGroup: "workers",
      endpoint: `https://${address}:6443`,
      tlsServerName: "kubernetes",
      ...changes,
    }),
  };
}

export function scriptOf(document: NodeDocument): string {
  return renderBootstrapScript(document, { delivery: "cudo-start-script" });
}
