/** The gate before what speaks a protocol of its own, `tcp://127.0.0.1:22`: a request is whatever comes in one piece. */
import { once } from "node:events";
import { connect, createServer, type Server, type Socket } from "node:net";
import { Gate, type Trap } from "./gate";

export class TcpGate extends Gate {
  private readonly open = new Set<Socket>();

  private constructor(
    target: URL,
    private readonly server: Server,
  ) {
    super(target, server);
  }

  static async open(target: string): Promise<TcpGate> {
    const server = createServer();
    const gate = new TcpGate(new URL(target), server);
    server.on("connection", (socket) => gate.pass(socket));
    server.listen(0, "127.0.0.1");
    await once(server, "listening");
    return gate;
  }

  async close(): Promise<void> {
    for (const socket of this.open) socket.destroy();
    this.server.close();
    await once(this.server, "close");
  }

  private pass(client: Socket): void {
    const server = connect(Number(this.target.port), this.target.hostname);
    const cut = () => void [client, server].forEach((socket) => socket.destroy());
    const end = async (trap: Trap) => {
      await trap.act();
      if (trap.moment !== "answered") cut();
    };
    let pending: Trap | undefined;
    client.on("data", (chunk) => {
      const trap = this.strike();
      if (trap?.moment === "unsent") return void end(trap);
      pending = trap;
      server.write(chunk);
    });
    server.on("data", (chunk) => {
      const trap = pending;
      pending = undefined;
      if (trap?.moment !== "unanswered") client.write(chunk);
      if (trap) void end(trap);
    });
    for (const socket of [client, server]) {
      this.open.add(socket);
      socket
        .setNoDelay()
        .on("error", cut)
        .on("close", () => {
          this.open.delete(socket);
          cut();
        });
    }
  }
}
