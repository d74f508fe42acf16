import { OutcomeUnknown } from "../create-once";
import { messageOf } from "./inputs";

/**
 * What a create that was sent and interrupted tells. There is no id to keep in the state: Mithril makes them up, so the object can only be
 * imported or deleted by hand.
 */
export async function explainUnknown<T>(work: Promise<T>): Promise<T> {
  try {
    return await work;
  } catch (error) {
    if (!(error instanceof OutcomeUnknown)) throw error;
    throw new Error(`${messageOf(error)}. Look at Mithril's console before the next \`pulumi up\``, { cause: error });
  }
}
