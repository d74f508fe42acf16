/** Seconds that `work` took, to the millisecond. */
export async function seconds(work: () => Promise<unknown>): Promise<number> {
  const begun = performance.now();
  await work();
  return Math.round(performance.now() - begun) / 1000;
}

export interface Figures {
  runs: number[];
  median: number;
}

/** Runs `work` a few times, one after the other. */
export async function repeated(times: number, work: () => Promise<number>): Promise<Figures> {
  const runs: number[] = [];
  for (let index = 0; index < times; index++) {
    runs.push(await work());
  }
  return { runs, median: [...runs].sort((a, b) => a - b)[Math.floor(times / 2)]! };
}
