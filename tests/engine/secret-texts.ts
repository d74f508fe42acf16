/** Every text that a state (`stack export --show-secrets`) holds as a secret, long enough to be looked for. Certificates and public keys are none. */
export function secretTexts(value: unknown, secret = false): string[] {
  if (typeof value === "string") {
    return secret && value.length > 15 && !/^(-----BEGIN CERT|ssh-|ecdsa-sha2-)/.test(value) ? [value] : [];
  }
  if (typeof value !== "object" || value === null) return [];
  if ("plaintext" in value) return secretTexts(JSON.parse((value as { plaintext: string }).plaintext), true);
  return Object.values(value).flatMap((part) => secretTexts(part, secret));
}
