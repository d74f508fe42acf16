import { createCluster, type CreateClusterRequest } from "../../../../components/vantage";

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
        min_size: 2,
        max_size: 3,
        vcpus: 4,
        memory_gib: 16,
        boot_disk_size_gib: 50,
        data_center_id: "us-newyork-1",
        machine_type: "intel-broadwell-v100",
      },
    ],
  },
};

async function main() {
  const { status, kubeconfig } = await createCluster("request", request, {
    accounts: { 1: { provider: "cudo" } },
    identity: { realm: "lab" },
    deployer: { baseUrl: process.env.DEPLOYER! },
  });
  return { status, kubeconfig };
}

module.exports = main();
