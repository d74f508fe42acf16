import type * as pulumi from "../sdk/pulumi";
import type { CudoClusterArgs, CudoControlPlaneArgs, CudoNodeGroupArgs } from "../components/cudo/args";
import { CudoCluster } from "../components/cudo/cluster";
import { object, objects, optionalText } from "./config";

const groupFields = [
  "name",
  "role",
  "minSize",
  "maxSize",
  "vcpus",
  "memoryGib",
  "diskSizeGib",
  "dataCenterId",
  "machineType",
  "gpus",
  "gpuModel",
  "image",
  "labels",
  "taints",
] as const satisfies readonly (keyof CudoNodeGroupArgs)[];

/** The cluster of a stack whose config says `cloud: cudo`. Credentials are the provider's: `gpu-clusters:cudo`, or CUDO_API_KEY. */
export function cluster(stack: string, config: pulumi.Config): CudoCluster {
  return new CudoCluster(stack, {
    clusterName: optionalText(config, "clusterName"),
    namePrefix: optionalText(config, "namePrefix"),
    kubernetesVersion: optionalText(config, "kubernetesVersion"),
    cni: config.get("cni") as CudoClusterArgs["cni"],
    controlPlane: object<CudoControlPlaneArgs>(config, "controlPlane", ["size", "machineType"]),
    nodeGroups: objects<CudoNodeGroupArgs>(config, "nodeGroups", groupFields),
    sshPublicKey: optionalText(config, "sshPublicKey"),
    sshPrivateKey: config.getSecret("sshPrivateKey"),
    apiServerAccessCidrs: config.getObject<string[]>("apiServerAccessCidrs"),
    sshAccessCidrs: config.getObject<string[]>("sshAccessCidrs"),
    devMode: config.getBoolean("devMode"),
  });
}
