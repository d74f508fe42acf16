import { MithrilCluster } from "../components/mithril/cluster";
import { checkMithrilCluster } from "../components/mithril/validate";
import { cloudOf } from "./config";

/**
 * The cluster of a stack whose config says `cloud: mithril`. Credentials are the provider's: `gpu-clusters:mithril`, or MITHRIL_API_KEY and
 * MITHRIL_PROJECT. `sshPrivateKey` is set with `pulumi config set --secret`.
 */
export const { cluster, problems } = cloudOf(MithrilCluster, checkMithrilCluster);
