/** Which clusters of the program bring volumes that one node has at a time, and by which class. Light: it brings nothing of Kubernetes' provider. */
import { PerCluster } from "../../per-cluster";

/** AWS's. */
export const ebsClass = "gp3";

/** The class, where control planes reach its volumes as all nodes do. */
export const blockClass = new PerCluster<string>();
