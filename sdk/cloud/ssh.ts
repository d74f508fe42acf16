/** A command on a machine over SSH. */
import { Client } from "ssh2";

export interface SshTarget {
  readonly host: string;
  /** @default 22 */
  readonly port?: number;
  readonly user: string;
  /** OpenSSH's or PEM format, without a passphrase. */
  readonly privateKey: string;
}

export interface SshResult {
  readonly stdout: string;
  readonly stderr: string;
  /** Undefined when a signal ended the command. */
  readonly status: number | undefined;
}

const answerMs = 10_000;

/**
 * Runs one command to its end. Whatever host answers at the address is believed, because clouds do not tell their machines' keys: send it no
 * secrets.
 */
export async function runOverSsh(
  { host, port = 22, user, privateKey }: SshTarget,
  command: string,
  { signal, input = "" }: { signal: AbortSignal; input?: string },
): Promise<SshResult> {
  const client = new Client();
  const stop = () => void client.destroy();
  try {
    return await new Promise<SshResult>((resolve, reject) => {
      signal.throwIfAborted();
      signal.addEventListener("abort", stop, { once: true });
      client
        .on("error", reject)
        .on("close", () => reject(new Error(`${host}:${port} closed the connection`)))
        .on("ready", () => {
          client.exec(command, (error, channel) => {
            if (error) return reject(error);
            const texts = { stdout: "", stderr: "" };
            channel.setEncoding("utf8").on("data", (text: string) => (texts.stdout += text));
            channel.stderr.setEncoding("utf8").on("data", (text: string) => (texts.stderr += text));
            let status: number | undefined;
            channel.on("exit", (code: number | null) => (status = code ?? undefined));
            channel.on("close", () => resolve({ ...texts, status }));
            channel.end(input);
            return undefined;
          });
        })
        .connect({ host, port, username: user, privateKey, readyTimeout: answerMs });
    });
  } finally {
    signal.removeEventListener("abort", stop);
    client.end();
  }
}
