/** What AWS answered when it did not do what was asked, and what kind of refusal that is. */
import { regionHint } from "../../sdk/aws/regions";
import { messageOf } from "../../sdk/message";

/**
 * - `capacity`: AWS has no such machines free now.
 * - `quota`: the account may not have more.
 * - `precondition`: not in this state; may pass.
 * - `credentials`: none were found, or they are not valid.
 * - `unavailable`: the outcome is unknown; the request may have had its effect.
 */
export type AwsErrorKind =
  | "capacity"
  | "quota"
  | "notFound"
  | "precondition"
  | "throttled"
  | "permission"
  | "credentials"
  | "unavailable"
  | "invalid";

/** By AWS's error code; the first that matches counts. Reference: EC2 API, "Error codes"; the other services' API references, "Common errors". */
const kinds: readonly (readonly [RegExp, AwsErrorKind])[] = [
  [
    /^(EC2)?(RequestLimitExceeded|BandwidthLimitExceeded|Throttl\w*|RequestThrottled\w*|TooManyRequests\w*|TooManyUpdates|SlowDown)$/,
    "throttled",
  ],
  [
    /^(Insufficient\w*Capacity\w*|UnfulfillableCapacity|ReservationCapacityExceeded|InsufficientFreeAddresses\w*)$/,
    "capacity",
  ],
  [/^(\w*LimitExceeded(Exception)?(\.\w+)?|Max\w+CountExceeded|ServiceQuotaExceeded\w*|TooMany\w+)$/, "quota"],
  [/(NotFound|NotFoundException|^InvalidPlacementGroup\.Unknown|^NoSuch\w+)$/, "notFound"],
  [
    /^(PendingVerification|IncorrectState|IncorrectInstanceState|IncorrectFleetState|DependencyViolation|ResourceInUse\w*)$/,
    "precondition",
  ],
  [/^(UnauthorizedOperation|AccessDenied\w*|OptInRequired|AuthFailure\.ServiceLinkedRole\w*)$/, "permission"],
  [
    /^(AuthFailure|ExpiredToken\w*|RequestExpired|Invalid(ClientTokenId|AccessKeyId|SignatureException|IdentityToken\w*)|UnrecognizedClientException|SignatureDoesNotMatch|IncompleteSignature\w*|MissingAuthenticationToken\w*|CredentialsProviderError|TokenProviderError)$/,
    "credentials",
  ],
];

export interface AwsErrorInit {
  /** For example `CreateFleet`. */
  action: string;
  /** AWS's error code, for example `InvalidFleetId.NotFound`. */
  code: string;
  /** AWS's own words. */
  cloudMessage: string;
  /** Undefined when no answer arrived. */
  httpStatus?: number;
  requestId?: string;
  /** Whose credentials were used, where the configuration or the environment names one. */
  profile?: string | undefined;
}

export class AwsApiError extends Error {
  override readonly name = "AwsApiError";
  readonly kind: AwsErrorKind;
  readonly action: string;
  readonly code: string;
  readonly cloudMessage: string;
  readonly httpStatus: number | undefined;
  readonly requestId: string | undefined;

  constructor(init: AwsErrorInit, options?: ErrorOptions) {
    super(describe(init), options);
    this.kind = kindOf(init.code, init.httpStatus);
    this.action = init.action;
    this.code = init.code;
    this.cloudMessage = init.cloudMessage;
    this.httpStatus = init.httpStatus;
    this.requestId = init.requestId;
  }
}

export function isAwsError(error: unknown, ...wanted: AwsErrorKind[]): error is AwsApiError {
  return error instanceof AwsApiError && (wanted.length === 0 || wanted.includes(error.kind));
}

/** Undefined when AWS says that there is no such thing. */
export async function unlessGone<T>(asking: Promise<T>): Promise<T | undefined> {
  try {
    return await asking;
  } catch (error) {
    if (isAwsError(error, "notFound")) return undefined;
    throw error;
  }
}

export function kindOf(code: string, httpStatus?: number): AwsErrorKind {
  const known = kinds.find(([pattern]) => pattern.test(code))?.[1];
  if (known === undefined && httpStatus === 429) return "throttled";
  return known ?? (httpStatus === undefined || httpStatus >= 500 ? "unavailable" : "invalid");
}

interface SdkError extends Error {
  readonly $metadata?: { httpStatusCode?: number; requestId?: string };
  readonly Code?: string;
  readonly code?: string;
}

/** Of what the AWS SDK throws. */
export function isThrottling(error: unknown): error is Error {
  if (!(error instanceof Error)) return false;
  const { Code, name, $metadata } = error as SdkError;
  return kindOf(Code ?? name, $metadata?.httpStatusCode) === "throttled";
}

/** What the AWS SDK throws, in our words. Aborts pass as they are. */
export function toAwsError(error: unknown, action: string, profile = process.env.AWS_PROFILE): unknown {
  if (error instanceof AwsApiError || !(error instanceof Error) || error.name === "AbortError") return error;
  const { $metadata, Code, code: own } = error as SdkError;
  // The SDK has its own errors for what never reached AWS, and Node.js has codes for what never left.
  const code = error.message === "Region is missing" ? "MissingRegion" : (Code ?? own ?? error.name);
  const cloudMessage =
    code === "MissingRegion"
      ? "no region is configured: set the provider's aws.region, or AWS_REGION in the environment"
      : messageOf(error);
  return new AwsApiError(
    { action, code, cloudMessage, httpStatus: $metadata?.httpStatusCode, requestId: $metadata?.requestId, profile },
    { cause: error },
  );
}

function describe(init: AwsErrorInit): string {
  const { action, code, cloudMessage, httpStatus, requestId } = init;
  const facts = [
    code,
    httpStatus === undefined ? "no answer" : `HTTP ${httpStatus}`,
    requestId && `request id ${requestId}`,
  ];
  const hint = hintOf(init);
  return `AWS: ${cloudMessage.replace(/\.$/, "")} (${action}: ${facts.filter(Boolean).join(", ")})${hint && `. ${hint}`}`;
}

export const verificationHint =
  "This passes by waiting: AWS verifies an account that is new to it, or to the region, mostly in minutes, and writes to the account's address then";

/** Without one AWS's words are enough. */
function hintOf({ code, cloudMessage, httpStatus, profile }: AwsErrorInit): string {
  if (code === "ENOTFOUND") {
    const [, region] = /\b[a-z0-9]+\.([a-z0-9-]+)\.amazonaws\./.exec(cloudMessage) ?? [];
    return `Is the region right${region === undefined ? "" : regionHint(region)}, and does this network know AWS's names?`;
  }
  if (code === "PendingVerification") return verificationHint;
  if (/encoded authorization failure/i.test(cloudMessage))
    return "`aws sts decode-authorization-message --encoded-message …` says which policy it was, and of what";
  if (kindOf(code, httpStatus) !== "credentials") return "";
  if (code.startsWith("ExpiredToken"))
    return (
      "These temporary credentials have ended: get new ones, and the same command goes on from there. Those of a profile with a role or SSO " +
      "(AWS_PROFILE) are renewed by themselves, and those in the environment are not"
    );
  // The code is that of a wrong key, too.
  if (code === "RequestExpired" || /signature (expired|not yet current)|request has expired/i.test(cloudMessage))
    return "Is this computer's clock right? AWS takes requests for a few minutes only; temporary credentials that have ended say the same";
  const whose = profile
    ? `of the profile "${profile}": what does \`aws sts get-caller-identity --profile ${profile}\` say?`
    : "(for example AWS_PROFILE, or AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY in the environment)";
  const enabled = /^(AuthFailure|InvalidClientTokenId|UnrecognizedClientException)$/.test(code);
  return `Check the AWS credentials ${whose}${enabled ? "; a region that the account has not enabled answers the same" : ""}`;
}
