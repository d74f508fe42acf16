/** The network that the machines of one simulator are on: a namespace without any way to another one, and forwards from loopback. */
import { spawn, type ChildProcess } from "node:child_process";
import { createServer, type Server, type Socket } from "node:net";
import { join } from "node:path";
import type { Accepted, Dial, HangUp, Listen, Listening, Unlisten } from "./gateway";
import { machinesVariable } from "./sweep";

const apiServerPort = 6443;

/** What of a machine is reachable from the host, at the address that the cloud gave it. */
const forwardedPorts = [apiServerPort, 22] as const;

const readyMs = 20_000;

export class Network {
  #gateway: Promise<ChildProcess> | undefined;
  readonly #answers = new Map<string, (socket: Socket, from: string) => void>();
  #listeners = 0;

  /** @param machines directory of the machines' disks: those that still run end when we do, however that comes about */
  constructor(private readonly machines: string) {}

  /** For `nsenter --net`. The namespace is made when the first machine needs it. */
  async namespace(): Promise<string> {
    return `/proc/${(await this.#started()).pid}/ns/net`;
  }

  /**
   * Listens on the machine's address for its `host` on the wire until `close`. SSH's port is left out, and told, where the host uses it
   * itself.
   * @throws Error when the API server's port is taken: clients would find another cluster there
   */
  async forward(address: string, host: string, note: (message: string) => void): Promise<{ close(): void }> {
    const gateway = await this.#started();
    const servers: Server[] = [];
    for (const port of forwardedPorts) {
      const server = createServer({ pauseOnConnect: true }, (socket) => {
        socket.on("error", () => socket.destroy());
        if (!gateway.connected) socket.destroy();
        else gateway.send({ host, port } satisfies Dial, socket, {}, (error) => error && socket.destroy());
      });
      try {
        await listen(server, port, address);
        servers.push(server);
      } catch (error) {
        if (port === apiServerPort) {
          for (const each of servers) each.close();
          throw new Error(
            `${address}:${port} is taken (${(error as NodeJS.ErrnoException).code}), maybe by another simulator: start with another state directory`,
            { cause: error },
          );
        }
        note(`simulator: ${address}:${port} is not reachable from the host: ${(error as Error).message}`);
      }
    }
    return {
      close() {
        for (const server of servers) server.close();
        if (gateway.connected) gateway.send({ hangUp: host } satisfies HangUp);
      },
    };
  }

  /** Listens on an address of the network's own until `close`: connections go to the first machine that answers, or are answered here. */
  async listen(
    address: string,
    port: number,
    target: readonly Dial[] | ((socket: Socket, from: string) => void),
  ): Promise<{ close(): void }> {
    const gateway = await this.#started();
    const id = String(++this.#listeners);
    if (typeof target === "function") this.#answers.set(id, target);
    const listening = new Promise<void>((resolve, reject) => {
      const told = (message: Listening | Accepted) => {
        if (!("listening" in message) || message.listening !== id) return;
        gateway.removeListener("message", told).removeListener("exit", ended);
        if (message.problem === undefined) resolve();
        else reject(new Error(`the machines' network cannot have ${address}:${port}: ${message.problem}`));
      };
      const ended = () => reject(new Error("the machines' network ended"));
      gateway.on("message", told).once("exit", ended);
    });
    gateway.send({
      listen: id,
      address,
      port,
      ...(typeof target !== "function" && { to: target }),
    } satisfies Listen);
    await listening;
    return {
      close: () => {
        this.#answers.delete(id);
        if (gateway.connected) gateway.send({ unlisten: id } satisfies Unlisten);
      },
    };
  }

  async close(): Promise<void> {
    const gateway = await this.#gateway?.catch(() => undefined);
    this.#gateway = undefined;
    if (gateway?.exitCode !== null) return;
    const exited = new Promise((resolve) => gateway.once("exit", resolve));
    if (gateway.connected) gateway.disconnect();
    await exited;
  }

  #started(): Promise<ChildProcess> {
    this.#gateway ??= startGateway(this.machines).then(
      (gateway) => gateway.on("message", (message, socket) => this.#take(message as Accepted | Listening, socket)),
      (error: unknown) => {
        this.#gateway = undefined;
        throw error;
      },
    );
    return this.#gateway;
  }

  #take(message: Accepted | Listening, handle: unknown): void {
    if (!("accepted" in message)) return;
    const socket = handle as Socket | undefined;
    const answer = this.#answers.get(message.accepted);
    if (socket && answer) answer(socket, message.from);
    else socket?.destroy();
  }
}

function startGateway(machines: string): Promise<ChildProcess> {
  const child = spawn("unshare", ["--net", process.execPath, "--import", "tsx", join(__dirname, "gateway.ts")], {
    env: { ...process.env, [machinesVariable]: machines },
    stdio: ["ignore", "inherit", "inherit", "ipc"],
    detached: true,
  });
  return new Promise((resolve, reject) => {
    const deadline = setTimeout(() => {
      child.kill("SIGKILL");
      reject(new Error(`the machines' network was not ready after ${readyMs / 1000} s`));
    }, readyMs);
    child.once("message", () => {
      clearTimeout(deadline);
      resolve(child);
    });
    child.once("error", reject);
    child.once("exit", (code, signal) => {
      clearTimeout(deadline);
      reject(new Error(`the machines' network ended: ${code ?? signal}`));
    });
  });
}

function listen(server: Server, port: number, host: string): Promise<void> {
  return new Promise((resolve, reject) => {
    server.once("error", reject);
    server.listen(port, host, () => {
      server.removeListener("error", reject);
      resolve();
    });
  });
}
