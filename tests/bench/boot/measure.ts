/** What `npm run bench -- boot` measures, in seconds. */
import { readFileSync } from "node:fs";
import { Agent, get } from "node:https";
import { join } from "node:path";
import { parse, stringify } from "yaml";
import type { MachineSpec } from "../../../simulator/machines/machine";
import { until } from "../../until";
import { bootMs } from "../../machines-nspawn/cluster";

/** A type and not an interface: `interleaved` takes its keys. */
export type Up = {
  /** Of the control plane, until its API server answers. */
  powerOnToApi: number;
  /** Of the worker, until its node is Ready. `pulumi up` makes it as soon as the API server answers, which is before all controllers run. */
  powerOnToWorkerReady: number;
  /** From the beginning of `pulumi up` until the API server answers. */
  upToApi: number;
  /** Until all nodes are Ready, or `pulumi up` has ended if that is later. */
  upToAllReady: number;
};

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

/**
 * The administrator's, as kubeadm left it on a control plane, to the address that the host reaches.
 * @param directory of all machines' disks
 */
export function kubeconfigOnMachine(directory: string, { id, address }: MachineSpec): string {
  const file = join(directory, id.replaceAll("/", "~"), "upper", "etc", "kubernetes", "admin.conf");
  const config = parse(readFileSync(file, "utf8")) as { clusters: { cluster: Record<string, string> }[] };
  Object.assign(config.clusters[0]!.cluster, { server: `https://${address}:6443`, "tls-server-name": "kubernetes" });
  return stringify(config);
}
