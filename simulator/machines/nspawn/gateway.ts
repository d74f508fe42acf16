/**
 * The process that holds the machines' network namespace: makes the bridge, dials into the namespace for connections that the simulator
 * accepts outside of it, and listens in it for what machines connect to. Started by `network.ts`; it ends, and the namespace with it, when
 * the simulator does.
 */
import { execFileSync } from "node:child_process";
import { writeFileSync } from "node:fs";
import { connect, createServer, type Server, type Socket } from "node:net";
import { privateRanges } from "../../../sdk/ip-ranges";
import { gatewayAddress } from "./address";
import { endMachines, machinesVariable } from "./sweep";

/** Comes with the accepted connection. */
export interface Dial {
  host: string;
  port: number;
}

/** The host is off: whoever is connected must not wait for it. */
export interface HangUp {
  hangUp: string;
}

/** Answered with `Listening`. Connections are handed to the simulator (`Accepted`), or go on to the first machine that answers. */
export interface Listen {
  listen: string;
  address: string;
  port: number;
  to?: readonly Dial[];
}

export interface Unlisten {
  unlisten: string;
}

export interface Listening {
  listening: string;
  problem?: string;
}

/** Comes with the connection. */
export interface Accepted {
  accepted: string;
  from: string;
}

const connections = new Map<string, Set<() => void>>();
const servers = new Map<string, Server>();

function ip(...args: string[]): void {
  execFileSync("ip", args);
}

/** Locally administered; systemd-nspawn makes those of machines from their names. */
const hardwareAddress = "02:00:00:00:00:01";

function makeBridge(): void {
  ip("link", "set", "lo", "up");
  // Without the delay a bridge listens for 15 s before it forwards anything. Without an address of its own it has the lowest of those of the
  // machines on it: when another one comes, what machines are just answering us goes to an address that nobody has, for up to a minute.
  ip("link", "add", "machines", "address", hardwareAddress, "type", "bridge", "forward_delay", "0");
  ip("address", "add", `${gatewayAddress}/32`, "dev", "machines");
  ip("link", "set", "machines", "up");
  for (const network of privateRanges) ip("route", "add", network, "dev", "machines", "src", gatewayAddress);
  writeFileSync("/proc/sys/net/ipv4/ip_forward", "1");
  // No name server answers here. Refusals beyond the first few would be left out, and each that is costs a machine 5 s.
  writeFileSync("/proc/sys/net/ipv4/icmp_ratelimit", "0");
}

/** A machine that is off does not even refuse. */
const answerMs = 2_000;

/** The first target that answers takes the connection. */
function dial([target, ...others]: readonly Dial[], outside: Socket): void {
  if (target === undefined) return void outside.destroy();
  const inside = connect(target);
  const ofHost = connections.get(target.host) ?? new Set();
  connections.set(target.host, ofHost);
  const end = () => void inside.destroy();
  ofHost.add(end);
  let connected = false;
  outside.on("error", end).on("close", end);
  inside.on("error", end);
  if (others.length > 0) inside.setTimeout(answerMs, end);
  inside.once("connect", () => {
    connected = true;
    inside.setTimeout(0);
    outside.pipe(inside).pipe(outside);
  });
  inside.once("close", () => {
    ofHost.delete(end);
    if (connected || outside.destroyed) outside.destroy();
    else dial(others, outside);
  });
}

function listen({ listen: id, address, port, to }: Listen): void {
  const answer = (problem?: string) => process.send?.({ listening: id, problem } satisfies Listening);
  try {
    ip("address", "replace", `${address}/32`, "dev", "machines");
  } catch (error) {
    answer(error instanceof Error ? error.message : String(error));
    return;
  }
  const server = createServer({ pauseOnConnect: true }, (socket) => {
    socket.on("error", () => socket.destroy());
    if (to) return dial(to, socket);
    const accepted: Accepted = { accepted: id, from: socket.remoteAddress ?? "" };
    process.send?.(accepted, socket, {}, (error) => error && socket.destroy());
  });
  servers.set(id, server);
  server.once("error", (error) => answer(error.message));
  server.listen(port, address, () => answer());
}

process.on("message", (message: Dial | HangUp | Listen | Unlisten, socket: unknown) => {
  if ("hangUp" in message) for (const end of connections.get(message.hangUp) ?? []) end();
  else if ("listen" in message) listen(message);
  else if ("unlisten" in message) {
    servers.get(message.unlisten)?.close();
    servers.delete(message.unlisten);
  } else if (socket !== undefined) dial([message], socket as Socket);
});
process.once("disconnect", () => {
  // Also when the simulator was killed: its machines end with it.
  endMachines(process.env[machinesVariable]!).then(
    () => process.exit(0),
    () => process.exit(1),
  );
});
// Ctrl-C reaches the whole terminal; the simulator says when we are done.
process.on("SIGINT", () => undefined);
makeBridge();
process.send?.("ready");
