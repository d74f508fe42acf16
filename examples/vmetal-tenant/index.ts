import * as pulumi from "@pulumi/pulumi";
// In a program of your own: from "pulumi-gpu-clusters" and "pulumi-gpu-clusters/vmetal".
import { ExistingCluster } from "../../components";
import { BareMetalInventory, TenantCluster } from "../../components/vmetal";

const config = new pulumi.Config();

// Where vCluster Platform and Metal3 run: `kubectl config view --flatten --minify | pulumi config set --secret managementCluster`
const management = new ExistingCluster("management", { kubeconfig: config.requireSecret("managementCluster") });

const bmc = (address: string) => ({ address, username: "admin", password: config.requireSecret("bmcPassword") });
const labels = { gpu: "h100" };
const inventory = new BareMetalInventory("metal3", {
  cluster: management,
  connectedCluster: "loft-cluster",
  osImages: [{ name: "ubuntu-24", url: config.require("imageUrl"), checksum: config.require("imageChecksum") }],
  nodeTypes: [{ name: "h100", hostLabels: labels, osImage: "ubuntu-24" }],
  hosts: [
    {
      name: "gpu-01",
      bmc: bmc("redfish-virtualmedia://10.0.0.10/redfish/v1/Systems/1"),
      bootMacAddress: "aa:bb:cc:dd:ee:01",
      labels,
    },
    {
      name: "gpu-02",
      bmc: bmc("redfish-virtualmedia://10.0.0.11/redfish/v1/Systems/1"),
      bootMacAddress: "aa:bb:cc:dd:ee:02",
      labels,
    },
  ],
  timeoutMinutes: config.getNumber("timeoutMinutes"),
});

const search = new TenantCluster("search", {
  hostCluster: management,
  platform: { host: "vcluster.example.com", accessKey: config.requireSecret("accessKey"), project: "default" },
  // The servers are there first, and free again before they go.
  inventory,
  autoNodes: [
    {
      provider: "metal3",
      static: [
        {
          name: "gpu",
          quantity: config.getNumber("nodes") ?? 2,
          nodeTypeSelector: [{ property: "vcluster.com/node-type", value: "h100" }],
          gpus: 8,
          gpuModel: "H100",
        },
      ],
    },
  ],
  // A name that leads to the Service `search` in the management cluster. Without it: the address of that Service's load balancer.
  endpoint: config.get("endpoint"),
  timeoutMinutes: config.getNumber("timeoutMinutes"),
});

export const kubeconfig = search.kubeconfig;
export const machines = search.machines;
export const hosts = inventory.hosts;
