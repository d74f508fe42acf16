import { messageOf } from "../../../sdk/message";
import { PartialFailure } from "../../server/resource";

export interface PlacedOrder<O> {
  readonly fid: string;
  /** What is known from the order's own answer. */
  readonly outputs: O;
  /** Where the program wants it paused: an order begins running. */
  readonly pause: (() => Promise<unknown>) | undefined;
  read(): Promise<O>;
}

/** What a new order is. It costs money: whatever fails from here on leaves it in the state. */
export async function finishOrder<O extends object>(order: PlacedOrder<O>): Promise<{ id: string; outputs: O }> {
  try {
    await order.pause?.();
    return { id: order.fid, outputs: await order.read() };
  } catch (error) {
    throw new PartialFailure(order.fid, order.outputs, [messageOf(error)], { cause: error });
  }
}
