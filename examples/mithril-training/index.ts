import * as pulumi from "@pulumi/pulumi";
import { StatefulSet } from "@pulumi/kubernetes/apps/v1/statefulSet";
// In a program of your own, from "pulumi-gpu-clusters/addons" and "pulumi-gpu-clusters/mithril".
import { FileShareVolume } from "../../components/addons";
import { MithrilCluster } from "../../components/mithril";

const config = new pulumi.Config();
const share = { name: "datasets", sizeGb: 1000 };

const cluster = new MithrilCluster("train", {
  region: "us-central5-a",
  controlPlane: { instanceType: "cpu.4x" },
  sshPublicKey: config.require("sshPublicKey"),
  sshPrivateKey: config.requireSecret("sshPrivateKey"),
  sshPort: config.getNumber("sshPort"), // the simulator's is not 22
  nodeGroups: [
    {
      name: "gpu",
      instanceType: "h100-80gb.sxm.8x",
      minSize: 1,
      maxSize: 4,
      capacity: { spot: { limitPrice: "$20.00" } },
    },
  ],
  fileShares: [share],
});

const data = new FileShareVolume(
  "data",
  { cluster, share: share.name, sizeGb: share.sizeGb },
  { dependsOn: [cluster] },
);

// Dozens of pods that mount volumes at the same moment can be answered with "too many concurrent requests". `OrderedReady` makes each pod
// only when the one before it is Ready; for jobs that must run in parallel, spread their creation in the same way.
const labels = { app: "worker" };
const workers = new StatefulSet(
  "workers",
  {
    metadata: { namespace: "default" },
    spec: {
      serviceName: "workers",
      replicas: 8,
      podManagementPolicy: "OrderedReady",
      selector: { matchLabels: labels },
      template: {
        metadata: { labels },
        spec: {
          containers: [
            {
              name: "worker",
              image: "nvidia/cuda:12.4.0-base-ubuntu22.04",
              command: ["sleep", "infinity"],
              resources: { limits: { "nvidia.com/gpu": "1" } },
              volumeMounts: [{ name: share.name, mountPath: "/data" }],
            },
          ],
          volumes: [data.podVolume],
        },
      },
    },
  },
  { provider: cluster.kubeProvider, dependsOn: [data] },
);

export const kubeconfig = cluster.kubeconfig;
export const statefulSet = workers.metadata.name;
