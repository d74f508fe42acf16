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
  return figures(runs);
}

/** Runs of several subjects in turn, so that what else the machine does in the meantime meets all of them. */
export async function interleaved<Measure extends object>(
  times: number,
  subjects: readonly (() => Promise<Measure>)[],
): Promise<Record<keyof Measure, Figures>[]> {
  const measures: Measure[][] = subjects.map(() => []);
  for (let index = 0; index < times; index++) {
    for (const [at, subject] of subjects.entries()) measures[at]!.push(await subject());
  }
  return measures.map((runs) => {
    const keys = Object.keys(runs[0]!) as (keyof Measure)[];
    return Object.fromEntries(keys.map((key) => [key, figures(runs.map((run) => Number(run[key])))])) as Record<
      keyof Measure,
      Figures
    >;
  });
}

function figures(runs: number[]): Figures {
  return { runs, median: [...runs].sort((a, b) => a - b)[Math.floor(runs.length / 2)]! };
}
