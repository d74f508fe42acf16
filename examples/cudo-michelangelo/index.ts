import * as pulumi from "@pulumi/pulumi";
// In a program of your own: from "pulumi-gpu-clusters", "pulumi-gpu-clusters/cudo" and "pulumi-gpu-clusters/michelangelo".
import { ExistingCluster } from "../../components";
import { CudoCluster } from "../../components/cudo";
import { ComputeCluster } from "../../components/michelangelo";

const config = new pulumi.Config();

const cluster = new CudoCluster("train", {
  controlPlane: { size: "sm" },
  noVault: true, // on Cudo: vault: { address: "https://vault.example.com:8200" }, for encrypted disks
  cni: "none", // the simulator's machines need no network between pods; leave it out on Cudo
  nodeGroups: [
    {
      name: "gpu",
      role: "worker",
      minSize: 1,
      maxSize: 4,
      vcpus: 8,
      memoryGib: 32,
      diskSizeGib: 100,
      dataCenterId: "us-newyork-1",
      machineType: "intel-broadwell-v100",
      gpus: 1,
      gpuModel: "V100",
    },
  ],
});

// `kubectl config view --flatten --minify | pulumi config set --secret michelangelo`, with the control plane's context.
const controlPlane = new ExistingCluster("michelangelo", { kubeconfig: config.requireSecret("michelangelo") });

const compute = new ComputeCluster("train", {
  cluster,
  controlPlane,
  storage: {
    fileSystem: "s3://default",
    endpoint: config.get("storageEndpoint"),
    credentials: {
      accessKeyId: config.require("accessKeyId"),
      // Set it with --secret: what is plain in the configuration, the engine's own log shows.
      secretAccessKey: config.requireSecret("secretAccessKey"),
    },
  },
  skus: [{ cpus: 8, memoryGib: 32, diskSizeGib: 100, gpus: 1, gpuModel: "V100" }],
  kubeRay: config.getBoolean("kubeRay"), // false where somebody else puts the operator into the cluster
  controllerManager: { namespace: "ma-system", name: "michelangelo-controllermgr" },
  rotation: { every: "720h" },
});

export const kubeconfig = cluster.kubeconfig;
export const apiServer = compute.apiServer;
export const status = compute.status;
