import type * as pulumi from "../sdk/pulumi";
import type {
  AwsCloudAccountArgs,
  AwsClusterArgs,
  AwsControlPlaneArgs,
  AwsNetworkArgs,
  AwsNodeGroupArgs,
} from "../components/aws/args";
import { AwsCluster } from "../components/aws/cluster";
import { object, objects, optionalText } from "./config";

const groupFields = [
  "name",
  "role",
  "minSize",
  "maxSize",
  "instanceTypes",
  "capacity",
  "diskSizeGib",
  "gpus",
  "efa",
  "placementGroup",
  "image",
  "labels",
  "taints",
] as const satisfies readonly (keyof AwsNodeGroupArgs)[];

const networkFields = [
  "cidr",
  "zones",
  "nat",
  "vpcId",
  "subnetIds",
] as const satisfies readonly (keyof AwsNetworkArgs)[];

const controlPlaneFields = [
  "instanceType",
  "diskSizeGib",
  "image",
  "count",
] as const satisfies readonly (keyof AwsControlPlaneArgs)[];

const accountFields = ["roleArn", "externalId"] as const satisfies readonly (keyof AwsCloudAccountArgs)[];

/** The cluster of a stack whose config says `cloud: aws`. Credentials come from where every AWS tool finds them; `aws:region` says where. */
export function cluster(stack: string, config: pulumi.Config): AwsCluster {
  return new AwsCluster(stack, {
    clusterName: optionalText(config, "clusterName"),
    namePrefix: optionalText(config, "namePrefix"),
    keyPair: config.get("keyPair") ?? "",
    region: optionalText(config, "region"),
    cloudAccount: object<AwsCloudAccountArgs>(config, "cloudAccount", accountFields),
    network: object<AwsNetworkArgs>(config, "network", networkFields),
    controlPlane: object<AwsControlPlaneArgs>(config, "controlPlane", controlPlaneFields),
    kubernetesVersion: optionalText(config, "kubernetesVersion"),
    cni: config.get("cni") as AwsClusterArgs["cni"],
    cloudControllerManager: config.getBoolean("cloudControllerManager"),
    nodeGroups: objects<AwsNodeGroupArgs>(config, "nodeGroups", groupFields),
    apiServerAccessCidrs: config.getObject<string[]>("apiServerAccessCidrs"),
    sshAccessCidrs: config.getObject<string[]>("sshAccessCidrs"),
    tags: config.getObject<Record<string, string>>("tags"),
    devMode: config.getBoolean("devMode"),
  });
}
