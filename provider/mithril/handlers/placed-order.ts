import { messageOf } from "../../../sdk/message";
import { waitFor } from "../../cloud/wait";
import { PartialFailure } from "../../server/resource";

/** A new object may not be visible at once. */
export const longestInvisibleMs = 30_000;

export interface PlacedOrder<T, O> {
  readonly fid: string;
  /** What is known from the order's own answer. */
  readonly outputs: O;
  readonly signal: AbortSignal;
  find(): Promise<T | undefined>;
  /** Where the program wants it paused: an order begins running. */
  readonly pause: (() => Promise<unknown>) | undefined;
  /** @param found undefined: it is to be looked for */
  read(found: T | undefined): Promise<O>;
}

/** What a new order is. It costs money: whatever fails from here on leaves it in the state. */
export async function finishOrder<T, O extends object>(order: PlacedOrder<T, O>): Promise<{ id: string; outputs: O }> {
  try {
    const visibleAt = Date.now() + longestInvisibleMs;
    const { found } = await waitFor(async () => {
      const each = await order.find();
      return each !== undefined || Date.now() >= visibleAt ? { found: each } : undefined;
    }, order.signal);
    await order.pause?.();
    return { id: order.fid, outputs: await order.read(order.pause ? undefined : found) };
  } catch (error) {
    throw new PartialFailure(order.fid, order.outputs, [messageOf(error)], { cause: error });
  }
}
