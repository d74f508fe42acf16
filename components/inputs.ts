import * as pulumi from "../sdk/pulumi";

/** A value that is in hand now. Outputs and promises are not: they are checked by the resource that they reach. */
export function known<T>(value: pulumi.Input<T> | undefined): T | undefined {
  return value === undefined || pulumi.Output.isInstance(value) || value instanceof Promise ? undefined : (value as T);
}

/** The elements of a list that is in hand; undefined stands for those which are not. */
export function knownElements<T>(list: pulumi.Input<pulumi.Input<T>[]> | undefined): (T | undefined)[] | undefined {
  return known(list)?.map((element) => known<T>(element));
}

/** The entries of a record that is in hand; undefined stands for values which are not. */
export function knownEntries<T>(
  record: pulumi.Input<Record<string, pulumi.Input<T>>> | undefined,
): [string, T | undefined][] {
  return Object.entries(known(record) ?? {}).map(([key, value]) => [key, known<T>(value)]);
}
