/** Why there was no answer, or none that may be followed, in words that say what to do. */
import { messageOf } from "../../sdk/message";

/** By Node's and OpenSSL's names: nobody whom this computer trusts has signed the certificate. */
const unknownAuthority: readonly string[] = [
  "SELF_SIGNED_CERT_IN_CHAIN",
  "DEPTH_ZERO_SELF_SIGNED_CERT",
  "UNABLE_TO_VERIFY_LEAF_SIGNATURE",
  "UNABLE_TO_GET_ISSUER_CERT",
  "UNABLE_TO_GET_ISSUER_CERT_LOCALLY",
  "CERT_UNTRUSTED",
];

/** By the clock here, which may be wrong. */
const outOfTime: readonly string[] = ["CERT_NOT_YET_VALID", "CERT_HAS_EXPIRED"];

/** Of what `fetch` of the URL was rejected with. */
export function noAnswer(error: unknown, url: string): string {
  const { reason, proxyStatus } = reasonOf(error);
  // A proxy's own address is in the message.
  const place = URL.canParse(url) ? ` from ${new URL(url).origin}` : "";
  if (proxyStatus !== undefined) return `no answer${place}: ${proxyWords(proxyStatus)}`;
  if (outOfTime.includes(reason)) return `no answer${place}: ${reason}: is this computer's clock right?`;
  return unknownAuthority.includes(reason)
    ? `no answer${place}: ${reason}: its certificate is of an authority that is not known here; NODE_EXTRA_CA_CERTS names a file with that authority's own`
    : `no answer${place}: ${reason}`;
}

function proxyWords(status: number): string {
  const wanted =
    status === 407
      ? "it wants a user and a password, in the proxy's address (http://user:password@host:port)"
      : "NO_PROXY names what is reached without it";
  return `the proxy that HTTPS_PROXY or HTTP_PROXY names refused with HTTP ${status}: ${wanted}`;
}

/** By Node's and undici's names. */
const withoutConnection: readonly string[] = ["ENOTFOUND", "EAI_AGAIN", "ECONNREFUSED", "UND_ERR_CONNECT_TIMEOUT"];

/** Whether what `fetch` was rejected with says that nothing was sent: no address was found, or nobody there took a connection. */
export function neverConnected(error: unknown): boolean {
  const cause = innermost(error);
  // One for each address of the host.
  const causes: unknown[] = cause instanceof AggregateError ? cause.errors : [cause];
  return causes.every((each) => {
    const { code = "", syscall, message } = each as { code?: string; syscall?: string; message: string };
    // A connection that was there may be lost by the same codes.
    if (syscall === "connect" || withoutConnection.includes(code)) return true;
    return proxyRefusal.test(message) || /before secure TLS connection was established/.test(message);
  });
}

/** As undici says it. */
const proxyRefusal = /^Proxy response \((\d+)\)/;

function reasonOf(error: unknown): { reason: string; proxyStatus?: number } {
  const cause = innermost(error);
  const { code } = cause as { code?: unknown };
  const status = proxyRefusal.exec(cause.message)?.[1];
  return {
    // Those of the web's own errors are numbers.
    reason: typeof code === "string" ? code : cause.message || messageOf(error),
    ...(status !== undefined && { proxyStatus: Number(status) }),
  };
}

function innermost(error: unknown): Error {
  let found = error instanceof Error ? error : new Error(messageOf(error));
  while (found.cause instanceof Error) found = found.cause;
  return found;
}

/** Credentials go nowhere but to the address that the user gave. Undefined where it is no redirect. */
export function redirection({ status, headers, url }: Response): string | undefined {
  const location = headers.get("location");
  if (status < 300 || status > 399 || location === null) return undefined;
  const place = URL.canParse(location, url) ? new URL(location, url) : undefined;
  const shown = place === undefined ? location : `${place.origin}${place.pathname}`;
  return `it redirects to ${shown}, where no credentials are sent: give the address that it stands for`;
}
