/** Connections over SSH, as `connection` describes them. */
import { setTimeout as sleep } from "node:timers/promises";
import { Client, utils, type ConnectConfig } from "ssh2";
import { hostKeyTypes } from "../../provider/cloud/ssh";
import type { CheckFailure } from "../../provider/server/resource";
import { isUnknown } from "../../provider/server/values";
import { isRecord, type Properties } from "../../provider/server/wire";
import type { Run, RunResult } from "./script";

/** `connection` of remote commands, with its defaults. */
export interface Connection {
  readonly host: string;
  readonly port: number;
  readonly user: string;
  readonly password?: string;
  readonly privateKey?: string;
  readonly privateKeyPassword?: string;
  readonly agentSocketPath?: string;
  /** A line of `known_hosts` without the host: `ssh-ed25519 AAAA…`. */
  readonly hostKey?: string;
  /** Attempts; -1: no end. */
  readonly dialErrorLimit: number;
  /** Seconds for each attempt; 0: no end. */
  readonly perDialTimeout: number;
}

const known = [
  "host",
  "port",
  "user",
  "password",
  "privateKey",
  "privateKeyPassword",
  "agentSocketPath",
  "hostKey",
  "dialErrorLimit",
  "perDialTimeout",
];

const firstPauseMs = 1_000;
const longestPauseMs = 10_000;

export function connectionProblems({ connection }: Properties): CheckFailure[] {
  if (!isRecord(connection)) return [];
  const failures: CheckFailure[] = Object.keys(connection)
    .filter((key) => !known.includes(key))
    .map((key) => ({
      property: `connection.${key}`,
      reason:
        "the simulator's stand-in for the command provider does not do this; install the official plugin: pulumi plugin install resource command",
    }));
  if (connection["host"] === undefined) failures.push({ property: "connection.host", reason: "is required" });
  for (const key of ["port", "dialErrorLimit", "perDialTimeout"]) {
    const value = connection[key];
    if (value !== undefined && !isUnknown(value) && typeof value !== "number")
      failures.push({ property: `connection.${key}`, reason: "must be a number" });
  }
  return failures;
}

function connectionOf({ connection }: Properties): Connection {
  return {
    port: 22,
    user: "root",
    dialErrorLimit: 10,
    perDialTimeout: 15,
    ...(connection as Pick<Connection, "host"> & Partial<Connection>),
  };
}

/** Tries until the host answers. A host that refuses the key is tried again as well: a new machine may not have it yet. */
export async function connect(connection: Connection, { signal, log }: Pick<Run, "signal" | "log">): Promise<Client> {
  const { host, port, dialErrorLimit } = connection;
  for (let attempt = 1, pause = firstPauseMs; ; attempt++, pause = Math.min(pause * 1.5, longestPauseMs)) {
    signal.throwIfAborted();
    log.status(`dial ${attempt}${dialErrorLimit < 0 ? "" : `/${dialErrorLimit}`} of ${host}:${port}`);
    try {
      return await dial(connection, signal);
    } catch (error) {
      signal.throwIfAborted();
      if (error instanceof WrongKey || (dialErrorLimit >= 0 && attempt >= dialErrorLimit)) {
        const times = attempt === 1 ? "" : ` after ${attempt} attempts`;
        throw new Error(`cannot connect to ${connection.user}@${host}:${port}${times}: ${(error as Error).message}`, {
          cause: error,
        });
      }
      await sleep(pause, undefined, { signal });
    }
  }
}

class WrongKey extends Error {
  override readonly name = "WrongKey";
}

function dial(connection: Connection, signal: AbortSignal): Promise<Client> {
  const { host, port, user, password, privateKey, privateKeyPassword, hostKey, perDialTimeout } = connection;
  const agent = connection.agentSocketPath ?? process.env["SSH_AUTH_SOCK"];
  let wrong: WrongKey | undefined;
  if (privateKey !== undefined) {
    const parsed = utils.parseKey(privateKey, privateKeyPassword);
    if (parsed instanceof Error) throw new WrongKey(`connection.privateKey cannot be read: ${parsed.message}`);
  }
  const config: ConnectConfig = {
    host,
    port,
    username: user,
    readyTimeout: perDialTimeout * 1000,
    algorithms: { serverHostKey: hostKeyTypes },
    ...(password !== undefined && { password }),
    ...(privateKey !== undefined && { privateKey }),
    ...(privateKeyPassword !== undefined && { passphrase: privateKeyPassword }),
    ...(agent !== undefined && agent !== "" && privateKey === undefined && { agent }),
    hostVerifier: (key: Buffer) => {
      if (hostKey === undefined) return true;
      const [, expected] = hostKey.trim().split(/\s+/);
      const isExpected = key.toString("base64") === expected;
      if (!isExpected) wrong = new WrongKey("the host has another key than connection.hostKey");
      return isExpected;
    },
  };
  return new Promise((resolve, reject) => {
    const client = new Client();
    const abort = () => {
      client.destroy();
      reject(signal.reason as Error);
    };
    signal.addEventListener("abort", abort, { once: true });
    client
      .on("ready", () => {
        signal.removeEventListener("abort", abort);
        resolve(client);
      })
      // Stays: a connection that breaks later must not end the plugin.
      .on("error", (error) => {
        signal.removeEventListener("abort", abort);
        client.destroy();
        reject(wrong ?? error);
      })
      .on("close", () => reject(wrong ?? new Error("the host closed the connection before it was open")))
      .connect(config);
  });
}

export async function runRemotely({
  script,
  inputs,
  stdin,
  environment,
  previous,
  signal,
  log,
}: Run): Promise<RunResult> {
  const client = await connect(connectionOf(inputs), { signal, log });
  try {
    return await new Promise<RunResult>((resolve, reject) => {
      const abort = () => reject(signal.reason as Error);
      signal.addEventListener("abort", abort, { once: true });
      client.on("error", reject).on("close", () => reject(new Error("the connection broke while the command ran")));
      // Both are wishes: a server takes only the variables that its AcceptEnv names.
      client.exec(script, { env: { ...previous, ...environment } }, (error, channel) => {
        if (error) return reject(error);
        const texts = { stdout: "", stderr: "" };
        channel.setEncoding("utf8");
        channel.stderr.setEncoding("utf8");
        channel.on("data", (text: string) => (texts.stdout += text));
        channel.stderr.on("data", (text: string) => (texts.stderr += text));
        let exitCode: number | undefined;
        channel.on("exit", (code: number | null) => (exitCode = code ?? undefined));
        channel.on("close", () => {
          signal.removeEventListener("abort", abort);
          resolve({ ...texts, exitCode });
        });
        channel.end(stdin ?? "");
      });
    });
  } finally {
    client.removeAllListeners("close");
    client.destroy();
  }
}
