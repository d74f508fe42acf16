/** Reads what `POST /_simulator/faults` was sent: a fault of the traffic, or conditions of a cloud. */
import type { SimulatedCloud } from "./cloud";
import type { Fault } from "./faults";
import { isCount, isObject, misfit, type Shape } from "./shape-check";

export type CheckedFault = { fault: Fault } | { cloud: string; conditions: object } | { problem: string };

const matchShape: Shape = { method: "string", path: "pattern", operation: "string" };

export function checkFault(text: unknown, clouds: ReadonlyMap<string, SimulatedCloud>): CheckedFault {
  let sent: unknown;
  try {
    sent = JSON.parse(String(text));
  } catch {
    return { problem: "The body must be JSON." };
  }
  if (!isObject(sent)) return { problem: "The body must be an object." };
  for (const [cloud, { conditions }] of clouds) {
    if (!conditions || !(cloud in sent)) continue;
    const problem = conditions.problem(sent[cloud]);
    return problem === undefined ? { cloud, conditions: sent[cloud] as object } : { problem };
  }
  const served = [...clouds].filter(([, { api }]) => api).map(([name]) => name);
  const problem = faultProblem(sent, served);
  return problem === undefined ? { fault: sent as unknown as Fault } : { problem };
}

function faultProblem(sent: Record<string, unknown>, served: readonly string[]): string | undefined {
  const unknown = Object.keys(sent).find(
    (key) => !["cloud", "match", "nth", "times", "effect", "outcome"].includes(key),
  );
  if (unknown !== undefined) return `${unknown} is no field of a fault.`;
  if (!served.some((name) => name === sent["cloud"])) {
    return `cloud must be ${served.map((name) => `"${name}"`).join(" or ")}.`;
  }
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
