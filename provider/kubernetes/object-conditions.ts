/** What an object's controller says of it. Pure. */
import { parsePath, valueAt } from "../../sdk/schema/property-path";
import type { KubernetesObject } from "./api";

/** As most controllers write it; Michelangelo's has numbers as texts. */
export interface Condition {
  type: string;
  status?: string;
  reason?: string;
  message?: string;
  observedGeneration?: number | string;
  lastUpdatedTimestamp?: number | string;
  lastHeartbeatTime?: string;
}

export interface Expectations {
  readonly conditions: readonly { type: string; status?: string }[];
  readonly conditionsAt: string;
  readonly freshSeconds?: number | undefined;
  readonly fields: Readonly<Record<string, string>>;
  /** By place, what may stand there. */
  readonly expected?: Readonly<Record<string, readonly string[]>>;
}

export interface Judgement {
  /** Empty where all is as it should be. */
  readonly missing: readonly string[];
  /** Of the fields that have one. */
  readonly values: Readonly<Record<string, string>>;
}

export function judge(object: KubernetesObject, expected: Expectations, nowMs: number): Judgement {
  const found = conditionsOf(object, expected.conditionsAt);
  const values = Object.fromEntries(
    Object.entries(expected.fields).flatMap(([name, path]) => {
      const value = plainAt(object, path);
      return value !== undefined ? [[name, value] as const] : [];
    }),
  );
  const missing = [
    ...(isBehind(valueAt(object, ["status", "observedGeneration"]), object)
      ? ["its controller has not seen the last change yet"]
      : []),
    ...expected.conditions.flatMap(({ type, status = "True" }) => {
      const condition = found.find((candidate) => candidate.type === type);
      const fault = faultOf(condition, status, object, expected.freshSeconds, nowMs);
      return fault === undefined ? [] : [`${type} ${fault}`];
    }),
    ...Object.entries(expected.expected ?? {}).flatMap(([path, allowed]) => {
      const value = plainAt(object, path);
      return value !== undefined && allowed.includes(value) ? [] : [`${path} is ${value ?? "not there yet"}`];
    }),
    ...Object.entries(expected.fields).flatMap(([name, path]) => (name in values ? [] : [`${path} is not there yet`])),
  ];
  return { missing, values };
}

/** All that it says, a line each, for errors: its conditions, and what stands in other places. */
export function describeConditions(
  object: KubernetesObject,
  conditionsAt: string,
  told: readonly string[] = [],
): string {
  const found = conditionsOf(object, conditionsAt);
  const words = told.flatMap((path) => {
    const value = plainAt(object, path);
    return value === undefined ? [] : [`\n  ${path}: ${value}`];
  });
  return conditionLines(found, words.length > 0) + words.join("");
}

function conditionLines(found: readonly Condition[], tellsElsewhere: boolean): string {
  if (found.length === 0 && tellsElsewhere) return "";
  if (found.length === 0) return "\n  it has no conditions: no controller has looked at it";
  return found.map((condition) => `\n  ${condition.type} ${condition.status ?? "?"}${words(condition)}`).join("");
}

/** As text; undefined where nothing, or more than a word, stands there. */
export function plainAt(object: KubernetesObject, path: string): string | undefined {
  const value = valueAt(object, parsePath(path));
  const isPlain = ["string", "number", "boolean"].includes(typeof value);
  return isPlain && value !== "" ? String(value) : undefined;
}

export function conditionsOf(object: KubernetesObject, at: string): Condition[] {
  const found = valueAt(object, parsePath(at));
  return Array.isArray(found)
    ? (found as unknown[]).filter((entry): entry is Condition => typeof (entry as Condition | null)?.type === "string")
    : [];
}

function faultOf(
  condition: Condition | undefined,
  status: string,
  object: KubernetesObject,
  freshSeconds: number | undefined,
  nowMs: number,
): string | undefined {
  if (condition === undefined) return "is not said yet";
  if (condition.status !== status) return `is ${condition.status ?? "?"}${words(condition)}`;
  if (isBehind(condition.observedGeneration, object)) return "is of the object before its last change";
  if (freshSeconds === undefined) return undefined;
  const confirmed = confirmedMs(condition);
  if (confirmed === undefined) return "does not say when it was confirmed";
  const age = Math.round((nowMs - confirmed) / 1000);
  return age > freshSeconds ? `was confirmed ${age} s ago: nobody does so any more` : undefined;
}

function isBehind(observed: unknown, { metadata }: KubernetesObject): boolean {
  const generation = Number(metadata["generation"]);
  return observed !== undefined && generation > 0 && Number(observed) < generation;
}

/** Unix time, in seconds or milliseconds, or RFC 3339. */
export function confirmedMs({ lastUpdatedTimestamp, lastHeartbeatTime }: Condition): number | undefined {
  const unix = Number(lastUpdatedTimestamp);
  if (unix > 0) return unix > 1e11 ? unix : unix * 1000;
  const heartbeat = Date.parse(lastHeartbeatTime ?? "");
  return Number.isNaN(heartbeat) ? undefined : heartbeat;
}

function words({ reason, message }: Condition): string {
  const said = [reason, message].filter(Boolean).join(": ");
  return said === "" ? "" : ` (${said})`;
}
