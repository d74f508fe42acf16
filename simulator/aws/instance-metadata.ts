/** An instance's metadata service, version 2 (reference: EC2 user guide, "Instance metadata and user data"). */
import { randomBytes } from "node:crypto";
import type { IncomingMessage, ServerResponse } from "node:http";

export interface RoleCredentials {
  readonly accessKeyId: string;
  readonly secretAccessKey: string;
  readonly sessionToken: string;
  readonly expiration: Date;
}

/** What there is to know of an instance. */
export interface InstanceFacts {
  readonly account: string;
  readonly region: string;
  readonly zone: string;
  readonly vpc: string;
  readonly instanceId: string;
  readonly instanceType: string;
  readonly imageId: string;
  readonly mac: string;
  readonly privateIp: string;
  readonly privateDns: string;
  readonly publicIp: string | undefined;
  readonly lifeCycle: "spot" | "on-demand";
  /** What stands at `spot/instance-action` from the notice of an interruption on. */
  readonly interruption: string | undefined;
  readonly securityGroups: readonly string[];
  /** As EC2 hands it out: base64 is undone, compression is not. */
  readonly userData: Buffer | undefined;
  readonly profileArn: string | undefined;
  readonly roleName: string | undefined;
  /** `disabled`: it answers nothing. `required`: nothing without a token. */
  readonly service: "disabled" | "optional" | "required";
}

export interface MetadataSource {
  /** Undefined when there is no such instance (any more). */
  facts(machine: string): Promise<InstanceFacts | undefined>;
  credentials(facts: InstanceFacts): Promise<RoleCredentials>;
}

const longestTokenSeconds = 21_600;
const tokenLife = "x-aws-ec2-metadata-token-ttl-seconds";

type Answer = [status: number, body: string | Buffer, headers?: Record<string, string>];

export class InstanceMetadata {
  private readonly tokens = new Map<string, { machine: string; ends: number }>();

  constructor(private readonly source: MetadataSource) {}

  /** `machine`: id of the one that asks. */
  async answer(request: IncomingMessage, response: ServerResponse, machine: string): Promise<void> {
    const [status, body, headers = {}] = await this.look(request, machine);
    response.writeHead(status, { "content-type": "text/plain", ...headers }).end(body);
  }

  private async look(request: IncomingMessage, machine: string): Promise<Answer> {
    const facts = await this.source.facts(machine);
    if (facts === undefined) return [404, ""];
    if (facts.service === "disabled") return [403, ""];
    const [path = ""] = (request.url ?? "").split("?");
    if (path === "/latest/api/token") return this.token(request, machine);
    if (request.method !== "GET" && request.method !== "HEAD") return [405, ""];
    const given = request.headers["x-aws-ec2-metadata-token"];
    if (given === undefined ? facts.service === "required" : !this.isValid(String(given), machine)) return [401, ""];
    const versioned = /^\/(?:latest|\d{4}-\d\d-\d\d)(?:\/(.*))?$/.exec(path);
    if (versioned === null) return [404, ""];
    const [, rest = ""] = versioned;
    const found = lookUp(await this.tree(facts, rest), rest);
    return found === undefined ? [404, ""] : [200, found];
  }

  private token(request: IncomingMessage, machine: string): Answer {
    if (request.method !== "PUT") return [405, ""];
    // Whoever stands in between must not get one.
    if (request.headers["x-forwarded-for"] !== undefined) return [403, ""];
    const seconds = Number(request.headers[tokenLife]);
    if (!Number.isInteger(seconds) || seconds < 1 || seconds > longestTokenSeconds) return [400, ""];
    const token = randomBytes(40).toString("base64");
    this.tokens.set(token, { machine, ends: Date.now() + seconds * 1000 });
    // Without it AWS's SDK for Go asks without a token from then on.
    return [200, token, { [tokenLife]: String(seconds) }];
  }

  private isValid(token: string, machine: string): boolean {
    const known = this.tokens.get(token);
    return known !== undefined && known.machine === machine && known.ends > Date.now();
  }

  /** Everything, by path; credentials are made for those who ask for them only. */
  private async tree(facts: InstanceFacts, path: string): Promise<ReadonlyMap<string, string | Buffer>> {
    const tree = new Map<string, string | Buffer>(Object.entries(metadata(facts)));
    if (facts.userData !== undefined) tree.set("user-data", facts.userData);
    if (facts.roleName === undefined) return tree;
    const credentials = `meta-data/iam/security-credentials/${facts.roleName}`;
    tree.set(credentials, path === credentials ? credentialsText(await this.source.credentials(facts)) : "");
    return tree;
  }
}

/** What stands there, or the names below it. */
function lookUp(tree: ReadonlyMap<string, string | Buffer>, path: string): string | Buffer | undefined {
  const exact = tree.get(path);
  if (exact !== undefined) return exact;
  const folder = path === "" || path.endsWith("/") ? path : `${path}/`;
  const below = [...tree.keys()].filter((key) => key.startsWith(folder)).map((key) => key.slice(folder.length));
  const names = below.map((key) => (key.includes("/") ? `${key.split("/")[0]}/` : key));
  return names.length === 0 ? undefined : [...new Set(names)].sort().join("\n");
}

function metadata(facts: InstanceFacts): Record<string, string> {
  const { account, region, zone, vpc, instanceId, instanceType, imageId, mac, privateIp, privateDns, publicIp } = facts;
  return {
    "meta-data/ami-id": imageId,
    "meta-data/ami-launch-index": "0",
    "meta-data/hostname": privateDns,
    "meta-data/instance-action": "none",
    "meta-data/instance-id": instanceId,
    "meta-data/instance-life-cycle": facts.lifeCycle,
    "meta-data/instance-type": instanceType,
    "meta-data/local-hostname": privateDns,
    "meta-data/local-ipv4": privateIp,
    "meta-data/mac": mac,
    [`meta-data/network/interfaces/macs/${mac}/vpc-id`]: vpc,
    "meta-data/placement/availability-zone": zone,
    "meta-data/placement/region": region,
    ...(publicIp !== undefined && { "meta-data/public-ipv4": publicIp }),
    "meta-data/security-groups": facts.securityGroups.join("\n"),
    "meta-data/services/domain": "amazonaws.com",
    "meta-data/services/partition": "aws",
    ...(facts.interruption !== undefined && { "meta-data/spot/instance-action": facts.interruption }),
    ...(facts.profileArn !== undefined && {
      "meta-data/iam/info": JSON.stringify({ Code: "Success", InstanceProfileArn: facts.profileArn }),
    }),
    "dynamic/instance-identity/document": JSON.stringify({
      accountId: account,
      availabilityZone: zone,
      imageId,
      instanceId,
      instanceType,
      privateIp,
      region,
      version: "2017-09-30",
    }),
  };
}

function credentialsText({ accessKeyId, secretAccessKey, sessionToken, expiration }: RoleCredentials): string {
  const iso = (time: Date) => time.toISOString().replace(/\.\d+Z$/, "Z");
  return JSON.stringify({
    Code: "Success",
    LastUpdated: iso(new Date()),
    Type: "AWS-HMAC",
    AccessKeyId: accessKeyId,
    SecretAccessKey: secretAccessKey,
    Token: sessionToken,
    Expiration: iso(expiration),
  });
}
