import * as pulumi from "@pulumi/pulumi";
import type { KubernetesCluster } from "./components/cluster";

/** By value of the config key `cloud`; each cloud's code is loaded only when it is chosen. */
const clouds: Record<string, () => Promise<{ cluster(name: string, config: pulumi.Config): KubernetesCluster }>> = {
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
  const { clusterName, endpoint, kubeconfig, nodeGroups, status } = (await load()).cluster(pulumi.getStack(), config);
  return { clusterName, endpoint, kubeconfig, nodeGroups, status };
}

module.exports = main();
