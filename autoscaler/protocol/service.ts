/** The protocol's methods over the groups. Each answers from memory: cluster-autoscaler waits for them, one after the other. */
import { Server, ServerCredentials, status, type sendUnaryData, type ServerUnaryCall } from "@grpc/grpc-js";
import { rmSync } from "node:fs";
import { messageOf } from "../../sdk/message";
import type { NodeGroupMachine } from "../../provider/node-groups/driver";
import type { GroupInstance } from "../group/instances";
import { Refusal, type RefusalKind } from "../group/refusal";
import type { ServedGroup, ServedGroups } from "../served-groups";
import {
  errorClass,
  instanceState,
  serviceDefinition,
  type ExternalGrpcNode,
  type Instance,
  type Method,
  type Methods,
  type NodeGroup,
} from "./messages";
import { encodeNodeTemplate } from "./node-template";

/** Told of each answer. `code`: gRPC's. */
export type CallWatch = (method: Method, seconds: number, code: number, details: string) => void;

export interface ServiceOptions {
  readonly groups: ServedGroups;
  /** Nodes with this label have GPUs of the model that is its value. */
  readonly gpuLabel: string;
  readonly watch: CallWatch;
  /** Told of nodes whose machines stay, though they were to be removed. */
  keeps(group: string, nodes: readonly string[], reason: string): void;
  /** Told of machines that go because they did not become nodes. */
  givesUp(group: string, machines: readonly NodeGroupMachine[]): void;
}

type Handlers = { [M in Method]: (request: Methods[M]["request"]) => Methods[M]["response"] };

class NotImplemented extends Error {}

function handlers({ groups, gpuLabel, keeps, givesUp }: ServiceOptions): Handlers {
  const notImplemented = (): never => {
    throw new NotImplemented("not implemented");
  };
  return {
    NodeGroups: () => ({ nodeGroups: groups.all().map(wireGroup) }),
    NodeGroupForNode: ({ node }) => {
      const found = node && groups.ofNode({ ...nameOf(node), labels: node.labels });
      // An empty name: of no group.
      return { nodeGroup: found ? wireGroup(found) : {} };
    },
    PricingNodePrice: notImplemented,
    PricingPodPrice: notImplemented,
    GPULabel: () => ({ label: gpuLabel }),
    GetAvailableGPUTypes: () => {
      const models = groups.all().flatMap(({ template }) => template?.labels[gpuLabel] ?? []);
      return { gpuTypes: Object.fromEntries(models.map((model) => [model, {}])) };
    },
    // cluster-autoscaler calls it whenever it ends, also to be restarted.
    Cleanup: () => ({}),
    Refresh: () => ({}),
    NodeGroupTargetSize: ({ id }) => ({ targetSize: groups.get(id).target }),
    NodeGroupIncreaseSize: ({ id, delta }) => {
      groups.get(id).increase(delta);
      return {};
    },
    NodeGroupDeleteNodes: ({ id, nodes }) => {
      const group = groups.get(id);
      const strangers = nodes.filter((node) => {
        const owner = groups.ofNode({ ...nameOf(node), labels: node.labels });
        return owner !== undefined && owner.id !== id;
      });
      if (strangers.length > 0)
        throw new Refusal("invalid", `${strangers.map(({ name }) => name).join(", ")}: not of node group "${id}"`);
      try {
        const withoutNodes = group.remove(nodes.map(nameOf));
        if (withoutNodes.length > 0) givesUp(id, withoutNodes);
      } catch (error) {
        const names = nodes.map(({ name }) => name);
        if (error instanceof Refusal) keeps(id, names, error.message);
        throw error;
      }
      return {};
    },
    NodeGroupDecreaseTargetSize: ({ id, delta }) => {
      groups.get(id).decrease(delta);
      return {};
    },
    NodeGroupNodes: ({ id }) => ({ instances: groups.get(id).instances().map(wireInstance) }),
    NodeGroupTemplateNodeInfo: ({ id }) => {
      const { template } = groups.get(id);
      // Without one cluster-autoscaler passes over a group that has no node; any other error would end its whole round, and an empty
      // answer its process.
      if (!template) return notImplemented();
      const bytes = encodeNodeTemplate(id, template);
      return { nodeInfo: bytes, nodeBytes: bytes };
    },
    // An answer could not say how long a node may take to start, and 0 would stand for it: every node that boots would count as broken.
    NodeGroupGetOptions: notImplemented,
  };
}

function nameOf({ providerID, name }: ExternalGrpcNode) {
  return { providerId: providerID, name };
}

function wireGroup({ id, minSize, maxSize, target }: ServedGroup): NodeGroup {
  return { id, minSize, maxSize, debug: `${id} (${minSize} to ${maxSize}, now ${target})` };
}

const codeOfProblem = {
  capacity: "OUT_OF_CAPACITY",
  quota: "QUOTA_EXCEEDED",
  rejected: "REJECTED",
  lost: "MACHINE_FAILED",
} as const;

function wireInstance({ id, state, problem }: GroupInstance): Instance {
  if (!problem) return { id, status: { instanceState: instanceState[state] } };
  const passes = problem.kind === "capacity" || problem.kind === "quota";
  const errorInfo = {
    errorCode: codeOfProblem[problem.kind],
    errorMessage: problem.message,
    instanceErrorClass: passes ? errorClass.outOfResources : errorClass.other,
  };
  return { id, status: { instanceState: instanceState[state], errorInfo } };
}

const codes: Record<RefusalKind, number> = {
  invalid: status.INVALID_ARGUMENT,
  beyondBounds: status.OUT_OF_RANGE,
  notPossible: status.FAILED_PRECONDITION,
  unavailable: status.UNAVAILABLE,
  unknown: status.NOT_FOUND,
};

function codeOf(error: unknown): number {
  if (error instanceof Refusal) return codes[error.kind];
  return error instanceof NotImplemented ? status.UNIMPLEMENTED : status.INTERNAL;
}

/** The service, listening nowhere yet. */
export function autoscalerService(options: ServiceOptions): Server {
  const server = new Server();
  const answer =
    <M extends Method>(method: M, handler: Handlers[M]) =>
    (call: ServerUnaryCall<Methods[M]["request"], object>, respond: sendUnaryData<object>) => {
      const begun = performance.now();
      const tell = (code: number, details: string) =>
        options.watch(method, (performance.now() - begun) / 1000, code, details);
      try {
        const response = handler(call.request);
        tell(status.OK, "");
        respond(null, response);
      } catch (error) {
        const [code, details] = [codeOf(error), messageOf(error)];
        tell(code, details);
        respond({ code, details });
      }
    };
  const all = Object.entries(handlers(options)) as [Method, Handlers[Method]][];
  server.addService(
    serviceDefinition,
    Object.fromEntries(all.map(([method, handler]) => [method, answer(method, handler as never)])),
  );
  return server;
}

/** `unix:///run/a.sock` or `127.0.0.1:port`; port 0 takes a free one. Returns the port, 1 for a socket. */
export function listen(server: Server, address: string): Promise<number> {
  // Of a process that was killed.
  if (address.startsWith("unix://")) rmSync(address.slice("unix://".length), { force: true });
  return new Promise((resolve, reject) => {
    server.bindAsync(address, ServerCredentials.createInsecure(), (error, port) =>
      error ? reject(error) : resolve(port),
    );
  });
}
