/**
 * cluster-autoscaler's protocol for clouds that it has no code for, as far as we answer it: names and numbers are its own (reference:
 * kubernetes/autoscaler, cloudprovider/externalgrpc, unchanged from 1.35 on; older ones differ where a comment says so).
 */
import { parse, type Root } from "protobufjs";

const cloudProvider = `
syntax = "proto3";
package clusterautoscaler.cloudprovider.v1.externalgrpc;

service CloudProvider {
  rpc NodeGroups(Empty) returns (NodeGroupsResponse);
  rpc NodeGroupForNode(NodeRequest) returns (NodeGroupForNodeResponse);
  rpc PricingNodePrice(Empty) returns (Empty);
  rpc PricingPodPrice(Empty) returns (Empty);
  rpc GPULabel(Empty) returns (GPULabelResponse);
  rpc GetAvailableGPUTypes(Empty) returns (GetAvailableGPUTypesResponse);
  rpc Cleanup(Empty) returns (Empty);
  rpc Refresh(Empty) returns (Empty);
  rpc NodeGroupTargetSize(GroupRequest) returns (NodeGroupTargetSizeResponse);
  rpc NodeGroupIncreaseSize(SizeRequest) returns (Empty);
  rpc NodeGroupDeleteNodes(DeleteNodesRequest) returns (Empty);
  rpc NodeGroupDecreaseTargetSize(SizeRequest) returns (Empty);
  rpc NodeGroupNodes(GroupRequest) returns (NodeGroupNodesResponse);
  rpc NodeGroupTemplateNodeInfo(GroupRequest) returns (NodeGroupTemplateNodeInfoResponse);
  rpc NodeGroupGetOptions(GroupRequest) returns (Empty);
}

message Empty {}
message NodeGroup { string id = 1; int32 minSize = 2; int32 maxSize = 3; string debug = 4; }
message ExternalGrpcNode { string providerID = 1; string name = 2; map<string, string> labels = 3; map<string, string> annotations = 4; }
message InstanceErrorInfo { string errorCode = 1; string errorMessage = 2; int32 instanceErrorClass = 3; }
message InstanceStatus { int32 instanceState = 1; InstanceErrorInfo errorInfo = 2; }
message Instance { string id = 1; InstanceStatus status = 2; }

message GroupRequest { string id = 1; }
message SizeRequest { int32 delta = 1; string id = 2; }
message NodeRequest { ExternalGrpcNode node = 1; }
message DeleteNodesRequest { repeated ExternalGrpcNode nodes = 1; string id = 2; }

message NodeGroupsResponse { repeated NodeGroup nodeGroups = 1; }
message NodeGroupForNodeResponse { NodeGroup nodeGroup = 1; }
message GPULabelResponse { string label = 1; }
message GetAvailableGPUTypesResponse { map<string, Empty> gpuTypes = 1; }
message NodeGroupTargetSizeResponse { int32 targetSize = 1; }
message NodeGroupNodesResponse { repeated Instance instances = 1; }
// Up to 1.34 the first is a Node as a message, which looks the same on the wire; from 1.35 on only the second is read.
message NodeGroupTemplateNodeInfoResponse { bytes nodeInfo = 1; bytes nodeBytes = 2; }
`;

/** Kubernetes' Node, as far as a scheduler looks at it (reference: k8s.io/api/core/v1/generated.proto). */
const node = `
syntax = "proto3";
package kubernetes;

message Node { ObjectMeta metadata = 1; NodeSpec spec = 2; NodeStatus status = 3; }
message ObjectMeta { string name = 1; map<string, string> labels = 11; map<string, string> annotations = 12; }
message NodeSpec { string providerID = 3; repeated Taint taints = 5; }
message Taint { string key = 1; string value = 2; string effect = 3; }
message Quantity { string string = 1; }
message NodeCondition { string type = 1; string status = 2; }
message NodeStatus { map<string, Quantity> capacity = 1; map<string, Quantity> allocatable = 2; repeated NodeCondition conditions = 4; }
`;

function root(text: string): Root {
  return parse(text, { keepCase: true }).root;
}

export const nodeType = root(node).lookupType("kubernetes.Node");

export const cloudProviderService = root(cloudProvider).lookupService(
  "clusterautoscaler.cloudprovider.v1.externalgrpc.CloudProvider",
);
