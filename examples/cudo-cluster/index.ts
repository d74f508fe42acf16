import { Deployment } from "@pulumi/kubernetes/apps/v1/deployment";
// In a program of your own: import { CudoCluster } from "pulumi-gpu-clusters/cudo";
import { CudoCluster } from "../../components/cudo";

const cluster = new CudoCluster(
  "train",
  {
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
  },
  {
    // What has no input is changed in the resource itself, by Pulumi's transforms: here the control plane's metadata.
    transforms: [
      ({ type, props, opts }) =>
        type === "gpu-clusters:cudo:Vm"
          ? { props: { ...props, metadata: { ...props.metadata, team: "research" } }, opts }
          : undefined,
    ],
  },
);

// Resources of your own go into the cluster through its provider, once its nodes are there.
const labels = { app: "notebook" };
const notebook = new Deployment(
  "notebook",
  {
    metadata: { namespace: "default" },
    spec: {
      replicas: 1,
      selector: { matchLabels: labels },
      template: {
        metadata: { labels },
        spec: {
          containers: [
            {
              name: "notebook",
              image: "quay.io/jupyter/pytorch-notebook",
              resources: { limits: { "nvidia.com/gpu": "1" } },
            },
          ],
        },
      },
    },
  },
  { provider: cluster.kubeProvider, dependsOn: [cluster] },
);

export const kubeconfig = cluster.kubeconfig;
export const deployment = notebook.metadata.name;
