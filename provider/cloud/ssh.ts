/** Connections to machines over SSH. */
import { Client, type ClientChannel, type ConnectConfig, type ServerHostKeyAlgorithm } from "ssh2";
import { readPrivateKey } from "./ssh-key";

export interface SshTarget {
  readonly host: string;
  /** @default 22 */
  readonly port?: number;
  readonly user: string;
  /** OpenSSH's, PEM or PKCS#8 format, without a passphrase. */
  readonly privateKey: string;
}

export interface SshResult {
  readonly stdout: string;
  readonly stderr: string;
  /** Undefined when a signal ended the command. */
  readonly status: number | undefined;
}

/**
 * Host key types in the order of Go's SSH library. @pulumi/command uses that library with one expected key: it must be the key that the
 * library asks the host for.
 */
export const hostKeyTypes: ServerHostKeyAlgorithm[] = [
  "ecdsa-sha2-nistp256",
  "ecdsa-sha2-nistp384",
  "ecdsa-sha2-nistp521",
  "rsa-sha2-256",
  "rsa-sha2-512",
  "ssh-rsa",
  "ssh-ed25519",
];

/** A machine whose processors all have work takes long for a login. */
const answerMs = 30_000;

/** Logs in, works, and logs out again. When the connection breaks or the signal aborts, the work is not waited for. */
export async function overSsh<T>(
  { host, port = 22, user, privateKey }: SshTarget,
  { signal, ...config }: { signal: AbortSignal } & Pick<ConnectConfig, "algorithms" | "hostVerifier">,
  work: (client: Client) => Promise<T> | T,
): Promise<T> {
  const read = readPrivateKey(privateKey);
  if ("problem" in read) throw new Error(`the private key ${read.problem}`);
  const client = new Client();
  const stop = (): void => void client.destroy();
  try {
    return await new Promise<T>((resolve, reject) => {
      signal.throwIfAborted();
      signal.addEventListener("abort", stop, { once: true });
      client
        .on("error", reject)
        .on("close", () => reject(new Error(`${host}:${port} closed the connection`)))
        .on("ready", () => {
          Promise.resolve(work(client)).then(resolve, reject);
        })
        .connect({ host, port, username: user, privateKey: read.text, readyTimeout: answerMs, ...config });
    });
  } finally {
    signal.removeEventListener("abort", stop);
    client.end();
  }
}

/**
 * Runs one command to its end. Whatever host answers at the address is believed, because clouds do not tell their machines' keys: send it no
 * secrets.
 */
export function runOverSsh(
  target: SshTarget,
  command: string,
  { signal, input = "" }: { signal: AbortSignal; input?: string },
): Promise<SshResult> {
  return overSsh(target, { signal }, (client) => {
    return new Promise<SshResult>((resolve, reject) => {
      client.exec(command, (error, channel) =>
        error ? reject(error) : finished(channel, input).then(resolve, reject),
      );
    });
  });
}

/** Listens at once: output and exit status of a short command come in the packet that opens its channel. */
function finished(channel: ClientChannel, input: string): Promise<SshResult> {
  return new Promise((resolve) => {
    const texts = { stdout: "", stderr: "" };
    let status: number | undefined;
    channel.setEncoding("utf8").on("data", (text: string) => (texts.stdout += text));
    channel.stderr.setEncoding("utf8").on("data", (text: string) => (texts.stderr += text));
    channel.on("exit", (code: number | null) => (status = code ?? undefined));
    channel.once("close", () => resolve({ ...texts, status }));
    channel.end(input);
  });
}
