/** What functions get from programs that no compiler has checked. Pure. */

/** A mistake of the caller's: the SDK shows the message once, and no stack. */
export class InvalidArguments extends Error {
  readonly __pulumiRunError = true;
}

/** Throws one error that names all that is no text. An Output is none either. */
export function requireTexts(called: string, values: Readonly<Record<string, unknown>>): void {
  const wrong = Object.keys(values).filter((name) => typeof values[name] !== "string");
  if (wrong.length === 0) return;
  throw new InvalidArguments(`${called}: ${wrong.join(", ")} must be a text (of an Output, call it in the apply)`);
}
