/** Checks of single values. Pure. */
import type * as pulumi from "../sdk/pulumi";
import { isDnsLabel, isDnsSubdomain } from "../sdk/dns-label";
import { formatCidr, parseCidr, rangeOf } from "../sdk/ip-ranges";
import { quantityOf } from "../sdk/kubernetes/quantity";
import { durationMs } from "../sdk/michelangelo/duration";
import { addOnNamespaces } from "./addons/namespaces";
import { checked, type Problems } from "./errors";
import { known } from "./inputs";

/** Whole numbers of at least `least`; what is not known yet is left to the cloud. */
export function checkWhole(
  path: string,
  given: pulumi.Input<number> | undefined,
  least: number,
  problems: Problems,
): void {
  const value = known(given);
  if (value !== undefined && (!Number.isInteger(value) || value < least)) {
    problems.add(path, `must be a whole number of at least ${least}, is ${value}`);
  }
}

export function checkChoice(
  path: string,
  value: string | undefined,
  choices: readonly string[],
  problems: Problems,
): void {
  if (value !== undefined && !choices.includes(value)) {
    problems.add(
      path,
      `must be ${choices
        .map((choice) => `"${choice}"`)
        .join(", ")
        .replace(/, ([^,]*)$/, " or $1")}, is "${value}"`,
    );
  }
}

/** Whole numbers between two; what is not known yet is left to the cloud. */
export function checkBetween(
  path: string,
  given: pulumi.Input<number> | undefined,
  [least, most]: readonly [number, number],
  problems: Problems,
): void {
  const value = known(given);
  if (value !== undefined && (!Number.isInteger(value) || value < least || value > most))
    problems.add(path, `must be a whole number from ${least} to ${most}, is ${value}`);
}

/** The same of one that came to be known later. Throws `InvalidInput`. */
export function checkedBetween(
  component: string,
  path: string,
  value: number,
  range: readonly [number, number],
): number {
  return checked(component, value, (problems) => checkBetween(path, value, range, problems));
}

/** What Kubernetes takes as the name of most things: a label of DNS. */
export function checkLabel(path: string, value: string | undefined, problems: Problems): void {
  if (value !== undefined && !isDnsLabel(value))
    problems.add(path, `"${value}" must have 1 to 63 lower-case letters, digits and hyphens, no hyphen at either end`);
}

/** The same of what may have a longer name: a StorageClass, a Deployment. What is not known yet is left for later. */
export function checkObjectName(path: string, given: pulumi.Input<string> | undefined, problems: Problems): void {
  const name = known(given);
  if (name !== undefined && !isDnsSubdomain(name))
    problems.add(
      path,
      `"${name}" must have 1 to 253 lower-case letters, digits, hyphens and dots, with a letter or digit at either end and beside each dot`,
    );
}

/** Kubernetes has these from the beginning, and lets nobody delete them. */
const everyClustersOwn = ["default", "kube-system", "kube-public", "kube-node-lease"];

/** Of a namespace that is made, and goes again. */
export function checkOwnNamespace(path: string, name: string | undefined, problems: Problems): void {
  checkLabel(path, name, problems);
  if (name !== undefined && everyClustersOwn.includes(name))
    problems.add(path, `"${name}" is in every cluster and cannot be deleted with this: name one of its own`);
  if (name !== undefined && Object.values<string>(addOnNamespaces).includes(name))
    problems.add(path, `"${name}" is where a cluster's own add-ons are: name another`);
}

/** Of one that has another field's value where it is left out; a value that is no name is told by that field. */
export function checkNamespaceOrDefault(name: string | undefined, other: string, problems: Problems): void {
  checkOwnNamespace("namespace", name ?? (isDnsLabel(other) ? other : undefined), problems);
}

/** What a cloud calls its own, as people copy it: with a space or a line end too much, or with nothing in it. What is not known yet is left to the cloud. */
export function checkCopiedName(path: string, given: pulumi.Input<string> | undefined, problems: Problems): void {
  const name = known(given);
  if (name === "") problems.add(path, "must not be empty");
  else if (name !== undefined && isCopied(name))
    problems.add(path, `${JSON.stringify(name)} has a space, a line end or something unseen in it that no name has`);
}

/** Whether something was copied along that nobody sees. */
export function isCopied(text: string): boolean {
  return /^\s|\s$/.test(text) || unseen.test(text);
}

const unseen = /[\p{Cc}\p{Cf}]/u;

/** A key or a token, which goes into a header of HTTP. It is not shown. What is not known yet is left to who asks for it. */
export function checkToken(path: string, given: pulumi.Input<string> | undefined, problems: Problems): void {
  const token = known(given);
  if (token !== undefined && !/^[\x21-\x7e]+$/.test(token))
    problems.add(path, "must be one word of plain characters, without spaces and line ends, at its end either");
}

/** What somebody types who logs in. It is not shown. */
export function checkTyped(path: string, given: pulumi.Input<string> | undefined, problems: Problems): void {
  const text = known(given);
  if (text?.trim() === "") problems.add(path, "must not be empty");
  else if (text !== undefined && unseen.test(text))
    problems.add(path, "has a line end or something unseen in it, which nobody types");
}

/** How long somebody else's API lets a text be. */
export function checkLength(path: string, text: string | undefined, most: number, problems: Problems): void {
  if (text !== undefined && (text.length < 1 || text.length > most))
    problems.add(path, `must have 1 to ${most} characters`);
}

/** Quantities of Kubernetes, by what they are of. */
export function checkQuantities(path: string, quantities: Record<string, string> = {}, problems: Problems): void {
  for (const [resource, text] of Object.entries(quantities)) {
    const at = `${path}["${resource}"]`;
    if (!/^[\w./-]+$/.test(resource)) problems.add(at, "is no name of what is counted, such as cpu or nvidia.com/gpu");
    else if ((quantityOf(text) ?? -1) < 0)
      problems.add(at, `"${text}" must be a quantity of Kubernetes', such as "8" or "512Gi"`);
  }
}

/** As Go takes it. */
export function checkDuration(path: string, text: string | undefined, problems: Problems): void {
  if (text !== undefined && durationMs(text) === undefined)
    problems.add(path, `"${text}" must be a duration: numbers with the units ms, s, m or h, such as 90s or 1h30m`);
}

/** IPv4 in CIDR notation. */
export function checkCidr(path: string, cidr: string, problems: Problems): void {
  const range = rangeOf(cidr);
  if (!range) {
    problems.add(path, `"${cidr}" must be an IPv4 range such as 203.0.113.0/24`);
  } else if (!parseCidr(cidr)) {
    problems.add(path, `"${cidr}" has bits beyond its prefix, which clouds refuse: ${formatCidr(range)} is the range`);
  }
}
