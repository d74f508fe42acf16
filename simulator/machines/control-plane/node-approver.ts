/** On light control planes: what `bootstrap/scripts/control-plane.sh` does for machines that join. */
import "reflect-metadata";
import * as x509 from "@peculiar/x509";
import { KubernetesApiError } from "../../../provider/kubernetes/api";
import {
  controlPlaneGroup,
  replacesNode,
  nodeTokenGroup,
  refusal,
  type CloudMachine,
  type NodeRequest,
} from "../../../provider/kubernetes/node-approval";
import { ignoring, type ApiConnection } from "../api-connection";
import { watchCollection } from "./collection-watch";

const requestsPath = "/apis/certificates.k8s.io/v1/certificatesigningrequests";
const autoApproval = "/apis/rbac.authorization.k8s.io/v1/clusterrolebindings/kubeadm:node-autoapprove-bootstrap";
const tokensPath = `/api/v1/namespaces/kube-system/secrets?fieldSelector=${encodeURIComponent("type=bootstrap.kubernetes.io/token")}`;
/** While requests wait for something that no event tells of, and otherwise. */
const lookAgainMs = { waiting: 500, idle: 10_000 };

interface SigningRequest {
  metadata: { name: string; creationTimestamp: string };
  spec: { request: string; signerName: string; username: string; groups?: string[] };
  status?: { conditions?: object[] };
}
interface Pending extends NodeRequest {
  readonly object: SigningRequest;
}

export interface NodeApproverOptions {
  readonly api: ApiConnection;
  /** What the cloud says of the machine of a node group with this name; absent where the cloud is not asked. */
  readonly machineOf?: (node: string) => CloudMachine | undefined;
  readonly note: (message: string) => void;
}

export class NodeApprover {
  readonly #told = new Map<string, string>();

  constructor(private readonly options: NodeApproverOptions) {}

  /** Until the signal aborts. */
  run(signal: AbortSignal): Promise<void> {
    const look = async (each: AbortSignal) => {
      await this.#spend(each);
      const { resourceVersion, waiting } = await this.approve(each);
      return { resourceVersion, againMs: waiting ? lookAgainMs.waiting : lookAgainMs.idle };
    };
    return watchCollection(this.options.api, requestsPath, look, signal);
  }

  /** Looks once at what is asked for. */
  async approve(signal: AbortSignal): Promise<{ resourceVersion: string; waiting: boolean }> {
    const { api, machineOf, note } = this.options;
    const { items, metadata } = await api.request<{ items: SigningRequest[]; metadata: { resourceVersion: string } }>(
      "GET",
      requestsPath,
      signal,
    );
    const requests = items.flatMap(nodeRequest);
    const waiting = requests.filter(({ object }) => !object.status?.conditions?.length);
    for (const request of waiting) {
      const registered = await this.#node(request.node, signal);
      const facts = { requests, registered, machine: machineOf?.(request.node) };
      const why = refusal(request, facts);
      if (why === undefined && registered && replacesNode(request, facts)) {
        const preconditions = { uid: registered.uid };
        await api.request("DELETE", `/api/v1/nodes/${request.node}`, signal, { preconditions }).catch(ignoring(404));
      }
      if (why === undefined) await approveRequest(api, request.object, signal);
      else if (this.#told.get(request.name) !== why)
        note(`approver: ${request.name} for node ${request.node} waits: ${why}`);
      if (why !== undefined) this.#told.set(request.name, why);
    }
    return { resourceVersion: metadata.resourceVersion, waiting: waiting.length > 0 };
  }

  async #node(name: string, signal: AbortSignal): Promise<{ uid: string; providerId?: string } | undefined> {
    try {
      const { metadata, spec } = await this.options.api.request<{
        metadata: { uid: string };
        spec: { providerID?: string };
      }>("GET", `/api/v1/nodes/${name}`, signal);
      return { uid: metadata.uid, ...(spec.providerID !== undefined && { providerId: spec.providerID }) };
    } catch (error) {
      if (error instanceof KubernetesApiError && error.statusCode === 404) return undefined;
      throw error;
    }
  }

  /** Takes away kubeadm's approval by group, and tokens whose machine has become its node. */
  async #spend(signal: AbortSignal): Promise<void> {
    const { api } = this.options;
    await api.request("DELETE", autoApproval, signal).catch(ignoring(404));
    const { items: tokens } = await api.request<{ items: Token[] }>("GET", tokensPath, signal);
    const own = tokens.flatMap(({ metadata, data }) =>
      Buffer.from(data?.["auth-extra-groups"] ?? "", "base64")
        .toString("utf8")
        .split(",")
        .filter((group) => group.startsWith(nodeTokenGroup))
        .map((group) => ({ token: metadata.name, node: group.slice(nodeTokenGroup.length) })),
    );
    for (const { token, node } of own) {
      if ((await this.#node(node, signal)) === undefined) continue;
      await api.request("DELETE", `/api/v1/namespaces/kube-system/secrets/${token}`, signal).catch(ignoring(404));
    }
  }
}

interface Token {
  metadata: { name: string };
  data?: Record<string, string>;
}

/** First certificates only: nodes renew theirs by themselves, as Kubernetes approves. */
function nodeRequest(object: SigningRequest): Pending[] {
  const { signerName, username, groups = [], request } = object.spec;
  if (signerName !== "kubernetes.io/kube-apiserver-client-kubelet") return [];
  if (!username.startsWith("system:bootstrap:") && !groups.includes(controlPlaneGroup)) return [];
  const pem = Buffer.from(request, "base64").toString("utf8");
  const subject = new x509.Pkcs10CertificateRequest(x509.PemConverter.decodeFirst(pem)).subjectName;
  const node = /^system:node:([a-z0-9.-]+)$/.exec(subject.getField("CN").join())?.[1];
  if (node === undefined || subject.getField("O").join() !== "system:nodes") return [];
  const { name, creationTimestamp: created } = object.metadata;
  return [{ name, node, user: username, groups, created, object }];
}

async function approveRequest(api: ApiConnection, object: SigningRequest, signal: AbortSignal): Promise<void> {
  const approved = { type: "Approved", status: "True", reason: "NodeApproved", message: "the machine's own name" };
  const body = { ...object, status: { ...object.status, conditions: [approved] } };
  // Another control plane may be first.
  const path = `${requestsPath}/${object.metadata.name}/approval`;
  await api.request("PUT", path, signal, body).catch(ignoring(404, 409));
}
