/** AWS's clients with one configuration of the provider, and what every resource asks of them. */
import { EC2, type Tag, type TagSpecification, type ResourceType } from "@aws-sdk/client-ec2";
import { EFS } from "@aws-sdk/client-efs";
import { ElasticLoadBalancingV2 } from "@aws-sdk/client-elastic-load-balancing-v2";
import { FSx } from "@aws-sdk/client-fsx";
import { IAM } from "@aws-sdk/client-iam";
import { KMS } from "@aws-sdk/client-kms";
import { SSM } from "@aws-sdk/client-ssm";
import { STS } from "@aws-sdk/client-sts";
import { fromIni, fromTemporaryCredentials } from "@aws-sdk/credential-providers";
import type * as pulumi from "@pulumi/pulumi";
import { describing } from "../../provider/aws/describing";
import { isAwsError } from "../../provider/aws/errors";
import { DeadlinePassed, waitFor, withDeadline, type Pace } from "../../provider/cloud/wait";
import type { Subject } from "../server/server";
import type { Configuration } from "./configuration";

/** The arguments of a class of @pulumi/aws, as the provider gets them. */
export type Plain<Args> = pulumi.Unwrap<Args>;
export type Tags = Record<string, string>;

const pace: Pace = { firstMs: 60, factor: 1.4, longestMs: 3_000 };
/** As long as the official provider waits for most things. */
const defaultDeadlineMs = 20 * 60_000;
/** Things that go in the same destroy are gone soon; others never. */
const dependencyDeadlineMs = 60_000;

export class Cloud {
  readonly ec2: EC2;
  readonly efs: EFS;
  readonly elb: ElasticLoadBalancingV2;
  readonly fsx: FSx;
  readonly iam: IAM;
  readonly kms: KMS;
  readonly ssm: SSM;
  readonly sts: STS;
  readonly region: string;
  readonly #defaultTags: Tags;
  #account: Promise<string> | undefined;

  constructor({ region, credentials: keys, profile, endpoints, assumeRole, defaultTags }: Configuration) {
    this.region = region;
    this.#defaultTags = defaultTags;
    const credentials = keys ?? (profile === undefined ? undefined : fromIni({ profile }));
    const settings = (service: string) => ({
      region,
      endpoint: endpoints[service] ?? endpoints["default"]!,
      ...(credentials && { credentials }),
    });
    const assumed = assumeRole && {
      credentials: fromTemporaryCredentials({
        params: { RoleSessionName: "gpu-clusters", ...assumeRole },
        clientConfig: settings("sts"),
        ...(credentials && { masterCredentials: credentials }),
      }),
    };
    this.ec2 = describing(new EC2({ ...settings("ec2"), ...assumed }));
    this.efs = describing(new EFS({ ...settings("efs"), ...assumed }));
    this.elb = describing(new ElasticLoadBalancingV2({ ...settings("elbv2"), ...assumed }));
    this.fsx = describing(new FSx({ ...settings("fsx"), ...assumed }));
    this.iam = describing(new IAM({ ...settings("iam"), ...assumed }));
    this.kms = describing(new KMS({ ...settings("kms"), ...assumed }));
    this.ssm = describing(new SSM({ ...settings("ssm"), ...assumed }));
    this.sts = describing(new STS({ ...settings("sts"), ...assumed }));
  }

  account(): Promise<string> {
    this.#account ??= this.sts.getCallerIdentity({}).then(({ Account }) => Account!);
    // The next call asks again.
    this.#account.catch(() => (this.#account = undefined));
    return this.#account;
  }

  async arn(kind: string, id: string): Promise<string> {
    return `arn:aws:ec2:${this.region}:${await this.account()}:${kind}/${id}`;
  }

  tagsAll(tags: Tags | undefined): Tags {
    return { ...this.#defaultTags, ...tags };
  }

  tagList(tags: Tags | undefined): { Key: string; Value: string }[] {
    return Object.entries(this.tagsAll(tags)).map(([Key, Value]) => ({ Key, Value }));
  }

  specifications(kind: ResourceType, tags: Tags | undefined): { TagSpecifications?: TagSpecification[] } {
    const Tags = this.tagList(tags);
    return Tags.length > 0 ? { TagSpecifications: [{ ResourceType: kind, Tags }] } : {};
  }

  /** `tags` are those that the provider's defaults do not explain. */
  readTags(list: readonly Tag[] | undefined): { tags: Tags; tagsAll: Tags } {
    const tagsAll = Object.fromEntries(
      (list ?? []).filter(({ Key }) => !Key!.startsWith("aws:")).map(({ Key, Value }) => [Key!, Value!]),
    );
    const own = Object.entries(tagsAll).filter(([key, value]) => this.#defaultTags[key] !== value);
    return { tags: Object.fromEntries(own), tagsAll };
  }

  /** What must be set and what removed so that tags become those wanted. */
  tagChanges(
    before: Tags | undefined,
    wanted: Tags | undefined,
  ): { set: { Key: string; Value: string }[]; removed: string[] } {
    const after = this.tagsAll(wanted);
    return {
      set: this.tagList(wanted).filter(({ Key, Value }) => before?.[Key] !== Value),
      removed: Object.keys(before ?? {}).filter((key) => !(key in after)),
    };
  }

  async retag(id: string, before: Tags | undefined, wanted: Tags | undefined): Promise<void> {
    const { set, removed } = this.tagChanges(before, wanted);
    if (removed.length > 0) await this.ec2.deleteTags({ Resources: [id], Tags: removed.map((Key) => ({ Key })) });
    if (set.length > 0) await this.ec2.createTags({ Resources: [id], Tags: set });
  }
}

export function until<T>(what: string, look: () => Promise<T | undefined>, subject: Subject): Promise<T> {
  // The timeout that the user gave is in the signal.
  const ms = subject.timeoutMs ?? defaultDeadlineMs;
  return withDeadline({ signal: subject.signal, ms, what }, (signal) => waitFor(look, signal, pace));
}

/** Removes what other things may still hold for a moment. Gone before is fine. */
export async function removeWhenFree(what: string, remove: () => Promise<unknown>, subject: Subject): Promise<void> {
  let refusal: Error | undefined;
  const look = async () => {
    try {
      await remove();
      return true;
    } catch (error) {
      if (isAwsError(error, "notFound")) return true;
      const isHeld =
        isAwsError(error) &&
        /^(DependencyViolation|DeleteConflict|InvalidPlacementGroup\.InUse|InvalidIPAddress\.InUse|ResourceInUse\w*)$/.test(
          error.code,
        );
      if (!isHeld) throw error;
      refusal = error;
      subject.log.status(`${what} is still in use: ${error.cloudMessage}`);
      return undefined;
    }
  };
  const ms = Math.min(subject.timeoutMs ?? dependencyDeadlineMs, dependencyDeadlineMs);
  try {
    await withDeadline({ signal: subject.signal, ms, what: `removing ${what}` }, (signal) =>
      waitFor(look, signal, pace),
    );
  } catch (error) {
    if (refusal === undefined || (!(error instanceof DeadlinePassed) && !subject.signal.aborted)) throw error;
    throw new Error(
      `${what} cannot be deleted, because something that this stack does not delete uses it: ${refusal.message}`,
      { cause: error },
    );
  }
}
