/** Node.js in a container loads this first: clouds that listen on the loopback of the simulator's computer are at the gateway for machines. */
import { Socket } from "node:net";
import { gatewayAddress } from "../address";

type Connect = (this: Socket, ...args: unknown[]) => Socket;

const prototype = Socket.prototype as { connect: Connect };
const { connect } = prototype;

prototype.connect = function (...args) {
  // Node's own modules hand over a list with the options first.
  const [list] = args;
  if (Array.isArray(list)) list[0] = outward(list[0]);
  else args[0] = outward(list);
  return connect.apply(this, args);
};

/** A copy: agents find connections again by the options that they gave. */
function outward(options: unknown): unknown {
  return typeof options === "object" && (options as { host?: unknown } | null)?.host === "127.0.0.1"
    ? { ...options, host: gatewayAddress }
    : options;
}
