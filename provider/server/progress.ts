/** Which messages of a wait are told. Logs without a terminal keep each of them as a line, and a wait looks several times a second. Pure. */
const repeatMs = 30_000;

export class Progress {
  private told: { what: string; at: number } | undefined;

  /** Whether it says something new, or the last one was told half a minute ago. How long the wait has taken is nothing new. */
  isNews(message: string, now: number): boolean {
    const what = message.replace(/\d+(\.\d+)? ?(ms|s|min|h)\b/g, "");
    if (this.told?.what === what && now - this.told.at < repeatMs) return false;
    this.told = { what, at: now };
    return true;
  }
}
