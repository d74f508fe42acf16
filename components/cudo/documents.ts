/** The node documents of a Cudo cluster. Pure. */
import {
  placeholders,
  type ControlPlaneDocument,
  type DiskEncryption,
  type NodeDocument,
} from "../../bootstrap/document";
import type { ClusterRanges } from "../cluster-ranges";
import { diskKeyPath } from "../../sdk/vault/defaults";
import { controlPlaneFields, groupFields, type ClusterFacts, type GroupFacts } from "../node-documents";

/** Every certificate of the API server has this DNS name, so clients can check it whatever the machine's address turns out to be. */
export const apiServerName = "kubernetes";

interface Common {
  /** Empty: no SSH. */
  authorizedKeys: string[];
  /** Absent: disks are not encrypted. */
  vault?: DocumentVault | undefined;
}

/** What machines know of their Vault. */
export type DocumentVault = Pick<
  DiskEncryption,
  "address" | "certificateAuthority" | "namespace" | "authMount" | "keyMount"
>;

export interface ControlPlaneOptions extends ClusterFacts, ClusterRanges, Common {
  keys: Pick<ControlPlaneDocument, "ca" | "frontProxyCa" | "etcdCa" | "serviceAccountKey" | "encryptionKey">;
}

export function controlPlaneDocument(options: ControlPlaneOptions): NodeDocument {
  const { keys, podCidr: podSubnet, serviceCidr: serviceSubnet } = options;
  return {
    ...controlPlaneFields(options),
    ...commonFields(options),
    controlPlane: { ...keys, certificateNames: [apiServerName], podSubnet, serviceSubnet, kubeProxy: true },
  };
}

/** The document of a group; the driver fills what differs from machine to machine. */
export function workerDocument(options: GroupFacts & Common): NodeDocument {
  return {
    ...groupFields(options),
    ...commonFields(options),
    tlsServerName: apiServerName,
    bootstrapToken: placeholders.bootstrapToken,
  };
}

/** Of a machine's data disk: by the machine's own credential, with a key of the disk's own. */
export function dataDiskEncryption(vault: DocumentVault, diskId: string): DiskEncryption {
  return { ...vault, ...credential, keyPath: diskKeyPath(credential.keyPath, diskId) };
}

function commonFields({ authorizedKeys, vault }: Common): Pick<NodeDocument, "authorizedKeys" | "diskEncryption"> {
  return {
    ...(authorizedKeys.length > 0 && { authorizedKeys }),
    ...(vault && { diskEncryption: { ...vault, ...credential } }),
  };
}

/** The driver fills it in: each machine has another. */
const credential = {
  roleId: placeholders.vaultRoleId,
  wrappedSecretId: placeholders.vaultToken,
  keyPath: placeholders.vaultKeyPath,
};
