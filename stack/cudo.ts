import { CudoCluster } from "../components/cudo/cluster";
import { checkCudoCluster } from "../components/cudo/validate";
import { cloudOf } from "./config";

/** The cluster of a stack whose config says `cloud: cudo`. Credentials are the provider's: `gpu-clusters:cudo`, or CUDO_API_KEY. */
export const { cluster, problems } = cloudOf(CudoCluster, checkCudoCluster);
