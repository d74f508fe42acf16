import * as pulumi from "@pulumi/pulumi";
// In a program of your own: from "pulumi-gpu-clusters" and "pulumi-gpu-clusters/addons".
import { ExistingCluster } from "../../components";
import { ServiceAccountKubeconfig } from "../../components/addons";

const config = new pulumi.Config();

// `kubectl config view --flatten --minify | pulumi config set --secret kubeconfig`
const cluster = new ExistingCluster("shared", {
  kubeconfig: config.requireSecret("kubeconfig"),
  context: config.get("context"),
});

// CI may roll out what is in this namespace, and reads nothing else.
const ci = new ServiceAccountKubeconfig("ci", { cluster, clusterRole: "edit", namespaces: ["default"] });

export const endpoint = cluster.endpoint;
export const kubeconfig = ci.kubeconfig;
