import * as pulumi from "../sdk/pulumi";
import { isRecord } from "../sdk/schema/record";

/** A value that is in hand now. Outputs and promises are not: they are checked by the resource that they reach. */
export function known<T>(value: pulumi.Input<T> | undefined): T | undefined {
  return value === undefined || pulumi.Output.isInstance(value) || value instanceof Promise ? undefined : (value as T);
}

/** The value once there is one; undefined where a preview does not know it. */
export async function knownLater<T>(value: pulumi.Input<T>): Promise<T | undefined> {
  const output = pulumi.output(value) as unknown as { isKnown: Promise<boolean>; promise(): Promise<T> };
  return (await output.isKnown) ? output.promise() : undefined;
}

/**
 * The same without what has no value: YAML says `key:` for null, and no default stands in for that. In lists it stays, to be refused. Outputs
 * and resources are as they were, and a cluster is the one that it was.
 */
export function withoutNulls<T>(value: T): T {
  if (Array.isArray(value)) return value.map((element: unknown) => withoutNulls(element)) as T;
  if (!isPlain(value)) return value;
  const entries = Object.entries(value).filter(([, entry]) => entry !== null);
  return Object.fromEntries(entries.map(([key, entry]) => [key, withoutNulls(entry)])) as T;
}

/** A component's arguments before its checks have refused anything: what is no object of inputs has none. */
export function argsOf<Args extends object>(given: Args | null | undefined): Args {
  return isRecord(given) ? withoutNulls(given as Args) : ({} as Args);
}

function isPlain(value: unknown): value is Record<string, unknown> {
  if (typeof value !== "object" || value === null || "kubeProvider" in value) return false;
  return Object.getPrototypeOf(value) === Object.prototype;
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
