/** What machines that do not become nodes say about it themselves: the last lines of the bootstrap script's log. */
import { inParallel } from "../cloud/parallel";
import { messageOf } from "../../sdk/message";
import { bootstrapTokens, HIDDEN, redact } from "../server/redaction";

export const bootstrapLog = "/var/log/gpu-clusters-bootstrap.log";

export interface MachineReport {
  readonly nodeName: string;
  /** Where the text comes from, for people. */
  readonly source: string;
  /** The log's last lines, or why it could not be read. */
  readonly text: string;
  /** The script has given up. */
  readonly hasFailed: boolean;
}

/** Where a machine's log is read. */
export interface LogSource<M> {
  readonly name: string;
  read(machine: M, signal: AbortSignal): Promise<string>;
}

/** A few are enough: machines of a group fail for the same reason. */
const mostMachines = 3;
const readMs = 15_000;
const lines = 12;
const lineLength = 600;
/** Without kubeadm's coloured list of kernel settings, which is long and says nothing. */
const readLog = `grep -av "$(printf '\\033')" ${bootstrapLog} | grep -v WARNING | tail -n ${lines} | cut -c1-${lineLength}`;

/** A script that begins anew has not given up. */
const failedLast = /^\S+ FAILED at step: .*$(?![\s\S])/m;

/** Never rejects because of a machine. */
export async function askMachines<M extends { readonly nodeName: string }>(
  machines: readonly M[],
  { name: source, read }: LogSource<M>,
  signal: AbortSignal,
): Promise<MachineReport[]> {
  const reports: MachineReport[] = [];
  await inParallel(machines.slice(0, mostMachines), mostMachines, signal, async (machine) => {
    const limit = AbortSignal.any([signal, AbortSignal.timeout(readMs)]);
    const text = await read(machine, limit).then(
      (log) => withoutSecrets(log) || "(nothing)",
      (error: unknown) => `(not read: ${messageOf(error)})`,
    );
    signal.throwIfAborted();
    const { nodeName } = machine;
    reports.push({ nodeName, source, text, hasFailed: failedLast.test(text) });
  });
  return reports.sort((a, b) => a.nodeName.localeCompare(b.nodeName));
}

/** Begins with a line break: to be put at the end of an error. */
export function describeReports(reports: readonly MachineReport[]): string {
  return reports
    .map(({ nodeName, source, text }) => `\n${nodeName}: ${source} ends with\n${text.replace(/^/gm, "  ")}`)
    .join("");
}

/** The script keeps secrets out of its log; other programs write there, too. */
export function withoutSecrets(text: string): string {
  const shown = text
    .replace(/-----BEGIN [A-Z ]*PRIVATE KEY-----[\s\S]*?(-----END [A-Z ]*PRIVATE KEY-----|$)/g, HIDDEN)
    .replace(bootstrapTokens, HIDDEN);
  // Who logs in to a mirror of packages.
  return redact(shown, []);
}

/** Asks as root, with the key that the machine's start script authorises. */
export function logOverSsh(privateKey: string): LogSource<{ readonly nodeName: string; readonly address: string }> {
  return {
    name: bootstrapLog,
    async read({ address: host }, signal) {
      // Heavy, and seldom needed.
      const { runOverSsh } = await import("../cloud/ssh.js");
      const { stdout, stderr } = await runOverSsh({ host, user: "root", privateKey }, readLog, { signal });
      return stdout.trimEnd() || `(nothing: ${stderr.trim() || "it is empty"})`;
    },
  };
}

/** Of what a machine wrote on its console: the last lines of the bootstrap script, and of cloud-init, which begins it. */
export function bootstrapLines(console: string): string {
  const all = console.split(/\r?\n/);
  // systemd puts the time since boot in front where it knows it.
  const ofScript = all.flatMap(
    (line) => /^(?:\[\s*\d+\.\d+\] )?(?:cloud-init|gpu-clusters)\[\d+\]: (.*)$/.exec(line)?.[1] ?? [],
  );
  return (ofScript.length > 0 ? ofScript : all)
    .filter((line) => line.trim() !== "" && !line.includes("\u001b") && !line.includes("WARNING"))
    .slice(-lines)
    .map((line) => line.slice(0, lineLength))
    .join("\n");
}
