/** A pause that can be cut short. */
export class GroupAlarm {
  private due: number | undefined;
  private wakeUp: (() => void) | undefined;
  private timer: NodeJS.Timeout | undefined;

  /** The pause, this one or the next, ends within `ms`. */
  ring(ms: number): void {
    const due = performance.now() + ms;
    if (this.due !== undefined && this.due <= due) return;
    this.due = due;
    if (this.wakeUp) this.arm(ms);
  }

  async wait(ms: number): Promise<void> {
    const rest = this.due === undefined ? ms : Math.min(ms, this.due - performance.now());
    await new Promise<void>((resolve) => {
      this.wakeUp = resolve;
      this.arm(Math.max(0, rest));
    });
    this.wakeUp = this.due = undefined;
  }

  private arm(ms: number): void {
    clearTimeout(this.timer);
    this.timer = setTimeout(() => this.wakeUp?.(), ms);
  }
}
