/** What a refresh makes of the inputs in the state. */
import { isRecord, type Properties } from "../../provider/server/wire";

/** The inputs that the user gave, with the values that they have now. What was left to the cloud stays left to it. */
export function liveInputs(inputs: Properties, live: Properties): Properties {
  return Object.fromEntries(
    Object.entries(inputs).map(([key, given]) => [key, key in live ? shapedLike(given, live[key]) : given]),
  );
}

function shapedLike(given: unknown, live: unknown): unknown {
  // Tags and other maps of texts are whole: a key that somebody added is drift.
  if (isRecord(given) && isRecord(live)) return isMapOfTexts(live) ? live : liveInputs(given, live);
  if (Array.isArray(given) && Array.isArray(live)) {
    const isSameSet = given.length === live.length && given.every((element) => live.includes(element));
    // Sets of texts come back in any order.
    if (isSameSet) return given;
    if (given.length === live.length) return live.map((element, i) => shapedLike(given[i], element));
  }
  return live;
}

function isMapOfTexts(value: Record<string, unknown>): boolean {
  return Object.values(value).every((element) => typeof element === "string");
}
