import { isMithrilError } from "./errors";

/** Deletes that are sent until nothing is left: one that was accepted is under way, whatever its repetition is told. */
export class Removals {
  private readonly accepted = new Set<string>();

  async send(fid: string, remove: () => Promise<void>): Promise<void> {
    try {
      await remove();
      this.accepted.add(fid);
    } catch (error) {
      if (!this.accepted.has(fid) || !isMithrilError(error, "precondition", "invalid")) throw error;
    }
  }
}
