/** Private keys as texts. Pure. */

export interface PrivateKeyText {
  /** For example `OPENSSH PRIVATE KEY`. */
  readonly kind: string;
  readonly body: string;
  /** With its first and last line, and lines that end as on Unix. */
  readonly text: string;
}

/** Without blanks around its lines, and what tools write before a key: a curve's parameters, attributes of a file that has several things. Undefined where none is whole. */
export function privateKeyIn(given: string): PrivateKeyText | undefined {
  const block = /-----BEGIN ([A-Z ]*PRIVATE KEY)-----([\s\S]*?)-----END \1-----/;
  const [text, kind = "", body = ""] = block.exec(given.replace(/[ \t]*\r?\n[ \t]*/g, "\n")) ?? [];
  return text === undefined ? undefined : { kind, body, text: `${text}\n` };
}

/** Why it cannot be read, whatever it is; undefined: it may be. */
export function lostLineEnds({ body }: PrivateKeyText): string | undefined {
  if (body.startsWith("\n")) return undefined;
  return "has lost the ends of its lines (they are spaces, or \\n written out, as in a variable of a shell): give the text as the file has it";
}

export const ofSecurityKey = "is of a security key, which somebody must touch each time; give another";
