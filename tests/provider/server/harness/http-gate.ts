/** The gate before what speaks HTTP, in TLS where the target does. */
import { once } from "node:events";
import { createServer, request as send, type IncomingMessage, type Server, type ServerResponse } from "node:http";
import { createServer as createTlsServer, request as sendInTls } from "node:https";
import { Gate } from "./gate";

/** What the target shows, which is for 127.0.0.1: the gate shows it too. */
export interface Identity {
  readonly certificate: string;
  readonly privateKey: string;
  readonly certificateAuthority: string;
}

export class HttpGate extends Gate {
  private constructor(
    target: URL,
    private readonly server: Server,
    private readonly identity: Identity | undefined,
  ) {
    super(target, server);
  }

  static async open(target: string, identity?: Identity): Promise<HttpGate> {
    const server = identity
      ? createTlsServer({ cert: identity.certificate, key: identity.privateKey })
      : createServer();
    const gate = new HttpGate(new URL(target), server as Server, identity);
    server.on("request", (request, response) => void gate.pass(request, response).catch(() => response.destroy()));
    server.listen(0, "127.0.0.1");
    await once(server, "listening");
    return gate;
  }

  async close(): Promise<void> {
    this.server.closeAllConnections();
    this.server.close();
    await once(this.server, "close");
  }

  private async pass(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const trap = this.strike();
    if (trap?.moment === "unsent") {
      await trap.act();
      response.destroy();
      return;
    }
    const body: Buffer[] = [];
    for await (const chunk of request) body.push(chunk as Buffer);
    const { hostname, port } = this.target;
    const { method, url: path, headers } = request;
    const options = { hostname, port, method, path, headers };
    const forwarded = this.identity ? sendInTls({ ...options, ca: this.identity.certificateAuthority }) : send(options);
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
