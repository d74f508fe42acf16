import * as pulumi from "./sdk/pulumi";
import type { KubernetesCluster } from "./components/cluster";
import type { Services } from "./stack/services";

/** By value of the config key `cloud`; each cloud's code is loaded only when it is chosen. */
const clouds: Record<string, () => { cluster(name: string, config: pulumi.Config): KubernetesCluster }> = {
  /* eslint-disable @typescript-eslint/no-require-imports */
  aws: () => require("./stack/aws") as typeof import("./stack/aws"),
  cudo: () => require("./stack/cudo") as typeof import("./stack/cudo"),
  mithril: () => require("./stack/mithril") as typeof import("./stack/mithril"),
  /* eslint-enable @typescript-eslint/no-require-imports */
};

/** What a stack shows of its cluster; some clouds have only some. */
const outputs = [
  ...["clusterName", "endpoint", "kubeconfig", "nodeGroups", "status"],
  ...["kubeconfigExec", "vpcId", "subnetIds", "networkId", "nodeSecurityGroupId", "controlPlaneSecurityGroupId"],
  ...["nodeRoleArn", "sharedStorageClass", "clusterId"],
];

function main() {
  const config = new pulumi.Config();
  const cloud = config.require("cloud");
  const load = clouds[cloud];
  if (!load) {
    throw new pulumi.RunError(
      `${config.name}:cloud is "${cloud}"; it must be one of: ${Object.keys(clouds).join(", ")}`,
    );
  }
  const wanted = servicesOf(config);
  const cluster = load().cluster(pulumi.getStack(), config);
  const made = Object.entries(cluster).filter(([name]) => outputs.includes(name));
  return { ...Object.fromEntries(made), ...wanted?.(cluster) };
}

/** Checked before anything is made, as the cluster's own inputs are. */
function servicesOf(config: pulumi.Config): ((cluster: KubernetesCluster) => object) | undefined {
  const given = config.getObject<Services>("services");
  if (given === undefined) return undefined;
  // eslint-disable-next-line @typescript-eslint/no-require-imports
  const { checkServices, services } = require("./stack/services") as typeof import("./stack/services");
  checkServices(pulumi.getStack(), given, config.getObject("nodeGroups")).raise("Services");
  return (cluster) => services(pulumi.getStack(), cluster, given);
}

module.exports = main();
