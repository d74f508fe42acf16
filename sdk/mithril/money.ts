/** Money as Mithril writes it: dollar strings such as `"$25.60"`, per instance and hour (reference: Mithril API, "Price units"). Pure. */

const dollars = /^\$?\s*((?:\d{1,3}(?:,\d{3})+|\d+)(?:\.\d+)?|\.\d+)$/;

/** Whole cents, or undefined when it is not an amount. Accepts a missing `$`, thousands commas and plain numbers; rounds below a cent. */
export function parseMoney(value: string | number): number | undefined {
  if (typeof value === "number") return Number.isFinite(value) && value >= 0 ? Math.round(value * 100) : undefined;
  const amount = dollars.exec(value.trim())?.[1];
  if (amount === undefined) return undefined;
  const [whole = "", fraction = ""] = amount.replaceAll(",", "").split(".");
  // Digit by digit: 1.005 × 100 is less than 100.5 in binary.
  const thousandths = Number(whole || "0") * 1000 + Number(fraction.slice(0, 3).padEnd(3, "0"));
  const cents = Math.round(thousandths / 10);
  return Number.isSafeInteger(cents) ? cents : undefined;
}

/** `"$25.60"`. */
export function formatMoney(cents: number): string {
  return `$${Math.trunc(cents / 100)}.${String(Math.abs(cents % 100)).padStart(2, "0")}`;
}

/** What the API wants for an amount that a user wrote, or undefined when that is no amount. */
export function normalizeMoney(value: string | number): string | undefined {
  const cents = parseMoney(value);
  return cents === undefined ? undefined : formatMoney(cents);
}

export function sameMoney(a: string | number, b: string | number): boolean {
  const cents = parseMoney(a);
  return cents !== undefined && cents === parseMoney(b);
}
