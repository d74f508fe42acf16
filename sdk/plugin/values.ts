/** A value that is not known yet, at preview. One instance, compared by identity. */
export class Unknown {
  static readonly value = new Unknown();
  private constructor() {}
}

export function isUnknown(value: unknown): value is Unknown {
  return value instanceof Unknown;
}
