/** Why a request is not done. Nothing has changed then. */
export type RefusalKind = "invalid" | "beyondBounds" | "notPossible" | "unavailable" | "unknown";

export class Refusal extends Error {
  override readonly name = "Refusal";
  constructor(
    readonly kind: RefusalKind,
    message: string,
  ) {
    super(message);
  }
}
