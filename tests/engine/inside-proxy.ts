/** A proxy that stands in a VPC of the simulated AWS, as a VPN's end or a machine there would: it leads to the private addresses of instances. */
import { once } from "node:events";
import { createServer, type Server } from "node:http";
import { connect, type AddressInfo } from "node:net";
import type { Simulator } from "../../simulator/server";

export class InsideProxy {
  /** `host:port` of all that was asked for. */
  readonly asked: string[] = [];

  private constructor(
    private readonly server: Server,
    private readonly simulator: Simulator,
  ) {}

  static async start(simulator: Simulator): Promise<InsideProxy> {
    const server = createServer((_request, response) => response.writeHead(405).end());
    const proxy = new InsideProxy(server, simulator);
    server.on("connect", ({ url = "" }, client, head) => {
      client.on("error", () => undefined);
      proxy.asked.push(url);
      void proxy.find(url).then((place) => {
        if (!place) return client.end("HTTP/1.1 502 Bad Gateway\r\n\r\n");
        const upstream = connect(place, () => {
          client.write("HTTP/1.1 200 Connection established\r\n\r\n");
          upstream.write(head);
          upstream.pipe(client).pipe(upstream);
        });
        upstream.on("error", () => client.destroy());
        client.on("close", () => upstream.destroy());
      });
    });
    await once(server.listen(0, "127.0.0.1"), "listening");
    return proxy;
  }

  /** For who is to go by it. */
  get environment(): Record<string, string> {
    return {
      HTTPS_PROXY: `http://127.0.0.1:${(this.server.address() as AddressInfo).port}`,
      NO_PROXY: "127.0.0.1,localhost",
    };
  }

  close(): void {
    this.server.closeAllConnections();
    this.server.close();
  }

  /** Where the machine listens whose private address it is. */
  private async find(hostAndPort: string): Promise<{ host: string; port: number } | undefined> {
    const { hostname, port } = new URL(`https://${hostAndPort}`);
    const { aws, machines } = await this.simulator.state();
    const instance = aws!.instances.find(({ privateIp, state }) => privateIp === hostname && state === "running");
    const machine = instance && machines.find(({ id }) => id === `aws/${instance.region}/${instance.id}`);
    return machine && { host: machine.address, port: Number(port) };
  }
}
