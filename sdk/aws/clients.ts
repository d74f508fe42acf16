/** AWS's SDK clients for one connection. */
import { EC2Client } from "@aws-sdk/client-ec2";
import { IAMClient } from "@aws-sdk/client-iam";
import { ServiceQuotasClient } from "@aws-sdk/client-service-quotas";
import { STSClient } from "@aws-sdk/client-sts";
import { fromTemporaryCredentials } from "@aws-sdk/credential-providers";
import type { AwsConnection } from "./config";
import { toAwsError } from "./errors";

// We pin the SDK's version and support Node 20 with it; what later versions will need is no news to a user of ours.
process.env.AWS_SDK_JS_NODE_VERSION_SUPPORT_WARNING_DISABLED ??= "true";

/** Enough for the longest throttling that was seen: the SDK waits up to 20 s between two attempts. */
const attempts = 8;

export class AwsClients {
  private readonly settings;
  private ec2Client: EC2Client | undefined;
  private iamClient: IAMClient | undefined;
  private quotasClient: ServiceQuotasClient | undefined;
  private stsClient: STSClient | undefined;

  constructor(readonly connection: AwsConnection) {
    const { region, endpoint, assumeRole } = connection;
    const place = { ...(region && { region }), ...(endpoint && { endpoint }) };
    this.settings = {
      ...place,
      retryMode: "adaptive",
      maxAttempts: attempts,
      requestHandler: { connectionTimeout: 10_000, requestTimeout: 60_000 },
      ...(assumeRole && {
        credentials: fromTemporaryCredentials({
          params: {
            RoleArn: assumeRole.roleArn,
            RoleSessionName: "gpu-clusters",
            ...(assumeRole.externalId && { ExternalId: assumeRole.externalId }),
          },
          clientConfig: place,
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

  region(): Promise<string> {
    return this.ec2.config.region();
  }
}

/** Makes the client throw `AwsApiError`. */
function describing<C extends EC2Client | IAMClient | ServiceQuotasClient | STSClient>(client: C): C {
  // The stacks of the clients differ in the types of their commands only, which do not matter here.
  const stack = client.middlewareStack as EC2Client["middlewareStack"];
  stack.add(
    (next, context) => async (args) => {
      try {
        return await next(args);
      } catch (error) {
        throw toAwsError(error, (context.commandName ?? "").replace(/Command$/, ""));
      }
    },
    { step: "initialize", priority: "high", name: "describeErrors" },
  );
  return client;
}
