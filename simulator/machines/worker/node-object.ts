/** The Node that a kubelet registers for its machine. */
import { hostname } from "node:os";
import type { NodeDocument } from "../../../bootstrap/document";
import { readyAfter } from "../control-plane/kwok-configuration";
import type { MachineSpec } from "../machine";
import { powerLabel, powerOn } from "../power-label";

/** kubelet's default hard eviction threshold, memory.available<100Mi. */
const evictionReserveKib = 100 * 1024;
const diskGib = 50;
const architecture = process.arch === "x64" ? "amd64" : process.arch;

export function nodeObject(document: NodeDocument, spec: MachineSpec): object {
  const memoryKib = spec.memoryGib * 1024 * 1024;
  const capacity = {
    cpu: String(spec.vcpus),
    memory: `${memoryKib}Ki`,
    "ephemeral-storage": `${diskGib * 1024 * 1024}Ki`,
    pods: "110",
  };
  const allocatable = {
    ...capacity,
    memory: `${memoryKib - evictionReserveKib}Ki`,
    // A tenth is kept back before pods are evicted.
    "ephemeral-storage": String(Math.floor(diskGib * 1024 ** 3 * 0.9)),
  };
  return {
    apiVersion: "v1",
    kind: "Node",
    metadata: {
      name: document.nodeName,
      labels: {
        "kubernetes.io/hostname": document.nodeName,
        "kubernetes.io/os": "linux",
        "kubernetes.io/arch": architecture,
        ...document.labels,
        [powerLabel]: powerOn,
      },
      annotations: {
        "kwok.x-k8s.io/node": "fake",
        ...(spec.readyAfterMs !== undefined && { [readyAfter]: `${spec.readyAfterMs}ms` }),
      },
    },
    spec: { providerID: document.providerId, ...(document.taints.length > 0 ? { taints: document.taints } : {}) },
    status: {
      addresses: [
        { type: "InternalIP", address: spec.address },
        { type: "Hostname", address: document.nodeName },
      ],
      capacity,
      allocatable,
      nodeInfo: {
        architecture,
        bootID: "",
        containerRuntimeVersion: "kwok://light",
        kernelVersion: "light",
        kubeProxyVersion: "",
        kubeletVersion: `v${document.kubernetesVersion}`,
        machineID: spec.id,
        operatingSystem: "linux",
        osImage: `light machine on ${hostname()}`,
        systemUUID: spec.id,
      },
      conditions: [
        {
          type: "Ready",
          status: "False",
          reason: "KubeletNotReady",
          message: "container runtime status check may not have completed yet",
        },
      ],
    },
  };
}
