import type * as pulumi from "../sdk/pulumi";
import type {
  MithrilClusterArgs,
  MithrilControlPlaneArgs,
  MithrilFileShareArgs,
  MithrilNodeGroupArgs,
} from "../components/mithril/args";
import { MithrilCluster } from "../components/mithril/cluster";
import { object, objects, optionalText } from "./config";

const groupFields = [
  "name",
  "instanceType",
  "capacity",
  "minSize",
  "maxSize",
  "gpus",
  "region",
  "volumes",
  "startupScript",
  "imageVersion",
  "paused",
] as const satisfies readonly (keyof MithrilNodeGroupArgs)[];

const shareFields = ["name", "sizeGb"] as const satisfies readonly (keyof MithrilFileShareArgs)[];

/**
 * The cluster of a stack whose config says `cloud: mithril`. Credentials are the provider's: `gpu-clusters:mithril`, or MITHRIL_API_KEY and
 * MITHRIL_PROJECT. `sshPrivateKey` is set with `pulumi config set --secret`.
 */
export function cluster(stack: string, config: pulumi.Config): MithrilCluster {
  return new MithrilCluster(stack, {
    clusterName: optionalText(config, "clusterName"),
    namePrefix: optionalText(config, "namePrefix"),
    region: config.require("region"),
    controlPlane: object<MithrilControlPlaneArgs>(config, "controlPlane", ["instanceType"]) as MithrilControlPlaneArgs,
    kubernetesVersion: optionalText(config, "kubernetesVersion") as MithrilClusterArgs["kubernetesVersion"],
    sshPublicKey: config.require("sshPublicKey"),
    sshPrivateKey: config.requireSecret("sshPrivateKey"),
    sshPort: config.getNumber("sshPort"),
    hostKey: optionalText(config, "hostKey"),
    nodeGroups: objects<MithrilNodeGroupArgs>(config, "nodeGroups", groupFields),
    fileShares: objects<MithrilFileShareArgs>(config, "fileShares", shareFields),
    timeoutMinutes: config.getNumber("timeoutMinutes"),
  });
}
