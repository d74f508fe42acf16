/** What shared storage is in every cluster that has it, whichever cloud keeps the data. Light: it brings nothing of Kubernetes' provider. */
import type * as pulumi from "../../../sdk/pulumi";

/** The StorageClass whose volumes many pods on many nodes read and write at once. */
export const sharedStorageClass = "shared";

/** The class's name, which is known once the cluster that makes it is ready. */
export function sharedClassOnce(status: pulumi.Output<string>): pulumi.Output<string> {
  return status.apply(() => sharedStorageClass);
}
