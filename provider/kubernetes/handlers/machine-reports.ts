/** Asks the machines that are missing for their logs, in the ways that a resource's inputs open. */
import type { CheckFailure, ProviderConfig, ResourceContext } from "../../server/resource";
import { askMachines, bootstrapLines, logOverSsh, type MachineReport } from "../machine-log";

/** A cloud's way to a machine's log, for where there is no key to log in with. */
export interface CloudLog {
  /** For people: `its console`. */
  readonly name: string;
  /** All that there is of it. */
  read(machine: string, config: ProviderConfig, signal: AbortSignal): Promise<string>;
}

/** The clouds' ways by their names in `log.source`; each is loaded when a machine is asked. */
export type LogSources = Readonly<Record<string, () => Promise<CloudLog>>>;

interface MachineLog {
  source: string;
  machine: string;
}

export interface AskedMachine {
  nodeName: string;
  address?: string;
  log?: MachineLog;
}

export interface AskContext extends Pick<ResourceContext, "config" | "signal"> {
  sources: LogSources;
  sshPrivateKey: string | undefined;
}

export async function machineReports(
  machines: readonly AskedMachine[],
  { sources, sshPrivateKey, config, signal }: AskContext,
): Promise<MachineReport[]> {
  const reachable = machines.flatMap(({ nodeName, address }) => (address === undefined ? [] : { nodeName, address }));
  if (sshPrivateKey !== undefined && reachable.length > 0) {
    return askMachines(reachable, logOverSsh(sshPrivateKey), signal);
  }
  const asked = await Promise.all(
    Object.entries(sources).map(async ([source, load]) => {
      const own = machines.flatMap(({ nodeName, log }) =>
        log?.source === source ? { nodeName, machine: log.machine } : [],
      );
      if (own.length === 0) return [];
      const { name, read } = await load();
      const lines = async ({ machine }: (typeof own)[number], limit: AbortSignal) =>
        bootstrapLines(await read(machine, config, limit));
      return askMachines(own, { name, read: lines }, signal);
    }),
  );
  return asked.flat();
}

/** `log`: as seen at preview, at the user's path of it. */
export function checkLog(log: unknown, path: string, sources: LogSources): CheckFailure[] {
  const source = (log as Partial<MachineLog> | undefined)?.source;
  if (typeof source !== "string" || source in sources) return [];
  const known = Object.keys(sources).map((name) => `"${name}"`);
  return [{ property: `${path}.source`, reason: `"${source}" is no source of logs; there is ${known.join(", ")}` }];
}
