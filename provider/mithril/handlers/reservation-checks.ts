/** What is wrong with a reservation that is to be ordered, and what it would cost. */
import type { CheckFailure, ResourceContext } from "../../server/resource";
import { known } from "../../cloud/inputs";
import type { CatalogueContent } from "../catalogue";
import type { Connection } from "../connection";
import { isMithrilError } from "../errors";
import { parseMoney } from "../../../sdk/mithril/money";
import { reservableProblem, resolveReservable } from "../offers";
import { tooDear } from "../reservation-quote";
import type { QuoteQuery } from "../types";
import type { Maybe, OrderFields } from "./order-checks";

export interface ReservationFields extends Pick<OrderFields, "region" | "instanceType" | "quantity"> {
  start: Maybe<string>;
  end: Maybe<string>;
  maxUnitPrice: Maybe<string>;
}

/** Where the fields are in the user's inputs. */
export type FieldPrefix = "" | "capacity.reservation.";

/** The type against those that can be reserved, and the order against Mithril's quote, which is told. */
export async function checkReservable(
  fields: ReservationFields,
  prefix: FieldPrefix,
  { markets }: CatalogueContent,
  { api, reservable: types }: Connection,
  { log, signal }: ResourceContext,
): Promise<CheckFailure[]> {
  const [region, type] = [known(fields.region), known(fields.instanceType)];
  if (region === undefined || type === undefined) return [];
  const offer = { markets, reservable: await types.read(signal) };
  const problem = reservableProblem(type, region, offer);
  if (problem !== undefined) return [{ property: "instanceType", reason: problem }];
  const [startTime, endTime, quantity] = [known(fields.start), known(fields.end), fields.quantity];
  if (startTime === undefined || endTime === undefined || quantity === undefined || quantity < 1) return [];
  const query = { instanceType: resolveReservable(type, region, offer), region, startTime, endTime, quantity };
  const quote = await quoteOf(api, query, signal);
  const what = `${quantity} × ${type} in ${region} from ${startTime} to ${endTime}`;
  if (typeof quote === "string") {
    return [{ property: "instanceType", reason: `Mithril does not offer ${what}: ${quote}` }];
  }
  const most = known(fields.maxUnitPrice);
  const dear = tooDear(quote, most === undefined ? undefined : parseMoney(most));
  if (dear !== undefined) return [{ property: `${prefix}maxUnitPrice`, reason: dear }];
  log.info(`${what} cost ${quote.totalPrice} now (${quote.unitPrice} per instance and hour), paid when it is ordered`);
  return [];
}

/** The quote, or in words why there is none. */
async function quoteOf(api: Connection["api"], query: QuoteQuery, signal: AbortSignal) {
  try {
    return (await api.reservations.quote(query, signal)) ?? "it has no standard price";
  } catch (error) {
    if (!isMithrilError(error, "invalid", "notFound", "precondition", "capacity", "quota", "price")) throw error;
    return error.message;
  }
}

/** The order that a program wants, as far as it makes another reservation necessary. An extension is none. */
export function isOtherOrder(before: ReservationFields | undefined, now: ReservationFields): boolean {
  if (!before) return true;
  const time = (value: Maybe<string>) => Date.parse(known(value) ?? "");
  const same =
    before.region === now.region && before.instanceType === now.instanceType && before.quantity === now.quantity;
  return !same || time(before.start) !== time(now.start) || time(now.end) < time(before.end);
}
