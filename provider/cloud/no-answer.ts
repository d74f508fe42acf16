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

/** Of what `fetch` of the URL was rejected with. */
export function noAnswer(error: unknown, url: string): string {
  const cause = error instanceof Error ? (error.cause as { code?: string; message?: string } | undefined) : undefined;
  const reason = cause?.code ?? cause?.message ?? messageOf(error);
  // A proxy's own address is in the message.
  const place = URL.canParse(url) ? ` from ${new URL(url).origin}` : "";
  return unknownAuthority.includes(reason)
    ? `no answer${place}: ${reason}: its certificate is of an authority that is not known here; NODE_EXTRA_CA_CERTS names a file with that authority's own`
    : `no answer${place}: ${reason}`;
}

/** Credentials go nowhere but to the address that the user gave. Undefined where it is no redirect. */
export function redirection({ status, headers, url }: Response): string | undefined {
  const location = headers.get("location");
  if (status < 300 || status > 399 || location === null) return undefined;
  const place = URL.canParse(location, url) ? new URL(location, url) : undefined;
  const shown = place === undefined ? location : `${place.origin}${place.pathname}`;
  return `it redirects to ${shown}, where no credentials are sent: give the address that it stands for`;
}
