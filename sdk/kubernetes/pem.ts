/** Certificates as others hand them over. Pure. */

const block = /-----BEGIN CERTIFICATE-----[A-Za-z0-9+/=\s]+-----END CERTIFICATE-----/g;

/** The certificates of a text and nothing that stands beside them: it goes on into scripts that root runs. Empty where there are none. */
export function certificatesIn(text: string): string {
  return (text.match(block) ?? []).join("\n");
}

/** The same of a text that may be base64 of them, as settings of Helm charts have them. */
export function certificatesOf(text: string): string {
  const isEncoded = /^[A-Za-z0-9+/=\s]+$/.test(text);
  return certificatesIn(isEncoded ? Buffer.from(text, "base64").toString("latin1") : text);
}
