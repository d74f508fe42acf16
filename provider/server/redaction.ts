/** The one place where secrets are taken out of messages: errors, the reasons of checks, logs. Pure. */

export const HIDDEN = "[secret]";
/** As Kubernetes has them. */
export const bootstrapTokens = /\b[a-z0-9]{6}\.[a-z0-9]{16}\b/g;
/** Hiding shorter texts would hide half of every message and give them away all the same. */
const SHORTEST = 4;
/** Of what base64 leaves of a secret wherever it begins. */
const SHORTEST_CORE = 8;

/**
 * Takes secrets out of a message, in whatever notation they appear there: as they are, in JSON, HTML, URLs and base64. Of a secret with keys
 * in it (a start script, a kubeconfig) each key, too; and who logs in by a URL, known or not.
 */
export function redact(message: string, secrets: readonly string[]): string {
  const texts = [...new Set(secrets.flatMap((secret) => [secret, ...keysIn(secret)]))];
  const spellings = texts
    .filter((text) => text.length >= SHORTEST && text.length <= message.length)
    .flatMap(spellingsOf)
    .sort((a, b) => b.length - a.length);
  const shown = spellings.reduce((text, spelling) => text.replaceAll(spelling, () => HIDDEN), message);
  return shown.replace(/\b(https?:\/\/)[^\s/?#"'`<>\\]+@/gi, `$1${HIDDEN}@`);
}

/** Bootstrap tokens, and runs of base64 that are no word: names and addresses may be shown. */
function keysIn(text: string): string[] {
  const tokens = text.match(bootstrapTokens) ?? [];
  const runs = text.match(/[A-Za-z0-9+/_-]{40,}={0,2}/g) ?? [];
  return [...tokens, ...runs.filter((run) => /[a-z]/.test(run) && /[A-Z]/.test(run) && /\d/.test(run))];
}

function spellingsOf(secret: string): string[] {
  // Half of a character is none, and nothing can encode it.
  const whole = Buffer.from(secret).toString();
  const json = inJson(secret);
  const urls = [encodeURIComponent(whole), encodeURI(whole), inForm(whole)];
  return [
    secret,
    json,
    inJson(json),
    // Go escapes them as well.
    json.replace(/[<>&]/g, (character) => `\\u00${character.charCodeAt(0).toString(16)}`),
    ...inHtml(secret),
    ...urls,
    ...urls.map((url) => url.replace(/%../g, (byte) => byte.toLowerCase())),
    ...inBase64(secret),
  ];
}

function inJson(text: string): string {
  return JSON.stringify(text).slice(1, -1);
}

function inForm(text: string): string {
  return new URLSearchParams({ "": text }).toString().slice(1);
}

function inHtml(text: string): string[] {
  const named: Record<string, string> = { "&": "&amp;", "<": "&lt;", ">": "&gt;", '"': "&quot;", "'": "&#39;" };
  const escaped = text.replace(/[&<>"']/g, (character) => named[character]!);
  return [escaped, escaped.replaceAll("&quot;", "&#34;")];
}

/** By itself, and what is the same of it wherever it begins in what was encoded: `user:password` is a text of its own. */
function inBase64(secret: string): string[] {
  const bytes = Buffer.from(secret);
  const cores = [0, 1, 2].map((before) => {
    const text = Buffer.concat([Buffer.alloc(before), bytes])
      .toString("base64")
      .replace(/=+$/, "");
    const isSplit = (before + bytes.length) % 3 !== 0;
    return text.slice(before === 0 ? 0 : before + 1, isSplit ? -1 : undefined);
  });
  return [bytes.toString("base64"), ...cores.filter((core) => core.length >= SHORTEST_CORE)].flatMap((text) => [
    text,
    text.replaceAll("+", "-").replaceAll("/", "_").replace(/=+$/, ""),
  ]);
}
