/** Components for programs in TypeScript alone: what each takes, whole, and what it says of that. */
import * as pulumi from "@pulumi/pulumi";
import { checkFileShareVolume } from "../../components/addons/file-share-volume";
import { checkJupyterHub } from "../../components/addons/jupyterhub/jupyterhub";
import { checkKubeRay } from "../../components/addons/kuberay";
import { checkServiceAccountKubeconfig } from "../../components/addons/service-account-kubeconfig";
import { checkSharedClaim } from "../../components/addons/shared-storage/claim";
import { checkSlurmArgs } from "../../components/addons/slurm/slurm";
import type { Problems } from "../../components/errors";
import { checkExistingCluster } from "../../components/existing/cluster";
import { checkBareMetalHosts } from "../../components/metal3/bare-metal-hosts";
import { checkBareMetalCluster } from "../../components/metal3/cluster-checks";
import { checkComputeCluster } from "../../components/michelangelo/validate";
import { checkInferenceClass } from "../../components/modelplane/class-checks";
import { checkInferenceCluster } from "../../components/modelplane/cluster-checks";
import { checkInventory } from "../../components/vmetal/inventory-checks";
import { checkJoinToken } from "../../components/vmetal/join-token";
import { checkTenantCluster } from "../../components/vmetal/tenant-checks";
import { renderKubeconfig } from "../../sdk/kubernetes/kubeconfig";

/** No plain object: what is in it is nobody's to write. */
class Handed {
  readonly clusterName = pulumi.output("train");
  readonly sharedStorageClass = pulumi.output("shared");
}
const cluster = new Handed();
const other = new Handed();
const kubeconfig = renderKubeconfig({
  clusterName: "own",
  endpoint: "https://192.0.2.7:443",
  credentials: { token: "T" },
  certificateAuthority: "-----BEGIN CERTIFICATE-----",
});

const taints = [{ key: "gpu", value: "a", effect: "NoSchedule" }];
const checksum = "ab".repeat(32);
const image = { url: "https://images.example.com/ubuntu.qcow2", checksum, checksumType: "sha256" };
const ranges = { podCidr: "10.244.0.0/16", serviceCidr: "10.96.0.0/12", timeoutMinutes: 30 };
const host = {
  name: "gpu-01",
  bootMacAddress: "aa:bb:cc:dd:ee:01",
  bootMode: "UEFI",
  labels: { gpu: "h100" },
  bmc: { address: "redfish://10.0.0.1/x", username: "u", password: "p", disableCertificateVerification: true },
  rootDeviceHints: { deviceName: "/dev/sda", minSizeGigabytes: 400, rotational: false },
};
const pool = {
  taints,
  nodeLabels: { tier: "gpu" },
  terminationGracePeriod: "30m",
  profile: "p",
  gpus: 8,
  gpuModel: "H100",
  nodeTypeSelector: [{ property: "vcluster.com/node-type", operator: "In", values: ["h100"] }],
};

export const programs: Record<string, { base: object; check(given: never): Problems }> = {
  TenantCluster: {
    base: {
      ...ranges,
      hostCluster: cluster,
      clusterName: "search",
      namespace: "search",
      endpoint: "192.0.2.7:443",
      serviceType: "LoadBalancer",
      vpn: { nodeToNode: true },
      extraSans: ["a.example.com"],
      inventory: { cluster, namespace: "metal3" },
      platform: { host: "vcluster.example.com", accessKey: "KEY", project: "default" },
      autoNodes: [
        {
          provider: "metal3",
          properties: { a: "b" },
          static: [{ ...pool, name: "gpu", quantity: 2 }],
          dynamic: [
            {
              ...pool,
              name: "burst",
              limits: { nodes: "4" },
              expireAfter: "720h",
              weight: 5,
              disruption: { consolidateAfter: "5m", consolidationPolicy: "WhenEmpty" },
            },
          ],
        },
      ],
    },
    check: (given) => checkTenantCluster("search", given),
  },
  BareMetalInventory: {
    base: {
      cluster,
      metal3Cluster: cluster,
      connectedCluster: "loft",
      providerName: "metal3",
      namespace: "metal3",
      timeoutMinutes: 60,
      deploy: { metal3: true, dhcp: false },
      osImages: [{ ...image, name: "ubuntu", displayName: "Ubuntu" }],
      nodeTypes: [
        {
          name: "h100",
          hostLabels: { gpu: "h100" },
          osImage: "ubuntu",
          resources: { cpu: "8" },
          properties: {},
        },
      ],
      hosts: [host],
    },
    check: (given) => checkInventory("metal3", given),
  },
  JoinToken: { base: { cluster, expiration: "2026-12-31T00:00:00Z" }, check: checkJoinToken },
  BareMetalHosts: {
    base: { cluster, namespace: "metal3", hosts: [host], timeoutMinutes: 60 },
    check: (given) => checkBareMetalHosts("metal3", given),
  },
  BareMetalCluster: {
    base: {
      ...ranges,
      clusterName: "search",
      endpoint: "10.0.0.5:6443",
      kubernetesVersion: "1.37.2",
      image,
      cni: "none",
      inventory: { cluster, namespace: "metal3" },
      preKubeadmCommands: ["true"],
      controlPlane: { count: 1, hostLabels: { role: "control" }, image, preKubeadmCommands: ["true"] },
      nodeGroups: [{ name: "gpu", count: 2, hostLabels: { gpu: "h100" }, image, labels: { a: "b" }, taints, gpus: 8 }],
    },
    check: (given) => checkBareMetalCluster("search", given),
  },
  ComputeCluster: {
    base: {
      cluster,
      controlPlane: other,
      clusterName: "train",
      apiServer: "https://192.0.2.7:443",
      region: "r",
      dataCenter: "gcp",
      serviceLevel: "production",
      kubeRay: true,
      timeoutMinutes: 5,
      rotation: { every: "720h" },
      storage: { fileSystem: "s3://b", credentials: { accessKeyId: "a", secretAccessKey: "s" } },
      controllerManager: { namespace: "n", name: "c" },
      skus: [{ cpus: 1, memoryGib: 1, diskSizeGib: 1, gpus: 1, gpuModel: "H100" }],
    },
    check: checkComputeCluster,
  },
  InferenceCluster: {
    base: {
      controlPlane: other,
      clusterName: "us-east",
      labels: { a: "b" },
      timeoutMinutes: 20,
      taints: [{ key: "a", value: "b", effect: "NoSchedule" }],
      existing: {
        cluster,
        cacheStorageClass: "shared",
        loadBalancers: true,
        identity: { type: "GoogleApplicationCredentials", credentials: "{}" },
      },
      nodePools: [{ name: "gpu", gpus: { model: "L4", count: 1 }, nodeCount: 1, minNodeCount: 0, maxNodeCount: 2 }],
    },
    check: (given) => checkInferenceCluster("us-east", given),
  },
  "InferenceCluster on EKS": {
    base: {
      controlPlane: other,
      eks: { region: "us-west-2", kubernetesVersion: "1.34", credentials: { name: "n" } },
      nodePools: [
        {
          name: "gpu",
          class: "l4",
          zones: ["us-west-2a"],
          fabric: { type: "EFA" },
          capacityBlock: { capacityReservationId: "cr-0123" },
        },
        { name: "ib", class: { className: "ib", provisions: "eks" }, zones: ["us-west-2a"] },
      ],
    },
    check: (given) => checkInferenceCluster("us-east", given),
  },
  InferenceClass: {
    base: {
      controlPlane: other,
      className: "l4",
      description: "d",
      gpus: { model: "L4", count: 1 },
      provisioning: { eks: { instanceType: "g6.xlarge", diskSizeGb: 100, accelerator: { type: "t", count: 1 } } },
    },
    check: (given) => checkInferenceClass("l4", given),
  },
  "InferenceClass of devices": {
    base: {
      controlPlane: other,
      devices: [
        {
          name: "gpu",
          claim: "DRA",
          driver: "gpu.nvidia.com",
          deviceClassName: "gpu.nvidia.com",
          count: 1,
          attributes: { productName: { string: "NVIDIA L4" } },
          capacity: { memory: "23034Mi" },
        },
      ],
    },
    check: (given) => checkInferenceClass("l4", given),
  },
  ExistingCluster: {
    base: { kubeconfig, context: "own", gpu: { vendor: "nvidia", driver: "image", mode: "dra", taints, count: 1 } },
    check: checkExistingCluster,
  },
  FileShareVolume: {
    base: { cluster, share: "data", sizeGb: 10, namespace: "default", claimName: "data" },
    check: checkFileShareVolume,
  },
  SharedClaim: {
    base: { cluster, sizeGib: 10, namespace: "default", claimName: "data", protect: true },
    check: (given) => checkSharedClaim("data", given),
  },
  ServiceAccountKubeconfig: {
    base: {
      cluster,
      namespaces: ["default"],
      accountName: "ci",
      accountNamespace: "kube-system",
      rules: [{ apiGroups: [""], resources: ["pods"], verbs: ["get"] }],
    },
    check: (given) => checkServiceAccountKubeconfig("ci", given),
  },
  JupyterHub: {
    base: {
      cluster,
      url: "https://hub.example.com",
      storageClass: "c",
      homeGib: 10,
      idleMinutes: 60,
      client: { issuer: "https://sso.example.com/realms/lab", clientId: "hub", secret: "SECRET" },
      serviceType: "ClusterIP",
      namespace: "jupyterhub",
      protect: true,
    },
    check: checkJupyterHub,
  },
  KubeRay: { base: { cluster, version: "1.7.0", namespace: "ray" }, check: checkKubeRay },
  Slurm: {
    base: {
      cluster,
      clusterName: "lab",
      storageClass: "c",
      protect: true,
      login: {
        sshAuthorizedKeys: ["ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIGb9ECWmEzf6FQbrBZ9w7lshQhqowtrbLDFw4rXAxZuE"],
        serviceType: "ClusterIP",
      },
      accounting: { host: "h", port: 3306, database: "d", username: "u", password: "p" },
    },
    check: (given) => checkSlurmArgs("lab", given),
  },
};
