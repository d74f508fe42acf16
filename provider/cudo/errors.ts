/** What Cudo answered when it did not do what was asked, and what kind of refusal that is. */
import { ApiError, type ApiErrorInit } from "../cloud/api-error";
import { record, records, text } from "../cloud/json";
import { plainWords, retryAfter, strangersNotFound } from "../cloud/refusal";

/**
 * - `capacity`: the cloud has no host or address free now. Cudo sends it with the same codes as `invalid` and `precondition`.
 * - `quota`: the account may not have more.
 * - `precondition`: not in this state, for example a VM that is still starting.
 * - `unavailable`: the outcome is unknown; the request may have had its effect.
 */
export type CudoErrorKind =
  | "capacity"
  | "invalid"
  | "notFound"
  | "alreadyExists"
  | "unauthenticated"
  | "permission"
  | "quota"
  | "rateLimit"
  | "precondition"
  | "unavailable";

export interface CudoErrorInit extends ApiErrorInit<CudoErrorKind> {
  grpcCode?: number;
  details?: readonly unknown[];
  /** The answer was a page of HTML: not Cudo's API wrote it, but what stands before it. */
  isPage?: boolean;
}

export class CudoApiError extends ApiError<CudoErrorKind> {
  override readonly name = "CudoApiError";
  readonly grpcCode: number | undefined;
  readonly details: readonly unknown[];

  constructor(init: CudoErrorInit, options?: ErrorOptions) {
    super(describe(init), init, options);
    this.grpcCode = init.grpcCode;
    this.details = init.details ?? [];
  }
}

export function isCudoError(error: unknown, ...kinds: CudoErrorKind[]): error is CudoApiError {
  return error instanceof CudoApiError && (kinds.length === 0 || kinds.includes(error.kind));
}

function describe({ request, httpStatus, grpcCode, cloudMessage, requestId, kind, isPage }: CudoErrorInit): string {
  const facts = [
    httpStatus === undefined ? "no answer" : `HTTP ${httpStatus}`,
    grpcCode !== undefined && `code ${grpcCode}`,
    requestId && `request id ${requestId}`,
  ].filter(Boolean);
  const hint = hints({ kind, isPage }) || strangersNotFound(httpStatus, kind, "cudo.baseUrl");
  return `Cudo: ${cloudMessage.replace(/\.$/, "")} (${request}: ${facts.join(", ")})${hint}`;
}

function hints({ kind, isPage }: Pick<CudoErrorInit, "kind" | "isPage">): string {
  if (kind === "unauthenticated") return ". Check the provider's cudo.apiKey (environment: CUDO_API_KEY)";
  if (kind !== "permission" || !isPage) return "";
  return (
    ". The firewall before Cudo's API refused the request, not the API: large plain start scripts and metadata are known for it (compress the " +
    "script, or let it download the rest), and addresses that it does not like"
  );
}

/** Reads a refusal from whatever came: Cudo's gateway sends JSON, what stands before it (Cloudflare) sends HTML. */
export function parseError(request: string, httpStatus: number, headers: Headers, body: string): CudoApiError {
  const json = parseJson(body);
  const code = typeof json.code === "number" ? json.code : Number(json.code ?? NaN);
  // Codes below 17 are gRPC's; Cudo's documentation shows HTTP statuses there.
  const grpcCode = Number.isInteger(code) && code >= 0 && code < 17 ? code : undefined;
  const details = Array.isArray(json.details) ? (json.details as unknown[]) : [];
  const cloudMessage = text(json.message) || plainWords(body) || `HTTP ${httpStatus}`;
  return new CudoApiError({
    request,
    httpStatus,
    grpcCode,
    cloudMessage,
    details,
    isPage: /^\s*<(!doctype|html)/i.test(body),
    requestId: headers.get("x-request-id") ?? headers.get("cf-ray") ?? undefined,
    retryAfter: retryAfterOf(headers, details),
    // Cudo's own answers have a code.
    kind:
      httpStatus === 404 && !Number.isInteger(code)
        ? "unavailable"
        : classify(httpStatus, grpcCode, cloudMessage, details, headers),
  });
}

const scarce = "(hosts?|capacity|resources|(ip|ipv4) address(es)?|public ips?)";
/** "no such host" is none of it: so says who cannot find a name. */
const capacityWords = new RegExp(
  `\\bno (\\w+ ){0,2}?${scarce} (is |are )?(currently |now )?(available|left|free)|\\bno (free|available|more|spare) (\\w+ ){0,2}?${scarce}|` +
    `\\bno (\\w+ )?capacity|network full|(not enough|insufficient|out of)\\s.*${scarce}`,
  "i",
);
const rateWords = /rate.?limit|too many requests|requests? per (second|minute|hour)|slow down|throttl/i;
const quotaWords = /quota|(spend|resource|project|account|vm|gpu|vcpu|disk|network)s? limit|credit/i;

/** Of a status that says enough. */
const kindOfStatus: Readonly<Record<number, CudoErrorKind>> = {
  401: "unauthenticated",
  403: "permission",
  404: "notFound",
  408: "unavailable",
  499: "unavailable",
};

/** Of gRPC's codes under a status that says less, as 400. Those that Cudo sends for what it has not free are not among them. */
const kindOfCode: Readonly<Record<number, CudoErrorKind>> = {
  1: "unavailable",
  2: "unavailable",
  4: "unavailable",
  5: "notFound",
  6: "alreadyExists",
  7: "permission",
  10: "precondition",
  13: "unavailable",
  14: "unavailable",
  15: "unavailable",
  16: "unauthenticated",
};

/** By the status, else by gRPC's code, else by the words. */
function classify(
  httpStatus: number,
  grpcCode: number | undefined,
  message: string,
  details: readonly unknown[],
  headers: Headers,
): CudoErrorKind {
  if (httpStatus === 429) return exhausted(message, details, headers);
  if (httpStatus >= 500 && httpStatus !== 501) return "unavailable";
  // gRPC ABORTED (10): a concurrent change, not an object that exists.
  if (httpStatus === 409) return grpcCode === 10 ? "precondition" : "alreadyExists";
  const known = kindOfStatus[httpStatus] ?? kindOfCode[grpcCode ?? -1];
  if (known !== undefined) return known;
  if (grpcCode === 8) return exhausted(message, details, headers);
  if (capacityWords.test(message)) return "capacity";
  return grpcCode === 9 ? "precondition" : "invalid";
}

/** gRPC's RESOURCE_EXHAUSTED is all three: what says that it is about the pace, or says nothing, passes by waiting. */
function exhausted(message: string, details: readonly unknown[], headers: Headers): CudoErrorKind {
  if (details.some((detail) => text(record(detail)["@type"]).endsWith("QuotaFailure"))) return "quota";
  if (headers.has("retry-after") || rateWords.test(message)) return "rateLimit";
  if (quotaWords.test(message)) return "quota";
  return capacityWords.test(message) ? "capacity" : "rateLimit";
}

function parseJson(body: string): Record<string, unknown> {
  try {
    return record(JSON.parse(body));
  } catch {
    return {};
  }
}

/** `Retry-After`, else google.rpc.RetryInfo (`"3.5s"`), in milliseconds. */
function retryAfterOf(headers: Headers, details: readonly unknown[]): number | undefined {
  const asked = retryAfter(headers);
  if (asked !== undefined) return asked;
  const info = records(details).find((detail) => text(detail["@type"]).endsWith("RetryInfo"));
  const seconds = Number.parseFloat(text(info?.retryDelay));
  return Number.isFinite(seconds) ? Math.max(0, seconds * 1000) : undefined;
}
