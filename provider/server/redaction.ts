const HIDDEN = "[secret]";
/** Hiding shorter texts would hide half of every message and give them away all the same. */
const SHORTEST = 4;

/** Takes secrets out of a message, also where they appear inside quoted or JSON text. */
export function redact(message: string, secrets: readonly string[]): string {
  let text = message;
  for (const secret of [...secrets].sort((a, b) => b.length - a.length)) {
    if (secret.length < SHORTEST) continue;
    text = text.replaceAll(secret, HIDDEN).replaceAll(JSON.stringify(secret).slice(1, -1), HIDDEN);
  }
  return text;
}
