/** A failure that the user can act on: shown without a stack trace. */
export class CommandFailure extends Error {
  constructor(
    message: string,
    /** What to do now. */
    readonly next?: string,
  ) {
    super(message);
  }
}
