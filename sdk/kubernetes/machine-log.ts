/** What machines that do not become nodes say about it themselves: the last lines of the bootstrap script's log, read over SSH. */
import { inParallel } from "../cloud/parallel";

export const bootstrapLog = "/var/log/gpu-clusters-bootstrap.log";

export interface LoggedMachine {
  readonly nodeName: string;
  /** Where this computer reaches it. */
  readonly address: string;
}

export interface MachineReport {
  readonly nodeName: string;
  /** The log's last lines, or why it could not be read. */
  readonly text: string;
  /** The script has given up. */
  readonly hasFailed: boolean;
}

/** A few are enough: machines of a group fail for the same reason. */
const mostMachines = 3;
const readMs = 15_000;
const lines = 12;
const lineLength = 600;
/** Without kubeadm's coloured list of kernel settings, which is long and says nothing. */
const readLog = `grep -av "$(printf '\\033')" ${bootstrapLog} | grep -v WARNING | tail -n ${lines} | cut -c1-${lineLength}`;

/** Asks machines as root, with the key that their start script authorises. Never rejects because of a machine. */
export async function askMachines(
  machines: readonly LoggedMachine[],
  privateKey: string,
  signal: AbortSignal,
): Promise<MachineReport[]> {
  const reports: MachineReport[] = [];
  await inParallel(machines.slice(0, mostMachines), mostMachines, signal, async ({ nodeName, address }) => {
    const text = await logOf(address, privateKey, AbortSignal.any([signal, AbortSignal.timeout(readMs)]));
    signal.throwIfAborted();
    reports.push({ nodeName, text, hasFailed: /^\S+ FAILED at step: /m.test(text) });
  });
  return reports.sort((a, b) => a.nodeName.localeCompare(b.nodeName));
}

/** Begins with a line break: to be put at the end of an error. */
export function describeReports(reports: readonly MachineReport[]): string {
  return reports
    .map(({ nodeName, text }) => `\n${nodeName}: ${bootstrapLog} ends with\n${text.replace(/^/gm, "  ")}`)
    .join("");
}

/** The script keeps secrets out of its log; other programs write there, too. */
export function withoutSecrets(text: string): string {
  return text
    .replace(/-----BEGIN [A-Z ]*PRIVATE KEY-----[\s\S]*?(-----END [A-Z ]*PRIVATE KEY-----|$)/g, "[secret]")
    .replace(/\b[a-z0-9]{6}\.[a-z0-9]{16}\b/g, "[secret]");
}

async function logOf(host: string, privateKey: string, signal: AbortSignal): Promise<string> {
  try {
    // Heavy, and seldom needed.
    const { runOverSsh } = await import("../cloud/ssh.js");
    const { stdout, stderr } = await runOverSsh({ host, user: "root", privateKey }, readLog, { signal });
    return withoutSecrets(stdout.trimEnd()) || `(nothing: ${stderr.trim() || "it is empty"})`;
  } catch (error) {
    return `(not read: ${error instanceof Error ? error.message : String(error)})`;
  }
}
