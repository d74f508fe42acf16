/** The configuration of `pulumi:providers:aws`, as far as a simulated AWS needs it. */
import { compareInputs } from "../../provider/server/difference";
import { formatPath } from "../../sdk/schema/property-path";
import type { CheckFailure } from "../../provider/server/resource";
import type { DetailedChange } from "../../provider/server/resource-diff";
import { isUnknown } from "../../provider/server/values";
import { containsUnknown, isRecord, type Properties } from "../../provider/server/wire";
import type { Tags } from "./cloud";
import { awsServices } from "./services";

export interface Configuration {
  readonly region: string;
  /** Undefined: from where every AWS tool finds them. */
  readonly credentials: { accessKeyId: string; secretAccessKey: string; sessionToken?: string } | undefined;
  /** Of the shared credentials file, where no keys are given. */
  readonly profile: string | undefined;
  /** By service, and `default`. */
  readonly endpoints: Readonly<Record<string, string>>;
  readonly assumeRole: { RoleArn: string; ExternalId?: string; RoleSessionName?: string } | undefined;
  readonly defaultTags: Tags;
}

const understood = [
  "region",
  "accessKey",
  "secretKey",
  "token",
  "profile",
  "endpoints",
  "assumeRoles",
  "defaultTags",
  "version",
  // True of a simulated AWS in any case, or about services that have no stand-in.
  "skipCredentialsValidation",
  "skipMetadataApiCheck",
  "skipRegionValidation",
  "skipRequestingAccountId",
  "s3UsePathStyle",
  "maxRetries",
  "retryMode",
  "allowedAccountIds",
  "forbiddenAccountIds",
  "insecure",
];

export function checkConfiguration(values: Properties): CheckFailure[] {
  // As the official provider does, so that a change of the environment shows in a diff.
  values["region"] ??= process.env["AWS_REGION"] ?? process.env["AWS_DEFAULT_REGION"];
  if (values["region"] === undefined) delete values["region"];
  const failures: CheckFailure[] = Object.keys(values)
    .filter((property) => !understood.includes(property))
    .map((property) => ({ property, reason: "the simulator's stand-in for the aws provider does not do this" }));
  if (values["region"] === undefined) {
    failures.push({
      property: "region",
      reason: "is required: set the provider's region, or AWS_REGION in the environment",
    });
  }
  if (containsUnknown(values)) return failures;
  const endpoints = endpointsOf(values);
  const missing = awsServices.filter(
    (service) => endpoints[service] === undefined && endpoints["default"] === undefined,
  );
  if (missing.length > 0) {
    const reason =
      `names no endpoint for ${missing.join(", ")}: the simulator's stand-in for the aws provider speaks to a simulated AWS only; ` +
      "for the real one install the official plugin: pulumi plugin install resource aws";
    failures.push({ property: "endpoints", reason });
  }
  for (const [service, url] of Object.entries(endpoints)) {
    if (!isLoopback(url)) {
      const reason = `${service}: ${url} is not on this machine, where the simulated AWS is; for another AWS install the official plugin: pulumi plugin install resource aws`;
      failures.push({ property: "endpoints", reason });
    }
  }
  return failures;
}

export function configurationOf(values: Properties): Configuration {
  if (containsUnknown(values)) throw new Error("the configuration of the aws provider is not known yet");
  const { accessKey, secretKey, token, profile, region } = values as Record<string, string | undefined>;
  const [role] = (parsed(values["assumeRoles"]) ?? []) as {
    roleArn: string;
    externalId?: string;
    sessionName?: string;
  }[];
  const { tags = {} } = (parsed(values["defaultTags"]) ?? {}) as { tags?: Tags };
  return {
    region: region!,
    credentials:
      accessKey !== undefined && secretKey !== undefined
        ? { accessKeyId: accessKey, secretAccessKey: secretKey, ...(token !== undefined && { sessionToken: token }) }
        : undefined,
    profile,
    endpoints: endpointsOf(values),
    assumeRole: role && {
      RoleArn: role.roleArn,
      ...(role.externalId !== undefined && { ExternalId: role.externalId }),
      ...(role.sessionName !== undefined && { RoleSessionName: role.sessionName }),
    },
    defaultTags: tags,
  };
}

/** Another region is another place; everything else is how to get there. */
export function diffConfiguration(before: Properties, after: Properties): Map<string, DetailedChange> {
  return new Map(
    compareInputs({}, before, after).map(({ path, kind }) => {
      const replaces = path[0] === "region" && before["region"] !== undefined && !isUnknown(after["region"]);
      return [formatPath(path), { kind, replaces, ofInput: true }];
    }),
  );
}

function endpointsOf(values: Properties): Record<string, string> {
  const endpoints: Record<string, string> = {};
  if (process.env["AWS_ENDPOINT_URL"]) endpoints["default"] = process.env["AWS_ENDPOINT_URL"];
  for (const service of awsServices) {
    const url = process.env[`AWS_ENDPOINT_URL_${service.toUpperCase()}`];
    if (url) endpoints[service] = url;
  }
  const given = parsed(values["endpoints"]);
  for (const entry of Array.isArray(given) ? given : []) {
    for (const [service, url] of Object.entries(isRecord(entry) ? entry : {})) {
      if (awsServices.includes(service) && typeof url === "string" && url !== "") endpoints[service] = url;
    }
  }
  return endpoints;
}

function isLoopback(url: string): boolean {
  try {
    const { hostname } = new URL(url);
    return hostname === "localhost" || hostname === "[::1]" || /^127\./.test(hostname);
  } catch {
    return false;
  }
}

/** Values that are not texts arrive as JSON from the SDK. */
function parsed(value: unknown): unknown {
  return typeof value === "string" ? (JSON.parse(value) as unknown) : value;
}
