/** Public addresses: connections to them go on to the instance's machine, as AWS translates an Elastic IP. */
import { connect, createServer, type Server, type Socket } from "node:net";

interface Forward {
  readonly server: Server;
  readonly sockets: Set<Socket>;
  target: string;
}

export class Forwarder {
  private readonly forwards = new Map<string, Forward>();

  /** `ports`: what is forwarded; everything else is refused, as a closed security group would. */
  constructor(private readonly ports: readonly number[]) {}

  /** Brings the forwards to what is wanted: machine address by public address. */
  async apply(wanted: ReadonlyMap<string, string>): Promise<void> {
    for (const [key, forward] of [...this.forwards]) {
      const target = wanted.get(key.split(":")[0]!);
      if (target === undefined) await this.remove(key);
      else forward.target = target;
    }
    for (const [address, target] of wanted)
      for (const port of this.ports)
        if (!this.forwards.has(`${address}:${port}`)) await this.add(address, port, target);
  }

  async close(): Promise<void> {
    await Promise.all([...this.forwards.keys()].map((key) => this.remove(key)));
  }

  private async add(address: string, port: number, target: string): Promise<void> {
    const sockets = new Set<Socket>();
    const server = createServer((incoming) => {
      const outgoing = connect(port, forward.target);
      for (const [socket, other] of [
        [incoming, outgoing],
        [outgoing, incoming],
      ] as const) {
        sockets.add(socket);
        socket.on("error", () => other.destroy());
        socket.once("close", () => (sockets.delete(socket), other.destroy()));
      }
      incoming.pipe(outgoing).pipe(incoming);
    });
    const forward: Forward = { server, sockets, target };
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
