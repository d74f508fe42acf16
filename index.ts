import * as pulumi from "./sdk/pulumi";
import type { AwsCluster } from "./components/aws/cluster";
import type { KubernetesCluster } from "./components/cluster";

/** What some clouds give besides. */
type More = Partial<Pick<AwsCluster, "kubeconfigExec" | "vpcId" | "subnetIds" | "nodeRoleArn">>;

/** By value of the config key `cloud`; each cloud's code is loaded only when it is chosen. */
const clouds: Record<string, () => { cluster(name: string, config: pulumi.Config): KubernetesCluster & More }> = {
  /* eslint-disable @typescript-eslint/no-require-imports */
  aws: () => require("./stack/aws") as typeof import("./stack/aws"),
  cudo: () => require("./stack/cudo") as typeof import("./stack/cudo"),
  mithril: () => require("./stack/mithril") as typeof import("./stack/mithril"),
  /* eslint-enable @typescript-eslint/no-require-imports */
};

function main() {
  const config = new pulumi.Config();
  const cloud = config.require("cloud");
  const load = clouds[cloud];
  if (!load) {
    throw new pulumi.RunError(
      `${config.name}:cloud is "${cloud}"; it must be one of: ${Object.keys(clouds).join(", ")}`,
    );
  }
  const made = load().cluster(pulumi.getStack(), config);
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
