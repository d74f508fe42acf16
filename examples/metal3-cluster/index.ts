import * as pulumi from "@pulumi/pulumi";
// In a program of your own: from "pulumi-gpu-clusters" and "pulumi-gpu-clusters/metal3".
import { ExistingCluster } from "../../components";
import { BareMetalCluster, BareMetalHosts } from "../../components/metal3";

const config = new pulumi.Config();

// Where Metal3 and Cluster API run: `kubectl config view --flatten --minify | pulumi config set --secret managementCluster`
const management = new ExistingCluster("management", { kubeconfig: config.requireSecret("managementCluster") });

const bmc = (address: string) => ({ address, username: "admin", password: config.requireSecret("bmcPassword") });
const timeoutMinutes = config.getNumber("timeoutMinutes");
const servers = new BareMetalHosts("metal3", {
  cluster: management,
  hosts: [
    {
      name: "control-01",
      bmc: bmc("redfish-virtualmedia://10.0.0.10/redfish/v1/Systems/1"),
      bootMacAddress: "aa:bb:cc:dd:ee:01",
      labels: { role: "control" },
    },
    {
      name: "gpu-01",
      bmc: bmc("redfish-virtualmedia://10.0.0.11/redfish/v1/Systems/1"),
      bootMacAddress: "aa:bb:cc:dd:ee:02",
      labels: { gpu: "h100" },
    },
  ],
  timeoutMinutes,
});

const search = new BareMetalCluster("search", {
  // The servers are there first, and free again before they go.
  inventory: servers,
  // The address of control-01. With three servers for the control plane: one that somebody brings to them.
  endpoint: config.require("endpoint"),
  kubernetesVersion: "1.37.2",
  image: { url: config.require("imageUrl"), checksum: config.require("imageChecksum") },
  controlPlane: { hostLabels: { role: "control" } },
  nodeGroups: [{ name: "gpu", count: 1, hostLabels: { gpu: "h100" }, gpus: 8, gpuModel: "H100" }],
  cni: "flannel",
  timeoutMinutes,
});

export const kubeconfig = search.kubeconfig;
export const machines = search.machines;
export const hosts = servers.hosts;
