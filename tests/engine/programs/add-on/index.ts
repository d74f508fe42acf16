import type { AddOn } from "../../../../components/addons/add-on";
import { autoscaler } from "../../../../components/addons/autoscaler/add-on";
import { ebsStorage } from "../../../../components/addons/block-storage/ebs";
import { cloudControllerManagerResources } from "../../../../components/addons/aws-cloud-controller-manager";
import { ciliumResources } from "../../../../components/addons/cilium";
import { FileShareVolume } from "../../../../components/addons/file-share-volume";
import { flannelResources } from "../../../../components/addons/flannel";
import { gpuSupport } from "../../../../components/addons/gpu/install";
import { JupyterHub } from "../../../../components/addons/jupyterhub/jupyterhub";
import { KubeRay } from "../../../../components/addons/kuberay";
import { ServiceAccountKubeconfig } from "../../../../components/addons/service-account-kubeconfig";
import { SharedClaim } from "../../../../components/addons/shared-storage/claim";
import { efsStorage } from "../../../../components/addons/shared-storage/efs";
import { fileShareStorage } from "../../../../components/addons/shared-storage/file-share";
import { nfsStorage } from "../../../../components/addons/shared-storage/nfs";
import { Slurm } from "../../../../components/addons/slurm/slurm";
import type { NodeGroupStatus } from "../../../../components/cluster";
import { ExistingCluster } from "../../../../components/existing/cluster";
import { TenantCluster } from "../../../../components/vmetal";
import { parseKubeconfig } from "../../../../sdk/kubernetes/kubeconfig";
import * as pulumi from "../../../../sdk/pulumi";

const config = new pulumi.Config();
const name = config.require("addOn");
const kubeconfig = config.require("kubeconfig");
const storageClass = config.get("storageClass") ?? "homes";

const group: NodeGroupStatus = {
  name: "workers",
  role: "worker",
  gpus: 1,
  machineTypes: ["v100"],
  minSize: 1,
  maxSize: 2,
  size: 1,
  gpuResources: { "nvidia.com/gpu": 1 },
  taints: [],
  problems: [],
};
/** As a cluster of ours is, with groups of its own. */
class Cluster extends ExistingCluster {
  override readonly nodeGroups = pulumi.output([group]);
}

/** With files of its own. */
class SharingCluster extends Cluster {
  readonly sharedStorageClass = pulumi.output(storageClass);
}

const hub = {
  client: { issuer: "https://sso.example.com/realms/lab", clientId: "train", secret: "CLIENT-SECRET-CLIENT-SECRET" },
  url: "https://hub.example.com",
  storageClass,
  protect: false,
};
const students = { ...hub, url: "https://students.example.com", namespace: "students" };
const gpus = { name: "gpu", gpus: 8, taints: [{ key: "team", value: "search", effect: "NoSchedule" as const }] };
const shared = { gpuDriver: "operator", gpuSharing: { timeSlicing: 4 } } as const;

const beside: Record<string, AddOn> = {
  "gpu-operator": gpuSupport([{ ...gpus, ...shared }], { mode: "plugin" }),
  dra: gpuSupport([{ ...gpus, gpuDriver: "operator" }], { mode: "dra" }),
  amd: gpuSupport([{ ...gpus, gpuVendor: "amd" }], { mode: "plugin" }),
  efs: efsStorage({ fileSystemId: "fs-1", mark: { key: "cluster", value: "train" }, tags: {}, ready: [] }),
  "device-plugin": gpuSupport([{ ...gpus, gpuSharing: { timeSlicing: 4 } }], { mode: "plugin" }),
  "file-share": fileShareStorage({ path: "/mnt/shared", ready: [], onGroups: true }),
  ebs: ebsStorage({ region: "us-west-2", tags: { team: "search" }, clusterName: "train" }),
  flannel: ({ name }, options) => flannelResources(name, "10.244.0.0/16", options),
  "cloud-controller": ({ name }, options) =>
    cloudControllerManagerResources(name, { kubernetesVersion: pulumi.output("1.36.3") }, options),
  nfs: nfsStorage({ server: "192.0.2.1", ready: [] }),
  cilium: ({ name, ...place }, options) => ciliumResources(name, place, options),
  // Of a cloud that is away.
  autoscaler: (place, options) =>
    autoscaler({
      clusterName: "train",
      providers: pulumi.secret({ cudo: { apiKey: "API-KEY-API-KEY", baseUrl: "http://127.0.0.1:9" } }),
      scaleDownAfter: undefined,
      mintsTokens: true,
    })({ ...place, nodeGroups: [moving] }, options),
};
const moving = {
  cloud: "cudo",
  name: "moving",
  owner: "urn:moving",
  minSize: 0,
  maxSize: 1,
  priority: 10,
  spec: { clusterName: "train", name: "moving", startScript: "#!/bin/sh" },
} as const;
const alone: Record<string, (cluster: Cluster, options: pulumi.ComponentResourceOptions) => pulumi.Resource> = {
  kuberay: (cluster, options) => new KubeRay("ray", { cluster }, options),
  jupyterhub: (cluster, options) => new JupyterHub("hub", { ...hub, cluster }, options),
  "two-jupyterhubs": (cluster, options) => {
    new JupyterHub("hub", { ...hub, cluster }, options);
    return new JupyterHub("students", { ...students, cluster }, options);
  },
  slurm: (cluster, options) =>
    new Slurm(
      "lab",
      {
        cluster,
        login: {
          sshAuthorizedKeys: ["ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIGb9ECWmEzf6FQbrBZ9w7lshQhqowtrbLDFw4rXAxZuE"],
        },
        storageClass,
        protect: false,
      },
      options,
    ),
  "service-account": (cluster, options) =>
    new ServiceAccountKubeconfig("ci", { cluster, clusterRole: "edit", namespaces: ["default"] }, options),
  "shared-claim": (cluster, options) => new SharedClaim("data", { cluster, sizeGib: 5, protect: false }, options),
  "file-share-volume": (cluster, options) =>
    new FileShareVolume("data", { cluster, share: "datasets", sizeGb: 5 }, options),
  vmetal: (hostCluster, options) => new TenantCluster("search", { hostCluster, ...tenant }, options),
};

/** Its own cluster is the one that it runs in. */
const tenant = {
  endpoint: new URL(parseKubeconfig(kubeconfig).endpoint).host,
  platform: { host: "vcluster.example.com", accessKey: "ACCESS-KEY-ACCESS-KEY", project: "default" },
  autoNodes: [
    {
      provider: "metal3",
      static: [{ name: "workers", quantity: 2 }],
      dynamic: [{ name: "burst", limits: { nodes: "2" } }],
    },
  ],
};

/** What a chart does not know. */
const wrong: pulumi.ResourceTransform = ({ type, props, opts }) =>
  type === "kubernetes:helm.sh/v3:Release" ? { props: { ...props, values: { nonsense: true } }, opts } : undefined;

const cluster = new (name === "shared-claim" ? SharingCluster : Cluster)("train", { kubeconfig });
const options = config.getBoolean("wrong") ? { transforms: [wrong] } : {};
const { status: kubernetesVersion, kubeProvider: provider } = cluster;
beside[name]?.(
  { name: "train", kubernetesVersion, kubeconfig: cluster.kubeconfig, nodeGroups: [], own: {} },
  { provider, ...options },
);
alone[name]?.(cluster, options);
