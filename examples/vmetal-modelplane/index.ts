import * as pulumi from "@pulumi/pulumi";
// In a program of your own: from "pulumi-gpu-clusters", "pulumi-gpu-clusters/modelplane" and "pulumi-gpu-clusters/vmetal".
import { ExistingCluster } from "../../components";
import { InferenceCluster, poolLabels } from "../../components/modelplane";
import { TenantCluster, type StaticPoolArgs } from "../../components/vmetal";

const config = new pulumi.Config();

// Where vCluster Platform, Metal3 and Modelplane run: `kubectl config view --flatten --minify | pulumi config set --secret managementCluster`
const management = new ExistingCluster("management", { kubeconfig: config.requireSecret("managementCluster") });

const pool = (name: string, nodeType: string, more: Partial<StaticPoolArgs> = {}): StaticPoolArgs => ({
  name,
  quantity: 1,
  ...more,
  nodeTypeSelector: [{ property: "vcluster.com/node-type", value: nodeType }],
});
const tenant = new TenantCluster("serve", {
  hostCluster: management,
  platform: { host: "vcluster.example.com", accessKey: config.requireSecret("accessKey"), project: "default" },
  // Servers that are there: examples/vmetal-tenant makes some.
  inventory: { cluster: management, namespace: "metal3" },
  autoNodes: [
    {
      provider: "metal3",
      static: [
        // Modelplane's serving stack runs on a node without a GPU.
        pool("system", "cpu"),
        pool("gpu", "h100", {
          gpus: 8,
          gpuModel: "H100",
          nodeLabels: poolLabels("gpu"),
          taints: [{ key: "nvidia.com/gpu", value: "present", effect: "NoSchedule" }],
        }),
      ],
    },
  ],
  endpoint: config.get("endpoint"),
  timeoutMinutes: config.getNumber("timeoutMinutes"),
});

// Modelplane brings its own way to GPUs. Who gives load balancers addresses, MetalLB for example, cannot be seen beforehand.
const served = new InferenceCluster("serve", {
  controlPlane: management,
  existing: { cluster: tenant, loadBalancers: true },
  nodePools: [{ name: "gpu" }],
  labels: { tier: "bare-metal" },
});

export const kubeconfig = tenant.kubeconfig;
export const machines = tenant.machines;
export const gatewayAddress = served.gatewayAddress;
