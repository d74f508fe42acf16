/** What the simulated AWS knows of an instance, asked of its own API. */
import { EC2 } from "@aws-sdk/client-ec2";
import { IAM } from "@aws-sdk/client-iam";
import { STS } from "@aws-sdk/client-sts";
import type { InstanceFacts, RoleCredentials } from "./instance-metadata";
import type { InstanceEvent } from "./moto-process";

// Of no use to those who look at the simulator's output.
process.env.AWS_SDK_JS_NODE_VERSION_SUPPORT_WARNING_DISABLED ??= "true";

const roleSeconds = 3600;

export class InstanceFactsReader {
  /** `endpoint`: asked for each call, because machines may ask before it is known. */
  constructor(private readonly endpoint: () => string) {}

  async read(event: InstanceEvent): Promise<InstanceFacts | undefined> {
    const { account, region, instanceId, userData, lifeCycle } = event;
    const { Reservations } = await this.as(EC2, event).describeInstances({ InstanceIds: [instanceId] });
    const instance = Reservations?.[0]?.Instances?.[0];
    if (!instance) return undefined;
    const { MetadataOptions: options, IamInstanceProfile: profile } = instance;
    return {
      account,
      region,
      instanceId,
      lifeCycle,
      interruption: event.interruption ?? undefined,
      zone: instance.Placement?.AvailabilityZone ?? "",
      instanceType: instance.InstanceType ?? "",
      imageId: instance.ImageId ?? "",
      privateIp: instance.PrivateIpAddress ?? "",
      privateDns: instance.PrivateDnsName ?? "",
      mac: instance.NetworkInterfaces?.[0]?.MacAddress ?? "",
      vpc: instance.VpcId ?? "",
      publicIp: instance.PublicIpAddress,
      securityGroups: (instance.SecurityGroups ?? []).map(({ GroupName }) => GroupName ?? ""),
      userData: userData === null ? undefined : Buffer.from(userData, "base64"),
      profileArn: profile?.Arn,
      roleName: profile?.Arn === undefined ? undefined : await this.roleOf(profile.Arn, event),
      service: options?.HttpEndpoint === "disabled" ? "disabled" : (options?.HttpTokens ?? "optional"),
    };
  }

  /** EC2 assumes an instance's role for it. */
  async credentials(facts: InstanceFacts): Promise<RoleCredentials> {
    const { Credentials: given } = await this.as(STS, facts).assumeRole({
      RoleArn: `arn:aws:iam::${facts.account}:role/${facts.roleName}`,
      RoleSessionName: facts.instanceId,
      DurationSeconds: roleSeconds,
    });
    return {
      accessKeyId: given!.AccessKeyId!,
      secretAccessKey: given!.SecretAccessKey!,
      sessionToken: given!.SessionToken!,
      expiration: given!.Expiration!,
    };
  }

  private async roleOf(profileArn: string, place: Place): Promise<string | undefined> {
    const InstanceProfileName = profileArn.split("/").at(-1);
    const { InstanceProfile } = await this.as(IAM, place).getInstanceProfile({ InstanceProfileName });
    return InstanceProfile?.Roles?.[0]?.RoleName;
  }

  /** A client of the account: moto takes that from a header of its own. */
  private as<Client extends EC2 | IAM | STS>(
    make: new (settings: { endpoint: string; region: string; credentials: typeof anyone }) => Client,
    { account, region }: Place,
  ): Client {
    const client = new make({ endpoint: this.endpoint(), region, credentials: anyone });
    const stack = client.middlewareStack as unknown as MiddlewareStack;
    const addHeader: Middleware = (next) => (call) => {
      call.request.headers["x-moto-account-id"] = account;
      return next(call);
    };
    stack.add(addHeader, { step: "build" });
    return client;
  }
}

interface Place {
  readonly account: string;
  readonly region: string;
}

const anyone = { accessKeyId: "simulator", secretAccessKey: "simulator" };

/** What all of them have in common. */
interface MiddlewareStack {
  add(middleware: Middleware, options: { step: "build" }): void;
}
interface Call {
  request: { headers: Record<string, string> };
}
type Middleware = (next: (call: Call) => Promise<unknown>) => (call: Call) => Promise<unknown>;
