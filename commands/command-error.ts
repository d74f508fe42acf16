/** A failure that the user can act on: shown without a stack trace, followed by what to do next. */
export class CommandError extends Error {
  constructor(
    message: string,
    readonly next?: string,
    readonly exitCode = 1,
  ) {
    super(message);
  }
}
