import { createCluster, type CreateClusterRequest } from "../../../../components/vantage";

const request: CreateClusterRequest = {
  name: "c1",
  description: "For tests",
  cloud_account_id: 1,
  cluster_type: "k8s",
  settings: {
    region_name: "us-west-2",
    key_pair: "ops",
    autoscaler_node_groups: [
      { name: "workers", role: "worker", min_size: 1, max_size: 2, instance_types: ["m6i.large"] },
      { name: "gpu", role: "worker", min_size: 1, max_size: 1, instance_types: ["g4dn.xlarge"] },
    ],
    integrations: ["jupyterhub", "kuberay", "slurm"],
  },
};

async function main() {
  const { status, kubeconfig } = await createCluster("request", request, {
    accounts: { 1: { provider: "aws", role_arn: "arn:aws:iam::123456789012:role/deployer" } },
    identity: { realm: "lab" },
    deployer: { baseUrl: process.env.DEPLOYER! },
    integrations: { jupyterhubUrl: "https://hub.c1.example.com", protect: false },
  });
  return { status, kubeconfig };
}

module.exports = main();
