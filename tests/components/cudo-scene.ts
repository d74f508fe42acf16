/** Cudo as components see it, under Pulumi's mocks. */
import * as pulumi from "@pulumi/pulumi";
import type { CudoNodeGroupArgs } from "../../components/cudo/args";
import type { Outputs } from "./mocks";

export const group: CudoNodeGroupArgs = {
  name: "gpu",
  role: "worker",
  minSize: 1,
  maxSize: 4,
  vcpus: 8,
  memoryGib: 32,
  diskSizeGib: 100,
  dataCenterId: "us-newyork-1",
  machineType: "intel-broadwell-v100",
  gpus: 2,
  gpuModel: "V100",
  labels: { tier: "gpu" },
  taints: [{ key: "nvidia.com/gpu", effect: "NoSchedule" }],
};

export const cloud: Outputs = {
  "gpu-clusters:kubernetes:ClusterCertificates": () => ({
    caCertificate: "CA-CERT",
    caPrivateKey: pulumi.secret("CA-KEY"),
    frontProxyCaCertificate: "FRONT-CERT",
    frontProxyCaPrivateKey: pulumi.secret("FRONT-KEY"),
    etcdCaCertificate: "ETCD-CERT",
    etcdCaPrivateKey: pulumi.secret("ETCD-KEY"),
    serviceAccountPrivateKey: pulumi.secret("SA-KEY"),
    secretsEncryptionKey: pulumi.secret("ETCD-SECRETS-KEY"),
    adminCertificate: "ADMIN-CERT",
    adminPrivateKey: pulumi.secret("ADMIN-KEY"),
  }),
  "gpu-clusters:cudo:Vm": () => ({ externalIpAddress: "203.0.113.7", internalIpAddress: "10.0.0.2" }),
  "gpu-clusters:cudo:NodeGroup": () => ({
    size: 1,
    machines: [{ nodeName: "train-gpu-0", address: "203.0.113.8", state: "running" }],
    problems: ["data center black-mesa-1 has no host free now"],
  }),
  "gpu-clusters:kubernetes:ApiServerReady": () => ({ ready: true, version: "v1.36.3" }),
  "gpu-clusters:kubernetes:NodesReady": () => ({ status: "ready" }),
};
