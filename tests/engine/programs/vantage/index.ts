import { clusterClient, tellDeployer } from "../../../../components/vantage/services";
import { createCluster, type CreateClusterRequest } from "../../../../components/vantage";
import type { KubernetesCluster } from "../../../../components/cluster";
import * as pulumi from "../../../../sdk/pulumi";

const request: CreateClusterRequest = {
  name: "c1",
  description: "For tests",
  cloud_account_id: 1,
  cluster_type: "k8s",
  settings: {
    no_vault: true,
    autoscaler_node_groups: [
      {
        id: "workers",
        role: "worker",
        min_size: 1,
        max_size: 1,
        vcpus: 4,
        memory_gib: 16,
        boot_disk_size_gib: 50,
        data_center_id: "us-newyork-1",
        machine_type: "intel-broadwell-v100",
      },
    ],
  },
};
const identity = { realm: "lab" };

async function main() {
  if (process.env.WHOLE_REQUEST)
    return void (await createCluster("request", request, { accounts: { 1: { provider: "cudo" } }, identity }));
  const client = clusterClient("request", request, identity, undefined, {});
  const cluster = { clusterName: pulumi.output("c1"), status: pulumi.output("ready") } as KubernetesCluster;
  const deployer = { baseUrl: process.env.DEPLOYER!, settings: { jupyterhub_enabled: true } };
  tellDeployer("request", { provider: "cudo", cluster, client }, deployer, {});
}

module.exports = main();
