/** What `kubeadm token create --ttl 24h` does on a control plane. */
import type { NodeDocument } from "../../bootstrap/document";
import { mintBootstrapToken } from "../../sdk/kubernetes/bootstrap-token";
import { issueCertificate } from "../../sdk/kubernetes/certificates";
import { kubernetesApi } from "../../sdk/kubernetes/client";
import { renderKubeconfig } from "../../sdk/kubernetes/kubeconfig";

/** `document`: the control plane's own, with its keys. Throws while the API server does not answer. */
export async function mintJoinToken(document: NodeDocument, address: string, signal: AbortSignal): Promise<string> {
  const { clusterName, certificateAuthority, controlPlane } = document;
  const admin = await issueCertificate(controlPlane!.ca, {
    commonName: "kubernetes-super-admin",
    organizations: ["system:masters"],
    usages: ["client"],
    validForHours: 1,
  });
  const kubeconfig = renderKubeconfig({
    clusterName,
    endpoint: `https://${address}:6443`,
    certificateAuthority,
    credentials: { clientCertificate: admin.certificate, clientKey: admin.privateKey },
  });
  return mintBootstrapToken(kubernetesApi(kubeconfig), { ttlHours: 24, description: "joining nodes" }, signal);
}
