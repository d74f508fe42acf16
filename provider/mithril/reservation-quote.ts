/** What a reservation costs, held against the most that the user would pay for it. */
import type { MithrilApi } from "./api";
import { formatMoney, parseMoney } from "../../sdk/mithril/money";
import { messageOf } from "../../sdk/message";
import type { Quote, ReservationRequest } from "./types";

/** Why the quote is too dear; undefined: it is not, or there is no ceiling. Pure. */
export function tooDear({ unitPrice }: Quote, maxUnitCents: number | undefined): string | undefined {
  const cents = parseMoney(unitPrice);
  if (maxUnitCents === undefined || (cents !== undefined && cents <= maxUnitCents)) return undefined;
  return `${formatMoney(maxUnitCents)} per instance and hour is less than Mithril asks for now, ${unitPrice}`;
}

/**
 * Asked once more before an order with a ceiling is sent: it is paid at once. Mithril holds the ceiling itself, but nothing says in which
 * unit. Its errors are plain ones, so that nobody takes them for an order whose outcome is unknown.
 */
export async function refuseTooDear(
  api: Pick<MithrilApi, "reservations">,
  request: ReservationRequest,
  signal: AbortSignal,
): Promise<void> {
  if (request.maxUnitCents === undefined) return;
  const quote = await api.reservations.quote(request, signal).catch((error: unknown) => {
    throw new Error(`maxUnitPrice: nothing was ordered, because the price could not be read: ${messageOf(error)}`, {
      cause: error,
    });
  });
  const problem = quote ? tooDear(quote, request.maxUnitCents) : "Mithril makes no standard offer now";
  if (problem !== undefined) throw new Error(`maxUnitPrice: nothing was ordered: ${problem}`);
}
