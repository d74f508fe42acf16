/** A value that is not known yet, at preview. One instance, compared by identity. */
export class Unknown {
  static readonly value = new Unknown();
  /** Keeps TypeScript from taking every object for an `Unknown`. */
  protected readonly known = false;
  private constructor() {}
}

export function isUnknown(value: unknown): value is Unknown {
  return value instanceof Unknown;
}
