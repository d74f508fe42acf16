/** What Mithril answered when it did not do what was asked, and what kind of refusal that is. */
import { ApiError, type ApiErrorInit } from "../cloud/api-error";
import { record, text } from "../cloud/json";
import { plainWords, retryAfter, strangersNotFound } from "../cloud/refusal";

/**
 * - `precondition`: not in this state, for example a volume that is still attached.
 * - `price`: the limit price is refused.
 * - `billing`: the account cannot pay yet.
 * - `unavailable`: the outcome is unknown; the request may have had its effect.
 */
export type MithrilErrorKind =
  | "capacity"
  | "invalid"
  | "price"
  | "notFound"
  | "alreadyExists"
  | "unauthenticated"
  | "permission"
  | "billing"
  | "quota"
  | "rateLimit"
  | "precondition"
  | "unavailable";

export type MithrilErrorInit = ApiErrorInit<MithrilErrorKind>;

export class MithrilApiError extends ApiError<MithrilErrorKind> {
  override readonly name = "MithrilApiError";

  constructor(init: MithrilErrorInit, options?: ErrorOptions) {
    super(describe(init), init, options);
  }
}

export function isMithrilError(error: unknown, ...kinds: MithrilErrorKind[]): error is MithrilApiError {
  return error instanceof MithrilApiError && (kinds.length === 0 || kinds.includes(error.kind));
}

const hints: Partial<Record<MithrilErrorKind, string>> = {
  unauthenticated: "Check the provider's mithril.apiKey (environment: MITHRIL_API_KEY)",
  billing: "Set up billing for the project in Mithril's console",
  quota: "Mithril's support raises quotas",
};

function describe({ request, httpStatus, cloudMessage, requestId, kind }: MithrilErrorInit): string {
  const facts = [
    httpStatus === undefined ? "no answer" : `HTTP ${httpStatus}`,
    requestId && `request id ${requestId}`,
  ].filter(Boolean);
  const own = hints[kind] === undefined ? "" : `. ${hints[kind]}`;
  const hint = own || strangersNotFound(httpStatus, kind, "mithril.baseUrl");
  return `Mithril: ${cloudMessage.replace(/\.$/, "")} (${request}: ${facts.join(", ")})${hint}`;
}

/** Reads a refusal from whatever came: `{"detail": …}` from the API, HTML or text from what stands before it. */
export function parseError(request: string, httpStatus: number, headers: Headers, body: string): MithrilApiError {
  const detail = detailOf(body);
  const cloudMessage = detail || wordsOf(body) || `HTTP ${httpStatus}`;
  return new MithrilApiError({
    request,
    httpStatus,
    cloudMessage,
    requestId: headers.get("x-request-id") ?? headers.get("x-correlation-id") ?? undefined,
    retryAfter: retryAfter(headers),
    kind: httpStatus === 404 && detail === "" ? "unavailable" : classify(httpStatus, cloudMessage),
  });
}

/** Exact wordings are not documented: these are the words that Mithril's own client looks for. */
function classify(httpStatus: number, message: string): MithrilErrorKind {
  if (httpStatus === 429) return "rateLimit";
  // Nothing was launched then: the only server error whose outcome is known.
  if (httpStatus === 503 && /temporarily at .*capacity/i.test(message)) return "capacity";
  if (httpStatus >= 500 && httpStatus !== 501) return "unavailable";
  if (httpStatus === 408 || httpStatus === 499) return "unavailable";
  if (httpStatus === 401) return "unauthenticated";
  if (httpStatus === 404) return "notFound";
  if (/quota/i.test(message)) return "quota";
  if (httpStatus === 402 || /payment method|billing|stripe/i.test(message)) return "billing";
  if (httpStatus === 403) return "permission";
  if (/name already (used|exists)|duplicate name/i.test(message)) return "alreadyExists";
  if (/price/i.test(message)) return "price";
  if (/in use|attached|already (ended|terminated|canceled)|not (ready|paused)|must be paused/i.test(message))
    return "precondition";
  if (/\b(no(?! such)|not enough|insufficient|out of|at)\s.*capacity/i.test(message)) return "capacity";
  return httpStatus === 409 ? "precondition" : "invalid";
}

/** FastAPI's `detail`: a text, or a list of `{loc, msg}`. */
function detailOf(body: string): string {
  let detail: unknown;
  try {
    detail = record(JSON.parse(body)).detail;
  } catch {
    return "";
  }
  if (typeof detail === "string") return detail;
  if (!Array.isArray(detail)) return detail === undefined || detail === null ? "" : JSON.stringify(detail);
  return detail
    .map((entry) => {
      const { loc, msg } = record(entry);
      const path = Array.isArray(loc) ? loc.filter((part) => part !== "body" && part !== "query").join(".") : "";
      return path ? `${path}: ${text(msg)}` : text(msg);
    })
    .join("; ");
}

/** JSON without a text to show is not words. */
function wordsOf(body: string): string {
  return body.trimStart().startsWith("{") ? "" : plainWords(body);
}
