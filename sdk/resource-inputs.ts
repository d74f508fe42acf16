/** What resources get from programs that no compiler has checked. */
import * as pulumi from "./pulumi";

/** Throws where the inputs are no object of them: of an Output the SDK would register its own fields. What is missing is told by name, elsewhere. */
export function requireInputs(args: unknown): void {
  if (args === undefined || args === null) return;
  if (typeof args === "object" && !Array.isArray(args) && !isLater(args)) return;
  // With its stack, which says whose inputs they are.
  throw new TypeError(
    "the inputs must be an object of them by name, not an Output or another value; Outputs may be in it",
  );
}

/** Until it is known. */
export function isLater(value: unknown): boolean {
  return pulumi.Output.isInstance(value) || value instanceof Promise;
}

/** Of an Output. */
export const noValue =
  "has no value: the Output that it is made of became none, as where another stack has no such output; where one may be missing, " +
  "`.apply((value) => value ?? …)` says what stands in its place";
