import type { Simulator } from "../../simulator/server";
import { newSshKeyPair } from "../../simulator/ssh-key-pair";

export const region = "us-central5-a";
export const key = newSshKeyPair();

/** One group of spot instances, each worth a bid. */
export const spotGroup = {
  name: "gpu",
  instanceType: "h100-80gb.sxm.8x",
  capacity: { spot: { limitPrice: "$20.00" } },
  minSize: 1,
  maxSize: 4,
};

/** Configuration of the default program for a Mithril cluster with a file share. */
export function mithrilConfig(
  { mithril }: Simulator,
  clusterName: string,
  nodeGroups: readonly object[],
): Record<string, unknown> {
  const own = {
    cloud: "mithril",
    clusterName,
    region,
    controlPlane: { instanceType: "cpu.4x" },
    sshPublicKey: key.public,
    sshPrivateKey: key.private,
    sshPort: mithril.sshPort,
    fileShares: [{ name: "datasets", sizeGb: 100 }],
    nodeGroups,
  };
  return Object.fromEntries(Object.entries(own).map(([name, value]) => [`pulumi-gpu-clusters:${name}`, value]));
}
