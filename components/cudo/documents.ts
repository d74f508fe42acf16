/** The node documents of a Cudo cluster. Pure. */
import { placeholders, type ControlPlaneDocument, type NodeDocument } from "../../bootstrap/document";
import type { ClusterRanges } from "../cluster-ranges";
import { controlPlaneFields, groupFields, type ClusterFacts, type GroupFacts } from "../node-documents";

/** Every certificate of the API server has this DNS name, so clients can check it whatever the machine's address turns out to be. */
export const apiServerName = "kubernetes";

interface Common {
  /** Empty: no SSH. */
  authorizedKeys: string[];
}

export interface ControlPlaneOptions extends ClusterFacts, ClusterRanges, Common {
  keys: Pick<ControlPlaneDocument, "ca" | "frontProxyCa" | "etcdCa" | "serviceAccountKey" | "encryptionKey">;
}

export function controlPlaneDocument(options: ControlPlaneOptions): NodeDocument {
  const { keys, podCidr: podSubnet, serviceCidr: serviceSubnet } = options;
  return {
    ...controlPlaneFields(options),
    ...keysOf(options),
    controlPlane: { ...keys, certificateNames: [apiServerName], podSubnet, serviceSubnet, kubeProxy: true },
  };
}

/** The document of a group; the driver fills what differs from machine to machine. */
export function workerDocument(options: GroupFacts & Common): NodeDocument {
  return {
    ...groupFields(options),
    ...keysOf(options),
    tlsServerName: apiServerName,
    bootstrapToken: placeholders.bootstrapToken,
  };
}

function keysOf({ authorizedKeys }: Common): Pick<NodeDocument, "authorizedKeys"> {
  return authorizedKeys.length > 0 ? { authorizedKeys } : {};
}
