import * as pulumi from "../sdk/pulumi";

/** A value that is in hand now. Outputs and promises are not: they are checked by the resource that they reach. */
export function known<T>(value: pulumi.Input<T> | undefined): T | undefined {
  return value === undefined || pulumi.Output.isInstance(value) || value instanceof Promise ? undefined : (value as T);
}
