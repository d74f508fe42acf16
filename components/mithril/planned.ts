import type { PlannedClusterArgs } from "../../sdk/mithril/planned-cluster";
import type { MithrilClusterArgs } from "./args";

/** What of a cluster's arguments Mithril's offer decides about. Names that are looked up nowhere stay out. */
export function plannedArgs(clusterName: string, args: MithrilClusterArgs): PlannedClusterArgs {
  const { region, controlPlane, sshKeyId, nodeGroups = [], fileShares = [] } = args;
  return {
    clusterName,
    region,
    controlPlane: { instanceType: controlPlane.instanceType },
    sshKeyId,
    nodeGroups: nodeGroups.map(({ name, instanceType, region, capacity, minSize, maxSize, volumes, image }) => {
      return { name, instanceType, region, capacity, minSize, maxSize, volumes, image };
    }),
    fileShares: fileShares.map(({ name, sizeGb }) => ({ name, sizeGb })),
  };
}
