/**
 * The process that holds the machines' network namespace: makes the bridge, and dials into the namespace for connections that the simulator
 * accepts outside of it. Started by `network.ts`; it ends, and the namespace with it, when the simulator does.
 */
import { execFileSync } from "node:child_process";
import { writeFileSync } from "node:fs";
import { connect, type Socket } from "node:net";
import { bridgeAddress } from "./address";

/** Comes with the accepted connection. */
export interface Dial {
  host: string;
  port: number;
}

/** The host is off: whoever is connected must not wait for it. */
export interface HangUp {
  hangUp: string;
}

const connections = new Map<string, Set<() => void>>();

function makeBridge(): void {
  const ip = (...args: string[]) => execFileSync("ip", args);
  ip("link", "set", "lo", "up");
  // Without the delay a bridge listens for 15 s before it forwards anything.
  ip("link", "add", "machines", "type", "bridge", "forward_delay", "0");
  ip("address", "add", bridgeAddress, "dev", "machines");
  ip("link", "set", "machines", "up");
  writeFileSync("/proc/sys/net/ipv4/ip_forward", "1");
}

function dial({ host, port }: Dial, outside: Socket): void {
  const inside = connect({ host, port });
  const ofHost = connections.get(host) ?? new Set();
  connections.set(host, ofHost);
  const end = () => {
    ofHost.delete(end);
    outside.destroy();
    inside.destroy();
  };
  ofHost.add(end);
  outside.on("error", end).on("close", end);
  inside.on("error", end).on("close", end);
  inside.once("connect", () => outside.pipe(inside).pipe(outside));
}

process.on("message", (message: Dial | HangUp, socket: unknown) => {
  if ("hangUp" in message) for (const end of connections.get(message.hangUp) ?? []) end();
  else if (socket !== undefined) dial(message, socket as Socket);
});
process.once("disconnect", () => process.exit(0));
// Ctrl-C reaches the whole terminal; the simulator says when we are done.
process.on("SIGINT", () => undefined);
makeBridge();
process.send?.("ready");
