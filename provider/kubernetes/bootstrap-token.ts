/** Tokens with which a new machine asks for its certificate (reference: Kubernetes, "Authenticating with bootstrap tokens"). */
import { randomInt } from "node:crypto";
import type { KubernetesApi, ObjectReference } from "./api";
import { nodeTokenGroup } from "./node-approval";

const alphabet = "abcdefghijklmnopqrstuvwxyz0123456789";
const maximumHours = 24;

export interface BootstrapTokenOptions {
  /** At most 24. The cluster deletes the token afterwards. */
  ttlHours: number;
  /** What the token is for, shown by `kubeadm token list`. */
  description: string;
  /** The node that it is for: no other name is approved. Without it a machine joins only where the cloud knows it. */
  nodeName?: string;
}

/** Makes a fresh token in the cluster and returns it as `id.secret`. */
export async function mintBootstrapToken(
  api: KubernetesApi,
  options: BootstrapTokenOptions,
  signal?: AbortSignal,
): Promise<string> {
  if (!(options.ttlHours > 0 && options.ttlHours <= maximumHours)) {
    throw new RangeError(`ttlHours: ${options.ttlHours} is not more than 0 and at most ${maximumHours}`);
  }
  const id = characters(6);
  const secret = characters(16);
  const { apiVersion, kind, ...metadata } = tokenReference(id);
  await api.create(
    {
      apiVersion,
      kind,
      metadata,
      type: "bootstrap.kubernetes.io/token",
      stringData: {
        "token-id": id,
        "token-secret": secret,
        description: options.description,
        expiration: new Date(Date.now() + options.ttlHours * 3_600_000).toISOString(),
        "usage-bootstrap-authentication": "true",
        "usage-bootstrap-signing": "true",
        "auth-extra-groups": tokenGroups(options.nodeName),
      },
    },
    signal,
  );
  return `${id}.${secret}`;
}

/** The part of a token that is no secret. */
export function tokenId(token: string): string {
  return token.split(".")[0]!;
}

export function tokenReference(id: string): ObjectReference {
  return { apiVersion: "v1", kind: "Secret", namespace: "kube-system", name: `bootstrap-token-${id}` };
}

/** The first is what kubeadm gives its rights to. */
export function tokenGroups(nodeName: string | undefined): string {
  const own = nodeName === undefined ? [] : [nodeTokenGroup + nodeName];
  return ["system:bootstrappers:kubeadm:default-node-token", ...own].join(",");
}

function characters(count: number): string {
  return Array.from({ length: count }, () => alphabet[randomInt(alphabet.length)]).join("");
}
