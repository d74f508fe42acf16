/** What goes over the wire, in the protocol's own names. */
import type { ServiceDefinition } from "@grpc/grpc-js";
import { cloudProviderService } from "./descriptors";

export interface NodeGroup {
  id: string;
  minSize: number;
  maxSize: number;
  debug: string;
}

export interface ExternalGrpcNode {
  providerID: string;
  name: string;
  labels: Record<string, string>;
}

export const instanceState = { running: 1, creating: 2, deleting: 3 } as const;
/** `outOfResources`: a stock-out or a quota. */
export const errorClass = { outOfResources: 1, other: 99 } as const;

export interface Instance {
  id: string;
  status: {
    instanceState: number;
    errorInfo?: { errorCode: string; errorMessage: string; instanceErrorClass: number };
  };
}

/** By method: what is asked, and what is answered. */
export interface Methods {
  NodeGroups: { request: object; response: { nodeGroups: NodeGroup[] } };
  NodeGroupForNode: { request: { node?: ExternalGrpcNode }; response: { nodeGroup: Partial<NodeGroup> } };
  PricingNodePrice: { request: object; response: object };
  PricingPodPrice: { request: object; response: object };
  GPULabel: { request: object; response: { label: string } };
  GetAvailableGPUTypes: { request: object; response: { gpuTypes: Record<string, object> } };
  Cleanup: { request: object; response: object };
  Refresh: { request: object; response: object };
  NodeGroupTargetSize: { request: { id: string }; response: { targetSize: number } };
  NodeGroupIncreaseSize: { request: { id: string; delta: number }; response: object };
  NodeGroupDeleteNodes: { request: { id: string; nodes: ExternalGrpcNode[] }; response: object };
  NodeGroupDecreaseTargetSize: { request: { id: string; delta: number }; response: object };
  NodeGroupNodes: { request: { id: string }; response: { instances: Instance[] } };
  NodeGroupTemplateNodeInfo: { request: { id: string }; response: { nodeInfo: Uint8Array; nodeBytes: Uint8Array } };
  NodeGroupGetOptions: { request: { id: string }; response: object };
}

export type Method = keyof Methods;

/** For gRPC's server, and for a client of it. */
export const serviceDefinition: ServiceDefinition = Object.fromEntries(
  cloudProviderService.methodsArray.map((method) => {
    method.resolve();
    const { resolvedRequestType: request, resolvedResponseType: response } = method;
    return [
      method.name,
      {
        path: `/${cloudProviderService.fullName.slice(1)}/${method.name}`,
        requestStream: false,
        responseStream: false,
        requestSerialize: (value: object) => Buffer.from(request!.encode(request!.fromObject(value)).finish()),
        requestDeserialize: (bytes: Buffer) => request!.toObject(request!.decode(bytes), { defaults: true }),
        responseSerialize: (value: object) => Buffer.from(response!.encode(response!.fromObject(value)).finish()),
        responseDeserialize: (bytes: Buffer) => response!.toObject(response!.decode(bytes), { defaults: true }),
      },
    ];
  }),
);
