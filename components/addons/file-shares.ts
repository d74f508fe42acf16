/** Which file shares every node of a cluster has, each at `/mnt/<name>`, where the cluster knows all that there are. */
import { PerCluster } from "../per-cluster";

export const fileShares = new PerCluster<readonly string[]>();
