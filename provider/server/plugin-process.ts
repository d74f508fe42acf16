/** The plugin as a process: the engine starts it, reads its port from the first line of its output, and stops it by SIGINT. */
import { fstatSync } from "node:fs";
import type { EngineLog } from "./engine-log";
import type { Operations } from "./operations";

/** How long running operations may take to come to a safe end; the engine kills the plugin 5 s after SIGINT. */
const SHUTDOWN_GRACE_MS = 4_000;

/** A gRPC server that can run as the plugin of a process. */
export interface PluginServer {
  readonly operations: Pick<Operations, "count">;
  readonly log: EngineLog;
  listen(): Promise<number>;
  /** Ends early what is under way, and resolves once all of it is answered. */
  finish(): Promise<void>;
  crash(error: unknown): void;
}

export async function runPlugin(server: PluginServer, argv: readonly string[]): Promise<void> {
  const engineAddress = argv.filter((argument) => !argument.startsWith("-")).at(-1);
  if (engineAddress) server.log.connect(engineAddress);

  let listening = false;
  const crash = (error: unknown): void => {
    if (listening) return server.crash(error);
    // Nobody can call the plugin yet; the engine shows this when the process ends without a port.
    console.error(error);
    process.exit(1);
  };
  process.on("uncaughtException", crash);
  process.on("unhandledRejection", crash);
  const stop = (): void => {
    const exit = (): never => process.exit(0);
    setTimeout(exit, SHUTDOWN_GRACE_MS);
    void server.finish().then(exit);
    // A connection that the engine keeps open must not hold it up once the last answer has had the time to go out.
    let quietLooks = 0;
    setInterval(() => {
      quietLooks = server.operations.count === 0 ? quietLooks + 1 : 0;
      if (quietLooks > 5) exit();
    }, 20);
  };
  process.once("SIGINT", stop);
  process.once("SIGTERM", stop);
  // The engine holds the other end of stdin: when that closes, it was killed, and nobody will send a signal.
  const stdin = fstatSync(0);
  if (stdin.isFIFO() || stdin.isSocket()) process.stdin.once("end", stop).resume();

  const port = await server.listen();
  listening = true;
  // As text: a number may come out coloured.
  process.stdout.write(`${port}\n`);
}
