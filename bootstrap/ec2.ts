/**
 * Node documents of EC2 instances. They have no secrets, because whoever may look at an instance can read its user data, and they are the
 * same for all machines of a group: each machine asks its metadata service who it is, and SSM for what is missing. Pure.
 */
import { placeholders, type ControlPlaneDocument, type NodeDocument } from "./document";

/** Parameters of SSM that a machine reads and writes with its instance role. */
export interface Ec2Secrets {
  source: "aws-ssm";
  /** Name of the parameter whose value, JSON, completes the document: `Ec2ControlPlaneKeys` or `Ec2JoinToken`, and nothing else of it. */
  parameter: string;
  /** Control plane only: where it leaves the nodes' token (`Ec2JoinToken`), and a fresh one every eight hours. */
  joinParameter?: string;
}

/** What the control plane's parameter holds. */
export interface Ec2ControlPlaneKeys {
  controlPlane: Pick<ControlPlaneDocument, "ca" | "frontProxyCa" | "etcdCa" | "serviceAccountKey" | "encryptionKey">;
}

/** What the nodes' parameter holds: `id.secret`, valid for 24 hours. */
export interface Ec2JoinToken {
  bootstrapToken: string;
}

/**
 * One of several control planes. The `first` begins the cluster as long as there is no token, the `other` ones wait for that token and join.
 * A first one that is made anew finds the token and joins too, so that there are never two clusters behind one address.
 */
export type Ec2Member = "first" | "other";

export interface Ec2NodeDocument extends Omit<NodeDocument, "bootstrapToken" | "controlPlane"> {
  secrets: Ec2Secrets;
  /** Absent on a control plane that is alone, and on workers. */
  member?: Ec2Member;
  controlPlane?: Omit<ControlPlaneDocument, keyof Ec2ControlPlaneKeys["controlPlane"]>;
}

/** What a machine knows of itself. */
export interface Ec2Facts {
  /** The instance's private DNS name, as EC2 has it where its network says nothing else. */
  nodeName: string;
  /** `aws:///<zone>/<instance>`. */
  providerId: string;
}

/** Values of the parameters that a document names. */
export interface Ec2SecretValues {
  parameter: string;
  /** Read by machines with `member` only. */
  joinParameter?: string;
}

/**
 * The document as the machine acts on it. Undefined as long as the token that it needs is not there. The same is done on the machine by
 * `scripts/ec2.sh`.
 */
export function completeEc2Document(
  document: Ec2NodeDocument,
  facts: Ec2Facts,
  values: Ec2SecretValues,
): NodeDocument | undefined {
  const { controlPlane, member, ...common }: Partial<Ec2NodeDocument> = document;
  delete common.secrets;
  const isWorker = document.role === "worker";
  const token = isWorker ? tokenOf(values.parameter) : member && tokenOf(values.joinParameter);
  if (token === undefined && (isWorker || member === "other")) return undefined;
  const text = JSON.stringify(common)
    .replaceAll(placeholders.nodeName, facts.nodeName)
    .replaceAll(placeholders.providerId, facts.providerId);
  return {
    ...(JSON.parse(text) as NodeDocument),
    ...(token !== undefined && { bootstrapToken: token }),
    ...(controlPlane && { controlPlane: { ...controlPlane, ...keysOf(values.parameter) } }),
  };
}

/** Every control plane may write it, and every machine reads it: the token is all that is taken of it. */
function tokenOf(parameter = "{}"): string | undefined {
  const { bootstrapToken } = JSON.parse(parameter) as Partial<Ec2JoinToken>;
  if (bootstrapToken !== undefined && !/^[a-z0-9]{6}\.[a-z0-9]{16}$/.test(bootstrapToken))
    throw new Error("what the parameter holds is no token");
  return bootstrapToken;
}

function keysOf(parameter: string): Ec2ControlPlaneKeys["controlPlane"] {
  const given = (JSON.parse(parameter) as Ec2ControlPlaneKeys).controlPlane;
  const { ca, frontProxyCa, etcdCa, serviceAccountKey, encryptionKey } = given;
  return { ca, frontProxyCa, etcdCa, serviceAccountKey, ...(encryptionKey !== undefined && { encryptionKey }) };
}
