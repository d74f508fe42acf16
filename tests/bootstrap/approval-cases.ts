/** Who gets a node's certificate: one table for the rules in TypeScript and those of real control planes in Python. */
import type { NodeFacts, NodeRequest } from "../../provider/kubernetes/node-approval";

export interface ApprovalCase {
  readonly title: string;
  readonly request: NodeRequest;
  readonly facts: NodeFacts;
  /** Undefined: approved. */
  readonly refusal: RegExp | undefined;
  /** The node of that name is another machine's, and goes. */
  readonly replaces: boolean;
}

const kubeadm = ["system:bootstrappers", "system:bootstrappers:kubeadm:default-node-token", "system:authenticated"];
const own = (node: string) => `system:bootstrappers:gpu-clusters:${node}`;

export function request(changes: Partial<NodeRequest> = {}): NodeRequest {
  const { node = "train-cpu-0" } = changes;
  return {
    name: "node-csr-1",
    node,
    user: "system:bootstrap:abcdef",
    groups: [...kubeadm, own(node)],
    created: "2026-11-28T10:00:10Z",
    ...changes,
  };
}
const shared = (changes: Partial<NodeRequest> = {}) =>
  request({ node: "ip-10-0-0-7.ec2.internal", groups: kubeadm, ...changes });
const machine = { providerId: "aws:///us-west-2a/i-7", since: "2026-11-28T10:00:00Z" };
const asCase = (
  title: string,
  each: NodeRequest,
  facts: Omit<NodeFacts, "requests"> & { others?: NodeRequest[]; replaces?: boolean },
  refusal?: RegExp,
): ApprovalCase => {
  const { others = [], replaces = false, ...rest } = facts;
  return { title, request: each, facts: { requests: [...others, each], ...rest }, refusal, replaces };
};

export const approvalCases: readonly ApprovalCase[] = [
  asCase("a machine with its own token", request(), {}),
  asCase(
    "the control plane's name with a worker's token",
    request({ node: "train-control-plane", groups: [...kubeadm, own("train-cpu-0")] }),
    {},
    /another machine's/,
  ),
  asCase(
    "a token for two machines",
    request({ groups: [...kubeadm, own("train-cpu-0"), own("train-cpu-1")] }),
    {},
    /another machine's/,
  ),
  asCase(
    "a name that only begins alike",
    request({ node: "train-cpu-0x", groups: [own("train-cpu-0")] }),
    {},
    /another/,
  ),
  asCase("a machine that is a node already", request(), { registered: {} }, /there is a node/),
  asCase(
    "a token's second key",
    request({ name: "node-csr-2", created: "2026-11-28T10:00:11Z" }),
    { others: [request()] },
    /asked before/,
  ),
  asCase("a token's first key, when another has come", request(), {
    others: [request({ name: "node-csr-0", created: "2026-11-28T10:00:11Z" })],
  }),
  asCase("the same second: the lesser name", request({ name: "node-csr-0" }), { others: [request()] }),
  asCase("a machine whose token was tried for another name", request({ name: "node-csr-2" }), {
    others: [request({ node: "train-control-plane", created: "2026-11-28T10:00:00Z" })],
  }),
  asCase("a fresh token for a name that had another", request({ user: "system:bootstrap:uvwxyz" }), {
    others: [request({ name: "node-csr-0", created: "2026-11-28T09:00:00Z" })],
  }),
  asCase("kubeadm's own kind of token", request({ groups: kubeadm }), {}, /no machine's own/),
  asCase("a live machine of a group that the cloud knows", shared(), { machine }),
  asCase("a name that no machine of a group has", shared({ node: "ip-10-0-0-1.ec2.internal" }), {}, /no such machine/),
  asCase("a request from before the machine", shared({ created: "2026-11-28T09:59:59Z" }), { machine }, /older than/),
  asCase(
    "a machine of the cloud that is a node already",
    shared(),
    { machine, registered: machine },
    /there is a node/,
  ),
  asCase("a node that does not say whose it is", shared(), { machine, registered: {} }, /there is a node/),
  asCase("a name that a machine which has gone had", shared(), {
    machine,
    registered: { providerId: "aws:///us-west-2a/i-gone" },
    replaces: true,
  }),
  asCase(
    "a second request for a machine, with whatever token",
    shared({ name: "node-csr-2", user: "system:bootstrap:uvwxyz", created: "2026-11-28T10:00:11Z" }),
    { machine, others: [shared()] },
    /asked before/,
  ),
  asCase("a request beside those for other names and of earlier machines", shared({ name: "node-csr-9" }), {
    machine,
    others: [
      shared({ node: "ip-10-0-0-8.ec2.internal" }),
      shared({ name: "node-csr-2", created: "2026-11-28T09:00:00Z" }),
    ],
  }),
  asCase(
    "a control plane, by the authority's key",
    shared({ user: "gpu-clusters-join", groups: [...kubeadm, "gpu-clusters:control-planes"] }),
    { registered: {} },
  ),
  asCase(
    "a control plane that has a worker's name, by the authority's key",
    shared({ user: "gpu-clusters-join", groups: [...kubeadm, "gpu-clusters:control-planes"] }),
    { machine, registered: { providerId: "aws:///us-west-2a/i-gone" } },
  ),
];
