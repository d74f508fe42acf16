/** What `npm run bench -- boot` measures on each cloud, in seconds. */
import { Agent, get } from "node:https";
import { until } from "../../machines/test-cluster";
import { bootMs } from "../../machines-nspawn/cluster";

/** Machines alone, without the engine. A type and not an interface: `interleaved` takes its keys. */
export type PowerOn = {
  /** Of the control plane, until its API server answers. */
  powerOnToApi: number;
  /** Of a worker, while the API server answers, until its node is Ready. */
  powerOnToWorkerReady: number;
};

export type Up = {
  /** From the beginning of `pulumi up` until the API server answers. */
  upToApi: number;
  /** Until all nodes are Ready, or `pulumi up` has ended if that is later. */
  upToAllReady: number;
};

export interface BootCloud {
  powerOn(): Promise<PowerOn>;
  up(): Promise<Up>;
}

export function stopwatch(): () => number {
  const begun = performance.now();
  return () => Math.round(performance.now() - begun) / 1000;
}

/** Resolves when the API server says to anybody that it is ready. */
export async function apiAnswers(address: string): Promise<void> {
  const agent = new Agent({ rejectUnauthorized: false });
  const ask = () =>
    new Promise<boolean>((resolve) => {
      get({ host: address, port: 6443, path: "/readyz", agent }, (answer) => {
        answer.resume();
        resolve(answer.statusCode === 200);
      }).once("error", () => resolve(false));
    });
  try {
    await until(`the API server at ${address} answers`, ask, bootMs);
  } finally {
    agent.destroy();
  }
}
