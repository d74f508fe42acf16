/** What Vault answered when it did not do what was asked, and what kind of refusal that is. */
import { ApiError, type ApiErrorInit } from "../cloud/api-error";
import { record, texts } from "../cloud/json";
import { plainWords, retryAfter, strangersNotFound } from "../cloud/refusal";

export type VaultErrorKind = "invalid" | "notFound" | "permission" | "rateLimit" | "unavailable";

export class VaultError extends ApiError<VaultErrorKind> {
  override readonly name = "VaultError";

  constructor(init: ApiErrorInit<VaultErrorKind>, options?: ErrorOptions) {
    const status = init.httpStatus === undefined ? "no answer" : `HTTP ${init.httpStatus}`;
    const words = init.cloudMessage.replace(/\.$/, "");
    super(
      `Vault: ${words} (${init.request}: ${status})${hints[init.kind] ?? strangersNotFound(init.httpStatus, init.kind, "vault.address")}`,
      init,
      options,
    );
  }
}

const hints: Partial<Record<VaultErrorKind, string>> = {
  permission:
    ". The token (vault.token, or VAULT_TOKEN; in a cluster, the autoscaler's own) has ended, or its policy does not let it do that",
};

export function isVaultError(error: unknown, ...kinds: VaultErrorKind[]): error is VaultError {
  return error instanceof VaultError && kinds.includes(error.kind as VaultErrorKind);
}

/** Vault's own errors are a list of texts; what stands before it sends pages. */
export function parseError(request: string, httpStatus: number, headers: Headers, body: string): VaultError {
  return new VaultError({
    request,
    httpStatus,
    cloudMessage: said(body) || plainWords(body) || `HTTP ${httpStatus}`,
    retryAfter: retryAfter(headers),
    kind: httpStatus === 404 && !isOwn(body) ? "unavailable" : kindOf(httpStatus),
  });
}

function kindOf(httpStatus: number): VaultErrorKind {
  if (httpStatus === 403) return "permission";
  if (httpStatus === 404) return "notFound";
  if (httpStatus === 429) return "rateLimit";
  // 412: a standby that lags; 472, 473: standbys; 503: sealed.
  return httpStatus >= 470 || httpStatus === 412 || httpStatus === 408 ? "unavailable" : "invalid";
}

/** Of a secret whose versions are deleted it gives what is known of them. */
function isOwn(body: string): boolean {
  try {
    const { errors, data } = record(JSON.parse(body));
    return errors !== undefined || data !== undefined;
  } catch {
    return false;
  }
}

function said(body: string): string {
  try {
    const { errors } = record(JSON.parse(body));
    // It has none to say of what is not there.
    return Array.isArray(errors) && errors.length === 0 ? "there is no such thing" : texts(errors).join("; ");
  } catch {
    return "";
  }
}
