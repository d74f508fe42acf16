/**
 * Pulumi up to 3.255 gives nothing for each output of a resource that `--target` or `--exclude` leaves out before it is there, whatever the type of the
 * output says. What is to come, a group or a whole cluster, must not end an `up` that is for another. Pulumi makes nothing that depends on what is left out.
 */
import * as pulumi from "../sdk/pulumi";

export function ifThere<T>(list: readonly T[] | undefined): readonly T[] {
  return list ?? [];
}

/** What is made of all of these; nothing while one of them, or a part of it, is left out. */
export function ofAllThere<T extends unknown[], U>(
  values: readonly [...T],
  make: (...values: { [K in keyof T]: pulumi.Unwrap<T[K]> }) => U,
): pulumi.Output<U> {
  return pulumi
    .output(values as readonly unknown[])
    .apply((all) => (isThere(all) ? make(...(all as Parameters<typeof make>)) : (undefined as U)));
}

export function isThere(value: unknown): boolean {
  return Array.isArray(value) ? value.every(isThere) : value !== undefined;
}
