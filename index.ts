import * as pulumi from "./sdk/pulumi";
import type { AwsCluster } from "./components/aws/cluster";
import type { KubernetesCluster } from "./components/cluster";

/** What some clouds give besides. */
type More = Partial<Pick<AwsCluster, "kubeconfigExec" | "vpcId" | "subnetIds" | "nodeRoleArn">>;

/** By value of the config key `cloud`; each cloud's code is loaded only when it is chosen. */
const clouds: Record<
  string,
  () => Promise<{ cluster(name: string, config: pulumi.Config): KubernetesCluster & More }>
> = {
  aws: () => import("./stack/aws.js"),
  cudo: () => import("./stack/cudo.js"),
  mithril: () => import("./stack/mithril.js"),
};

async function main() {
  const config = new pulumi.Config();
  const cloud = config.require("cloud");
  const load = clouds[cloud];
  if (!load) {
    throw new pulumi.RunError(
      `${config.name}:cloud is "${cloud}"; it must be one of: ${Object.keys(clouds).join(", ")}`,
    );
  }
  const made = (await load()).cluster(pulumi.getStack(), config);
  const { clusterName, endpoint, kubeconfig, nodeGroups, status } = made;
  const { kubeconfigExec, vpcId, subnetIds, nodeRoleArn } = made;
  const outputs = {
    clusterName,
    endpoint,
    kubeconfig,
    nodeGroups,
    status,
    kubeconfigExec,
    vpcId,
    subnetIds,
    nodeRoleArn,
  };
  return Object.fromEntries(Object.entries(outputs).filter(([, value]) => value !== undefined));
}

module.exports = main();
