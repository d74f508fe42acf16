/** An HTTP proxy before a simulated cloud that can cut off one request: before it, after it, or with its answer. */
import { once } from "node:events";
import { createServer, request as send, type IncomingMessage, type Server, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";

/**
 * - `unsent`: the cloud never sees the request.
 * - `unanswered`: the cloud does what is asked, and nobody hears of it.
 * - `answered`: the answer comes as well.
 */
export const moments = ["unsent", "unanswered", "answered"] as const;
export type Moment = (typeof moments)[number];

interface Trap {
  readonly at: number;
  readonly moment: Moment;
  act(): void | Promise<void>;
}

export class Gate {
  private seen = 0;
  private trap: Trap | undefined;
  private struck = false;

  private constructor(
    private readonly target: URL,
    private readonly server: Server,
  ) {}

  static async open(target: string): Promise<Gate> {
    const server = createServer();
    const gate = new Gate(new URL(target), server);
    server.on("request", (request, response) => void gate.pass(request, response).catch(() => response.destroy()));
    server.listen(0, "127.0.0.1");
    await once(server, "listening");
    return gate;
  }

  get url(): string {
    return `http://127.0.0.1:${(this.server.address() as AddressInfo).port}${this.target.pathname.replace(/\/$/, "")}`;
  }

  /** The `at`-th request from now on, from 1. */
  arm(at: number, moment: Moment, act: () => void | Promise<void>): void {
    [this.seen, this.struck, this.trap] = [0, false, { at, moment, act }];
  }

  /** Whether the request came. */
  disarm(): boolean {
    this.trap = undefined;
    return this.struck;
  }

  async close(): Promise<void> {
    this.server.closeAllConnections();
    this.server.close();
    await once(this.server, "close");
  }

  private async pass(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const trap = ++this.seen === this.trap?.at ? this.trap : undefined;
    if (trap) this.struck = true;
    if (trap?.moment === "unsent") {
      await trap.act();
      response.destroy();
      return;
    }
    const body: Buffer[] = [];
    for await (const chunk of request) body.push(chunk as Buffer);
    const { hostname, port } = this.target;
    const { method, url: path, headers } = request;
    const forwarded = send({ hostname, port, method, path, headers });
    forwarded.end(Buffer.concat(body));
    const [answer] = (await once(forwarded, "response")) as [IncomingMessage];
    const content: Buffer[] = [];
    for await (const chunk of answer) content.push(chunk as Buffer);
    await trap?.act();
    if (trap?.moment === "unanswered") {
      response.destroy();
      return;
    }
    response.writeHead(answer.statusCode!, answer.headers).end(Buffer.concat(content));
  }
}
