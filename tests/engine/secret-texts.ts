/** Every text that a state (`stack export --show-secrets`) holds as a secret, long enough to be looked for. Certificates and public keys are none. */
export function secretTexts(value: unknown, secret = false): string[] {
  if (typeof value === "string") {
    return secret && value.length > 15 && !/^(-----BEGIN CERT|ssh-|ecdsa-sha2-)/.test(value) ? [value] : [];
  }
  if (typeof value !== "object" || value === null) return [];
  if ("plaintext" in value) return secretTexts(JSON.parse((value as { plaintext: string }).plaintext), true);
  return Object.values(value).flatMap((part) => secretTexts(part, secret));
}

/** Which of the secrets stand in plain text, and after what: of each so much only that one knows it by it. */
export function shownIn(places: Record<string, string>, secrets: readonly string[]): string[] {
  return Object.entries(places).flatMap(([where, text]) =>
    [...new Set(secrets)].flatMap((secret) => {
      const at = formsOf(secret)
        .map((form) => text.indexOf(form))
        .find((index) => index >= 0);
      if (at === undefined) return [];
      const before = text.slice(Math.max(0, at - 80), at);
      return [`${where}: ${secret.slice(0, 12)}… (${secret.length} characters) after ${before}`];
    }),
  );
}

/** As it is, in JSON, in JSON in JSON, and in base64; of a key in PEM each line of its body tells it. */
function formsOf(secret: string): string[] {
  const inJson = JSON.stringify(secret).slice(1, -1);
  const body = /PRIVATE KEY-----\n([^-\n]+)/.exec(secret)?.[1];
  const base64 = Buffer.from(secret).toString("base64").replace(/=+$/, "").slice(0, -2);
  return [secret, inJson, JSON.stringify(inJson).slice(1, -1), base64, ...(body ? [body] : [])];
}
