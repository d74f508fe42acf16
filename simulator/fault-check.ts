/** Reads what `POST /_simulator/faults` was sent: a fault of the traffic, or conditions of a cloud. */
import type { Conditions, Quotas } from "./cudo/conditions";
import { usualQuotas } from "./cudo/conditions";
import type { Fault } from "./faults";
import { conditionsProblem, type MithrilConditions } from "./mithril/conditions";

export type CheckedFault =
  { fault: Fault } | { conditions: Conditions } | { mithril: MithrilConditions } | { problem: string };

type Shape = { readonly [field: string]: "string" | "pattern" | "count" | Shape };

const conditionShape: Shape = {
  vmFails: { id: "pattern", times: "count" },
  outOfCapacity: { dataCenterId: "string", machineType: "string" },
  ipv4Exhausted: { dataCenterId: "string" },
  quotas: Object.fromEntries(Object.keys(usualQuotas).map((name) => [name as keyof Quotas, "count" as const])),
};
const matchShape: Shape = { method: "string", path: "pattern", operation: "string" };

export function checkFault(text: unknown): CheckedFault {
  let sent: unknown;
  try {
    sent = JSON.parse(String(text));
  } catch {
    return { problem: "The body must be JSON." };
  }
  if (!isObject(sent)) return { problem: "The body must be an object." };
  if ("cudo" in sent) {
    const problem = misfit("cudo", conditionShape, sent["cudo"]);
    return problem === undefined ? { conditions: sent["cudo"] as Conditions } : { problem };
  }
  if ("mithril" in sent) {
    const problem = conditionsProblem(sent["mithril"]);
    return problem === undefined ? { mithril: sent["mithril"] as MithrilConditions } : { problem };
  }
  const problem = faultProblem(sent);
  return problem === undefined ? { fault: sent as unknown as Fault } : { problem };
}

function faultProblem(sent: Record<string, unknown>): string | undefined {
  const unknown = Object.keys(sent).find(
    (key) => !["cloud", "match", "nth", "times", "effect", "outcome"].includes(key),
  );
  if (unknown !== undefined) return `${unknown} is no field of a fault.`;
  if (sent["cloud"] !== "cudo" && sent["cloud"] !== "mithril") return `cloud must be "cudo" or "mithril".`;
  if (sent["effect"] !== "before" && sent["effect"] !== "after") return `effect must be "before" or "after".`;
  for (const field of ["nth", "times"])
    if (sent[field] !== undefined && !isCount(sent[field], 1)) return `${field} must be a whole number from 1.`;
  return misfit("match", matchShape, sent["match"]) ?? outcomeProblem(sent["outcome"]);
}

function outcomeProblem(outcome: unknown): string | undefined {
  if (outcome === "dropConnection") return undefined;
  const status = isObject(outcome) ? outcome["status"] : undefined;
  if (isCount(status, 200) && status <= 599) return undefined;
  if (isObject(outcome) && isCount(outcome["delayMs"], 0)) return undefined;
  return `outcome must be {"status": 200 to 599, "body"?, "headers"?}, "dropConnection" or {"delayMs": milliseconds}.`;
}

/** What is wrong with a value that should have this shape. Every field may be left out. */
function misfit(name: string, shape: Shape, value: unknown): string | undefined {
  if (!isObject(value)) return `${name} must be an object.`;
  for (const [key, entry] of Object.entries(value)) {
    const path = `${name}.${key}`;
    const type = Object.hasOwn(shape, key) ? shape[key] : undefined;
    if (type === undefined) return `${path} is unknown; known: ${Object.keys(shape).join(", ")}.`;
    if (typeof type === "object") {
      const problem = misfit(path, type, entry);
      if (problem !== undefined) return problem;
    } else if (type === "count") {
      if (!isCount(entry, 0)) return `${path} must be a whole number from 0.`;
    } else if (typeof entry !== "string" || (type === "pattern" && !isPattern(entry))) {
      return `${path} must be a ${type === "pattern" ? "regular expression" : "string"}.`;
    }
  }
  return undefined;
}

function isPattern(text: string): boolean {
  try {
    new RegExp(text);
    return true;
  } catch {
    return false;
  }
}

function isCount(value: unknown, least: number): value is number {
  return typeof value === "number" && Number.isInteger(value) && value >= least;
}

function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}
