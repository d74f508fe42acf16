import { ServiceAccountKubeconfig } from "../../../../components/addons";
import { ExistingCluster } from "../../../../components/existing/cluster";
import * as pulumi from "../../../../sdk/pulumi";

const config = new pulumi.Config();
const cluster = new ExistingCluster("shared", { kubeconfig: config.requireSecret("kubeconfig") });
const access = new ServiceAccountKubeconfig("access", {
  cluster,
  accountName: config.require("accountName"),
  accountNamespace: "team",
  clusterRole: config.require("clusterRole"),
  namespaces: config.require("namespaces").split(" "),
});

export const kubeconfig = access.kubeconfig;
