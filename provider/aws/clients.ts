/** AWS's SDK clients for one connection. */
import type { Agent as HttpAgent } from "node:http";
import type { Agent as HttpsAgent } from "node:https";
import { EC2Client } from "@aws-sdk/client-ec2";
import { IAMClient } from "@aws-sdk/client-iam";
import { ServiceQuotasClient } from "@aws-sdk/client-service-quotas";
import { STSClient } from "@aws-sdk/client-sts";
import { fromIni, fromTemporaryCredentials } from "@aws-sdk/credential-providers";
import type { AwsProviderConfig } from "../../sdk/aws/config";
import { EnvironmentAgent, namesProxies } from "../cloud/proxy";
import { describing } from "./describing";
import { toAwsError } from "./errors";

/** Enough for the longest throttling that was seen: the SDK waits up to 20 s between two attempts. */
const attempts = 8;

export class AwsClients {
  /** For a client of another service. */
  readonly settings;
  private ec2Client: EC2Client | undefined;
  private iamClient: IAMClient | undefined;
  private quotasClient: ServiceQuotasClient | undefined;
  private stsClient: STSClient | undefined;

  constructor(readonly connection: AwsProviderConfig) {
    const { region, profile, endpoint, assumeRole } = connection;
    const place = { ...(region && { region }), ...(endpoint && { endpoint }) };
    const agent = namesProxies() ? new EnvironmentAgent() : undefined;
    const agents = agent && { httpAgent: agent, httpsAgent: agent as HttpAgent as HttpsAgent };
    // Without the last, the SDK only warns, and a connection that has gone silent is waited for without an end.
    const limits = { connectionTimeout: 10_000, requestTimeout: 60_000, throwOnRequestTimeout: true };
    const requestHandler = { ...limits, ...agents };
    this.settings = {
      ...place,
      ...(profile && { profile }),
      retryMode: "adaptive",
      maxAttempts: attempts,
      requestHandler,
      ...(assumeRole && {
        credentials: fromTemporaryCredentials({
          params: {
            RoleArn: assumeRole.roleArn,
            RoleSessionName: "gpu-clusters",
            ...(assumeRole.externalId && { ExternalId: assumeRole.externalId }),
          },
          clientConfig: { ...place, requestHandler },
          ...(profile && { masterCredentials: fromIni({ profile }) }),
        }),
      }),
    };
  }

  get ec2(): EC2Client {
    return (this.ec2Client ??= describing(new EC2Client(this.settings)));
  }

  get iam(): IAMClient {
    return (this.iamClient ??= describing(new IAMClient(this.settings)));
  }

  get quotas(): ServiceQuotasClient {
    return (this.quotasClient ??= describing(new ServiceQuotasClient(this.settings)));
  }

  get sts(): STSClient {
    return (this.stsClient ??= describing(new STSClient(this.settings)));
  }

  /** Rejects where none is configured. */
  region(): Promise<string> {
    return regionOf(this.ec2);
  }
}

/** The region that a client asks. Rejects, in our words, where none is configured. */
export async function regionOf({ config }: Pick<EC2Client, "config">): Promise<string> {
  try {
    return await config.region();
  } catch (error) {
    throw toAwsError(error, "region");
  }
}
