/** What machines that boot find of AWS in their network: the metadata service, AWS's services over HTTPS, and public addresses. */
import { createServer, request as call, type IncomingMessage, type ServerResponse } from "node:http";
import { createServer as createSecureServer } from "node:https";
import type { Socket } from "node:net";
import { createSecureContext, type SecureContext } from "node:tls";
import type { Logger } from "pino";
import type { KeyPair } from "../../bootstrap/document";
import { issueCertificate, makeAuthority } from "../../provider/kubernetes/certificates";
import type { CloudServices, MachineNetwork } from "../machines/machine";
import { InstanceFactsReader } from "./instance-facts";
import { InstanceMetadata } from "./instance-metadata";
import type { InstanceEvent } from "./moto-process";

const metadataAddress = "169.254.169.254";
/** Of all other services. EC2 uses none near it. */
const servicesAddress = "169.254.170.254";
/** What nodes and the controllers on them call. */
const services = ["ec2", "elasticloadbalancing", "kms", "ssm", "sts"];
const certificateHours = 10 * 365 * 24;

export interface MachineServicesOptions {
  network: MachineNetwork;
  /** Of moto; asked for each call, because machines may ask before it is known. */
  endpoint: () => string;
  /** By the machine's id. */
  instanceOf: (machine: string) => InstanceEvent | undefined;
  log: Logger;
}

export class MachineServices {
  private readonly listeners: { close(): void }[] = [];

  private constructor(private readonly authority: KeyPair) {}

  static async start({ network, endpoint, instanceOf, log }: MachineServicesOptions): Promise<MachineServices> {
    const made = new MachineServices(await makeAuthority("simulated AWS"));
    const reader = new InstanceFactsReader(endpoint);
    const metadata = new InstanceMetadata({
      facts: async (machine) => {
        const instance = instanceOf(machine);
        return instance && reader.read(instance);
      },
      credentials: (facts) => reader.credentials(facts),
    });
    const askers = new WeakMap<Socket, string>();
    const plain = createServer((request, response) => {
      metadata.answer(request, response, askers.get(request.socket) ?? "").catch((error: unknown) => {
        log.error({ problem: String(error) }, "the metadata service cannot answer");
        response.writeHead(500).end();
      });
    });
    const secure = createSecureServer({ SNICallback: made.contexts() }, (request, response) =>
      passOn(request, response, endpoint()),
    );
    made.listeners.push(
      await network.serve(metadataAddress, 80, (socket, machine) => {
        askers.set(socket, machine);
        plain.emit("connection", socket);
      }),
      await network.serve(servicesAddress, 443, (socket) => void secure.emit("connection", socket)),
    );
    return made;
  }

  /** For programs on machines that know moto by its own address: what of it is AWS. */
  async standForMoto({ network, endpoint }: Pick<MachineServicesOptions, "network" | "endpoint">): Promise<void> {
    const server = createServer((request, response) => {
      if (/^\/(_simulator|moto-api)\b/.test(request.url ?? "")) response.writeHead(403).end("Not for machines.");
      else passOn(request, response, endpoint());
    });
    const port = Number(new URL(endpoint()).port);
    this.listeners.push(await network.standFor(port, (socket) => void server.emit("connection", socket)));
  }

  close(): void {
    for (const listener of this.listeners) listener.close();
  }

  /** For a machine in this region. */
  of({ region }: Pick<InstanceEvent, "region">): CloudServices {
    return {
      hosts: Object.fromEntries(services.map((name) => [`${name}.${region}.amazonaws.com`, servicesAddress])),
      certificateAuthority: this.authority.certificate,
    };
  }

  /** A certificate for each name that is asked for. */
  private contexts(): (name: string, done: (error: Error | null, context?: SecureContext) => void) => void {
    const made = new Map<string, Promise<SecureContext>>();
    const make = async (name: string) => {
      const request = {
        commonName: name,
        dnsNames: [name],
        usages: ["server"],
        validForHours: certificateHours,
      } as const;
      const { certificate, privateKey } = await issueCertificate(this.authority, request);
      return createSecureContext({ cert: certificate, key: privateKey });
    };
    return (name, done) => {
      const context = made.get(name) ?? make(name);
      made.set(name, context);
      context.then(
        (value) => done(null, value),
        (error: unknown) => done(error as Error),
      );
    };
  }
}

/** As it came, with its signature: moto looks at that. */
function passOn(request: IncomingMessage, response: ServerResponse, endpoint: string): void {
  const fail = () => (response.headersSent ? response.destroy() : response.writeHead(503).end());
  const { method, headers, url } = request;
  const onward = call(`${endpoint}${url}`, { method, headers, setHost: false }, (answer) => {
    response.writeHead(answer.statusCode ?? 502, answer.headers);
    answer.pipe(response);
  });
  onward.on("error", fail);
  request.on("error", fail).pipe(onward);
}
