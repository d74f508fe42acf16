/** Public addresses: connections to them go on to an instance's machine, as AWS translates an Elastic IP or balances load. */
import { connect, createServer, type Server, type Socket } from "node:net";
import { isHealthy } from "./health-check";

/** Where connections go. */
export interface Destination {
  /** Addresses of machines. */
  readonly targets: readonly string[];
  /** By a load balancer, which leaves out targets that are not healthy. */
  readonly balanced: boolean;
}

interface Forward {
  readonly server: Server;
  readonly sockets: Set<Socket>;
  destination: Destination;
}

export class Forwarder {
  private readonly forwards = new Map<string, Forward>();

  /** `ports`: what is forwarded; everything else is refused, as a closed security group would. */
  constructor(private readonly ports: readonly number[]) {}

  /** Brings the forwards to what is wanted, by public address. The first machine that answers takes a connection. */
  async apply(wanted: ReadonlyMap<string, Destination>): Promise<void> {
    for (const [key, forward] of [...this.forwards]) {
      const destination = wanted.get(key.split(":")[0]!);
      if (destination === undefined) await this.remove(key);
      else forward.destination = destination;
    }
    for (const [address, destination] of wanted)
      for (const port of this.ports)
        if (!this.forwards.has(`${address}:${port}`)) await this.add(address, port, destination);
  }

  async close(): Promise<void> {
    await Promise.all([...this.forwards.keys()].map((key) => this.remove(key)));
  }

  private async add(address: string, port: number, destination: Destination): Promise<void> {
    const sockets = new Set<Socket>();
    const server = createServer({ pauseOnConnect: true }, (incoming) => {
      keep(incoming, () => undefined);
      const { targets, balanced } = forward.destination;
      const attempt = async ([target, ...others]: readonly string[]): Promise<void> => {
        if (target === undefined) return void incoming.destroy();
        if (balanced && !(await isHealthy(target, port))) return attempt(others);
        if (incoming.destroyed) return;
        const outgoing = connect(port, target);
        let connected = false;
        outgoing.once("connect", () => {
          connected = true;
          incoming.once("close", () => outgoing.destroy());
          incoming.pipe(outgoing).pipe(incoming);
        });
        keep(outgoing, () => void (connected ? incoming.destroy() : attempt(others)));
      };
      void attempt(targets);
    });
    const keep = (socket: Socket, closed: () => void) => {
      sockets.add(socket);
      socket.on("error", () => socket.destroy());
      socket.once("close", () => (sockets.delete(socket), closed()));
    };
    const forward: Forward = { server, sockets, destination };
    this.forwards.set(`${address}:${port}`, forward);
    await new Promise<void>((resolve, reject) => {
      server.once("error", reject);
      server.listen(port, address, resolve);
    });
  }

  private async remove(key: string): Promise<void> {
    const forward = this.forwards.get(key);
    this.forwards.delete(key);
    if (!forward) return;
    for (const socket of forward.sockets) socket.destroy();
    await new Promise<void>((resolve) => forward.server.close(() => resolve()));
  }
}
