import { LastingChoices } from "./sdk/kubernetes/lasting-choices";
import * as pulumi from "./sdk/pulumi";
import type { KubernetesCluster } from "./components/cluster";
import type { Problems } from "./components/errors";
import type { Cloud } from "./stack/config";
import type { Services } from "./stack/services";

/** By value of the config key `cloud`; each cloud's code is loaded only when it is chosen. */
const clouds: Record<string, () => Cloud> = {
  /* eslint-disable @typescript-eslint/no-require-imports */
  aws: () => require("./stack/aws") as typeof import("./stack/aws"),
  cudo: () => require("./stack/cudo") as typeof import("./stack/cudo"),
  mithril: () => require("./stack/mithril") as typeof import("./stack/mithril"),
  /* eslint-enable @typescript-eslint/no-require-imports */
};

/** What a stack shows of its cluster; some clouds have only some. */
const outputs = [
  "clusterName",
  "endpoint",
  "kubeconfig",
  "nodeGroups",
  "status",
  "kubeconfigExec",
  "vpcId",
  "subnetIds",
  "networkId",
  "nodeSecurityGroupId",
  "controlPlaneSecurityGroupId",
  "nodeRoleArn",
  "sharedStorageClass",
  "clusterId",
];

async function main() {
  const config = new pulumi.Config();
  const cloud = config.require("cloud");
  const load = Object.hasOwn(clouds, cloud) ? clouds[cloud] : undefined;
  if (!load) {
    throw new pulumi.RunError(
      `${config.name}:cloud is "${cloud}"; it must be one of: ${Object.keys(clouds).join(", ")}`,
    );
  }
  const wanted = servicesOf(config);
  const problems = load().problems(pulumi.getStack(), config);
  if (wanted) problems.addAll(wanted.problems);
  problems.raise("The stack's config");
  await keptFor(cloud);
  const cluster = load().cluster(pulumi.getStack(), config);
  const made = Object.entries(cluster).filter(([name]) => outputs.includes(name));
  return { ...Object.fromEntries(made), ...wanted?.make(cluster) };
}

/** Another cloud, and another name of the stack, by which all resources are called, would make another cluster and take this one down: both are refused. */
async function keptFor(cloud: string): Promise<void> {
  const clusterName = pulumi.getStack();
  const { urn } = new LastingChoices("stack", { clusterName, choices: { cloud, "the stack's name": clusterName } });
  await new Promise<void>((resolve) => void urn.apply(() => resolve()));
}

interface WantedServices {
  problems: Problems;
  make(cluster: KubernetesCluster): object;
}

/** Checked before anything is made, as the cluster's own inputs are. */
function servicesOf(config: pulumi.Config): WantedServices | undefined {
  if (config.get("services") === undefined) return undefined;
  /* eslint-disable @typescript-eslint/no-require-imports */
  const { checkServices, services } = require("./stack/services") as typeof import("./stack/services");
  const { structureOf } = require("./stack/config") as typeof import("./stack/config");
  /* eslint-enable @typescript-eslint/no-require-imports */
  const given = structureOf(config, "services");
  return {
    problems: checkServices(pulumi.getStack(), given, structureOf(config, "nodeGroups")),
    make: (cluster) => services(pulumi.getStack(), cluster, given as Services),
  };
}

module.exports = main;
