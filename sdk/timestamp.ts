/** Times of RFC 3339 as Go reads them. Pure. */

/** JavaScript takes a 31st of February, too, for a day in March, and 24:00. */
export function isTimestamp(text: string): boolean {
  const [, date = "", hour] = /^(\d{4}-\d\d-\d\d)T(\d\d):\d\d:\d\d(?:\.\d+)?(?:Z|[+-]\d\d:\d\d)$/.exec(text) ?? [];
  return hour !== undefined && hour !== "24" && !Number.isNaN(Date.parse(text)) && isDay(date);
}

/** `2026-12-31`, one that the calendar has. */
function isDay(date: string): boolean {
  return !Number.isNaN(Date.parse(date)) && new Date(date).toISOString().startsWith(date);
}
