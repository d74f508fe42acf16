/** What the state gets to know of a group: as it is now, also where an operation on it failed, so that nothing is lost. */
import { counted } from "../../sdk/counted";
import { messageOf } from "../../sdk/message";
import { OutcomeUnknown } from "../cloud/outcome-unknown";
import { withReason } from "../cloud/wait";
import { PartialFailure } from "../server/resource";
import type { GroupAdapter, GroupCall, GroupInputs, GroupOutputs } from "./adapter";
import { GroupUnfinished, type NodeGroupDescription, type NodeGroupDriver } from "./driver";

/** A cloud that keeps a record of its problems is asked for those of the last hour: what is older says little of now. */
const recentMs = 3_600_000;
const mostProblems = 10;

/** Must end within the grace of an interrupted operation, after what the driver itself still does. */
const lookAfterAbortMs = 2_000;

export class GroupOutcome<I extends GroupInputs, O extends GroupOutputs, D extends NodeGroupDriver> {
  constructor(private readonly cloud: GroupAdapter<I, O, D>) {}

  async outputs(id: string, driver: D, { inputs, context }: GroupCall<I>, signal: AbortSignal): Promise<O> {
    const description = await driver.describe(signal);
    const problems = await recentProblems(driver, signal);
    // Where machines are waited for, the wait has told.
    if (!this.cloud.waiting) for (const problem of problems) context.log.warn(problem);
    const shortage = description.size < inputs.maxSize ? await this.cloud.shortage?.(inputs, context) : undefined;
    return this.#described(id, description, shortage === undefined ? problems : [...problems, shortage]);
  }

  /** Does `work`; what is there of the group when it fails goes with the error into the state. */
  async keeping<T>(id: string, driver: D, signal: AbortSignal, work: () => Promise<T>): Promise<T> {
    try {
      return await withReason(signal, work);
    } catch (error) {
      throw (await this.#unfinished(id, driver, error, signal)) ?? error;
    }
  }

  /** The group's id. */
  async ensure(size: number, driver: D, { inputs, context }: GroupCall<I>, signal: AbortSignal): Promise<string> {
    try {
      return await driver.ensure(size, signal);
    } catch (error) {
      // Any other error came before anything was made. What is in the cloud then may be another's.
      if (!(error instanceof GroupUnfinished)) throw error;
      const cause = signal.aborted ? (signal.reason as unknown) : error.cause;
      throw (await this.#unfinished(this.cloud.idByName(inputs, context.config), driver, cause, signal)) ?? cause;
    }
  }

  /** What the state keeps of a group that is not right, so that nothing is lost; `undefined` when there is certainly nothing of it. */
  async #unfinished(id: string, driver: D, cause: unknown, signal: AbortSignal): Promise<PartialFailure | undefined> {
    const look = AbortSignal.timeout(lookAfterAbortMs);
    const found = await driver.describe(look).catch(() => undefined);
    // What was sent before an interruption may still be on its way.
    const mayCome = signal.aborted || isUnknown(cause);
    if (found && found.id === undefined && !mayCome) return undefined;
    const left = found ? `it has ${counted(found.size, "machine")} now` : "which machines it has now is unknown";
    const reason = `${messageOf(cause)} (${left}; the next \`pulumi up\` goes on)`;
    const kept = found?.id ?? id;
    if (!found) return new PartialFailure(kept, {}, [reason], { cause });
    const problems = await recentProblems(driver, look).catch(() => []);
    return new PartialFailure(kept, this.#described(kept, found, problems), [reason], { cause });
  }

  #described(id: string, description: NodeGroupDescription, problems: readonly string[]): O {
    return { ...this.cloud.outputs(id, description), problems } as unknown as O;
  }
}

function isUnknown(error: unknown): boolean {
  return error instanceof OutcomeUnknown || (error instanceof Error && isUnknown(error.cause));
}

/** Newest last, each once: a cloud says the same again and again while it lasts. */
async function recentProblems(driver: NodeGroupDriver, signal: AbortSignal): Promise<string[]> {
  const found = await driver.problems(new Date(Date.now() - recentMs), signal);
  return [...new Set(found.map(({ message }) => message))].slice(-mostProblems);
}
