/** Names and numbers as Modelplane's API takes them. Pure. */
import type { Problems } from "../errors";

/** Crossplane makes labels of names. */
export function checkName(path: string, name: string, problems: Problems): void {
  if (!/^[a-z0-9]([-a-z0-9]{0,61}[a-z0-9])?$/.test(name))
    problems.add(path, `"${name}" must have 1 to 63 lower-case letters, digits and hyphens, no hyphen at either end`);
}

export function checkRange(
  path: string,
  value: number | undefined,
  [least, most]: readonly [number, number],
  problems: Problems,
): void {
  if (value !== undefined && (!Number.isInteger(value) || value < least || value > most))
    problems.add(path, `must be a whole number from ${least} to ${most}, is ${value}`);
}
