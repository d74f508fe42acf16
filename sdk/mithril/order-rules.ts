/** What of an order is right or wrong before Mithril is asked: for the cluster's arguments and the resources' inputs alike. Pure. */
import { counted } from "../counted";
import { isTimestamp } from "../timestamp";
import { parseMoney } from "./money";

export interface OrderProblem {
  property: string;
  reason: string;
}

/** `2026-12-01T08:00:00Z` and other spellings of RFC 3339, with a time zone, and without seconds too. */
export function isTime(text: string): boolean {
  return isTimestamp(text.replace(/(T\d\d:\d\d)(Z|[+-]\d\d:\d\d)$/, "$1:00$2"));
}

export function priceProblems(property: string, price: string | undefined): OrderProblem[] {
  const cents = price === undefined ? undefined : parseMoney(price);
  if (price === undefined || (cents !== undefined && cents > 0)) return [];
  const wrong = cents === 0 ? "is less than a cent, and buys nothing: it must be" : "must be";
  return [{ property, reason: `"${price}" ${wrong} dollars per instance and hour, for example "$25.60"` }];
}

/** Reference: Mithril API, "Startup scripts". */
const longestStartupScript = 10_000;

export function scriptProblems(property: string, script: string | undefined): OrderProblem[] {
  const problems: OrderProblem[] = [];
  if (script !== undefined && !script.startsWith("#!/bin/bash"))
    problems.push({ property, reason: "must start with #!/bin/bash" });
  if (script !== undefined && script.length > longestStartupScript) {
    const reason = `has ${script.length} characters, Mithril takes at most ${longestStartupScript}: let it download the rest`;
    problems.push({ property, reason });
  }
  return problems;
}

const hourMs = 3_600_000;
const [shortestHours, longestHours] = [3, 14 * 24];

/** Reference: Mithril API, "Reservations": 3 to 336 whole hours. `prefix` stands before the fields `start` and `end`. */
export function periodProblems(prefix: string, start: string | undefined, end: string | undefined): OrderProblem[] {
  const problems: OrderProblem[] = [];
  for (const [field, value] of [
    ["start", start],
    ["end", end],
  ] as const) {
    if (value !== undefined && !isTime(value)) {
      const reason = `"${value}" must be a time with its zone, for example 2026-12-01T08:00:00Z (in a stack's YAML in quotes, or it becomes a date)`;
      problems.push({ property: prefix + field, reason });
    }
  }
  if (problems.length > 0 || start === undefined || end === undefined) return problems;
  const hours = (Date.parse(end) - Date.parse(start)) / hourMs;
  if (!Number.isInteger(hours) || hours < shortestHours || hours > longestHours) {
    const nearest = Math.min(Math.max(Math.round(hours), shortestHours), longestHours);
    const right = new Date(Date.parse(start) + nearest * hourMs).toISOString();
    const reason = `is ${counted(Number(hours.toFixed(2)), "hour")} after the start; a reservation takes ${shortestHours} to ${longestHours} whole hours, for example until ${right}`;
    problems.push({ property: `${prefix}end`, reason });
  }
  return problems;
}
