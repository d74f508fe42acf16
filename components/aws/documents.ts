/** The node documents of an AWS cluster. Pure. */
import type { Ec2Member, Ec2NodeDocument } from "../../bootstrap/ec2";
import type { ClusterRanges } from "../cluster-ranges";
import type { Mount } from "./lustre";
import { controlPlaneFields, groupFields, type ClusterFacts, type GroupFacts } from "../node-documents";

interface Common {
  joinParameter: string;
  /** Whether AWS's cloud controller manager runs in the cluster. */
  externalCloudProvider: boolean;
}

export interface ControlPlaneOptions extends ClusterFacts, ClusterRanges, Common {
  /** Addresses and names of the API server that are known before the machine boots. */
  addresses: readonly string[];
  /** Of the API server, where several machines serve it. */
  endpoint: string | undefined;
  /** Which of several machines it is. */
  member: Ec2Member | undefined;
  keysParameter: string;
}

export function controlPlaneDocument(options: ControlPlaneOptions): Ec2NodeDocument {
  const { endpoint, member, keysParameter, joinParameter, addresses } = options;
  return {
    ...controlPlaneFields(options),
    ...cloudProvider(options),
    ...(endpoint !== undefined && { endpoint }),
    ...(member && { member }),
    secrets: { source: "aws-ssm", parameter: keysParameter, joinParameter },
    controlPlane: {
      certificateNames: ["kubernetes", ...addresses],
      podSubnet: options.podCidr,
      serviceSubnet: options.serviceCidr,
      kubeProxy: true,
    },
  };
}

/** The document of a group; each machine completes it. */
export function workerDocument(options: GroupFacts & Common & { lustre?: Mount | undefined }): Ec2NodeDocument {
  const { lustre } = options;
  return {
    ...groupFields(options),
    ...cloudProvider(options),
    ...(lustre && { lustre }),
    secrets: { source: "aws-ssm", parameter: options.joinParameter },
  };
}

function cloudProvider({ externalCloudProvider }: Common): Pick<Ec2NodeDocument, "cloudProvider"> {
  return externalCloudProvider ? { cloudProvider: "external" } : {};
}
