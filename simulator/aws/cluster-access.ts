/** What a control plane can do in its own cluster, with the authority's key in its node document. */
import type { KeyPair, NodeDocument } from "../../bootstrap/document";
import type { KubernetesApi } from "../../provider/kubernetes/api";
import { mintBootstrapToken } from "../../provider/kubernetes/bootstrap-token";
import { issueCertificate } from "../../provider/kubernetes/certificates";
import { kubernetesApi } from "../../provider/kubernetes/client";
import { renderKubeconfig } from "../../sdk/kubernetes/kubeconfig";
import { ApiConnection } from "../machines/api-connection";
import { NodeApprover, type NodeApproverOptions } from "../machines/control-plane/node-approver";

const yearHours = 365 * 24;

/** As an administrator, for an hour. */
async function administrator(document: NodeDocument, endpoint: string): Promise<KubernetesApi> {
  const { clusterName, certificateAuthority } = document;
  const { certificate, privateKey } = await administratorCertificate(document, 1);
  const credentials = { clientCertificate: certificate, clientKey: privateKey };
  return kubernetesApi(renderKubeconfig({ clusterName, endpoint, certificateAuthority, credentials }));
}

function administratorCertificate(document: NodeDocument, validForHours: number): Promise<KeyPair> {
  return issueCertificate(document.controlPlane!.ca, {
    commonName: "kubernetes-super-admin",
    organizations: ["system:masters"],
    usages: ["client"],
    validForHours,
  });
}

/** Gives machines that EC2 knows their certificates, until the signal aborts. */
export async function approveMachines(
  { document, address, signal }: { document: NodeDocument; address: string; signal: AbortSignal },
  { machineOf, note }: Required<Pick<NodeApproverOptions, "machineOf" | "note">>,
): Promise<void> {
  const { certificateAuthority } = document;
  const administrator = await administratorCertificate(document, yearHours);
  const api = new ApiConnection({ endpoint: own(address), certificateAuthority }, administrator);
  await new NodeApprover({ api, machineOf, note }).run(signal);
  api.close();
}

/** What `kubeadm token create --ttl 24h` does. Throws while the API server does not answer. */
export async function mintJoinToken(document: NodeDocument, address: string, signal: AbortSignal): Promise<string> {
  const api = await administrator(document, own(address));
  return mintBootstrapToken(api, { ttlHours: 24, description: "joining nodes" }, signal);
}

/** Takes a node away, unless another machine has its name by now. Asks whichever of several control planes answers. */
export async function removeNode(
  { document, address }: { document: NodeDocument; address: string },
  { nodeName, providerId }: Pick<NodeDocument, "nodeName" | "providerId">,
  signal: AbortSignal,
): Promise<void> {
  const api = await administrator(document, document.endpoint ?? own(address));
  const node = { apiVersion: "v1", kind: "Node", name: nodeName };
  const found = await api.read(node, signal);
  if ((found?.spec as { providerID?: string } | undefined)?.providerID === providerId)
    await api.delete(node, {}, signal);
}

/** What a spot machine does when EC2 takes it back: it tells its node. Throws while there is no such node. */
export async function noticeNode(
  { document, address }: { document: NodeDocument; address: string },
  { nodeName }: Pick<NodeDocument, "nodeName">,
  said: string,
  signal: AbortSignal,
): Promise<void> {
  const api = await administrator(document, document.endpoint ?? own(address));
  const annotations = { "gpu-clusters/notice": `EC2 takes the machine back: ${said}` };
  const patch = { metadata: { annotations }, spec: { unschedulable: true } };
  await api.patch({ apiVersion: "v1", kind: "Node", name: nodeName }, patch, signal);
}

function own(address: string): string {
  return `https://${address}:6443`;
}
