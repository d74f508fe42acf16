/**
 * A stand-in for Vault: the calls by which who makes machines gives each a role, with answers of the form that Vault's API describes. It lets in
 * one token. The machines' own calls are in tests/bootstrap/vault-stand-in.ts.
 */
import { randomUUID } from "node:crypto";
import type { IncomingMessage, ServerResponse } from "node:http";
import { httpsServer, type HttpsServer } from "../kubernetes/https-server";

export const standInToken = "hvs.deployer";

/** What happens to a request in the place of its right answer; `lost`: it is done, and nobody hears of it. */
export type Trouble = "sealed" | "denied" | "lost";

export class RoleStandIn {
  readonly requests: string[] = [];
  trouble: (request: string) => Trouble | undefined = () => undefined;
  /** By `mount/name`. */
  readonly roles = new Map<string, { id: string; settings: Record<string, unknown>; wrapped: string[] }>();
  /** By `mount/path`: what machines have written, and who made them. */
  readonly keys = new Map<string, string>();
  readonly namespaces = new Set<string | undefined>();

  private constructor(readonly server: HttpsServer) {}

  static async start(): Promise<RoleStandIn> {
    let vault: RoleStandIn | undefined = undefined as RoleStandIn | undefined;
    const server = await httpsServer((request, response) => void vault?.answer(request, response), {
      ipAddresses: ["127.0.0.1"],
    });
    return (vault = new RoleStandIn(server));
  }

  get place() {
    return { address: this.server.endpoint, certificateAuthority: this.server.identity.certificateAuthority };
  }

  /** Everything that is there, in words. */
  left(): string[] {
    return [...this.roles.keys(), ...this.keys.keys()];
  }

  /** As a machine does at its first boot. */
  writeKey(path: string): void {
    this.keys.set(`secret/${path}`, randomUUID());
  }

  close(): Promise<void> {
    return this.server.close();
  }

  private async answer(request: IncomingMessage, response: ServerResponse): Promise<void> {
    let text = "";
    for await (const chunk of request) text += String(chunk);
    const name = `${request.method} ${request.url!.replace("/v1/", "")}`;
    this.requests.push(name);
    this.namespaces.add(request.headers["x-vault-namespace"] as string | undefined);
    const trouble = this.trouble(name);
    if (trouble === "sealed") return reply(response, 503, { errors: ["Vault is sealed"] });
    if (trouble === "denied" || request.headers.authorization !== `Bearer ${standInToken}`)
      return reply(response, 403, { errors: ["1 error occurred:\n\t* permission denied\n\n"] });
    const wrapTtl = request.headers["x-vault-wrap-ttl"] as string | undefined;
    const [status, body] = this.done(name, text === "" ? {} : (JSON.parse(text) as Record<string, unknown>), wrapTtl);
    if (trouble === "lost") return void response.destroy();
    reply(response, status, body);
  }

  private done(name: string, body: Record<string, unknown>, wrapTtl: string | undefined): [number, object?] {
    const list = /^GET auth\/(.+)\/role\?list=true$/.exec(name);
    if (list) {
      const keys = [...this.roles.keys()].flatMap((role) =>
        role.startsWith(`${list[1]}/`) ? [role.slice(list[1]!.length + 1)] : [],
      );
      return keys.length === 0 ? [404, { errors: [] }] : [200, { data: { keys } }];
    }
    const data = /^POST ([^/]+)\/data\/(.+)$/.exec(name);
    if (data) {
      this.keys.set(`${data[1]}/${data[2]}`, JSON.stringify(body["data"]));
      return [200, { data: { version: 1 } }];
    }
    const metadata = /^DELETE ([^/]+)\/metadata\/(.+)$/.exec(name);
    if (metadata) {
      this.keys.delete(`${metadata[1]}/${metadata[2]}`);
      return [204];
    }
    const [, verb, mount, role, part] = /^(\w+) auth\/(.+)\/role\/([^/]+)(?:\/([\w-]+))?$/.exec(name) ?? [];
    const key = `${mount}/${role}`;
    const found = this.roles.get(key);
    if (verb === "DELETE" && part === undefined) {
      this.roles.delete(key);
      return [204];
    }
    if (verb === "POST" && part === undefined) {
      this.roles.set(key, { id: found?.id ?? randomUUID(), wrapped: found?.wrapped ?? [], settings: body });
      return [204];
    }
    if (!found) return [404, { errors: [`role "${role}" does not exist`] }];
    if (verb === "GET" && part === "role-id") return [200, { data: { role_id: found.id } }];
    if (verb === "POST" && part === "secret-id" && wrapTtl !== undefined) {
      const token = `hvs.${randomUUID()}`;
      found.wrapped.push(token);
      return [200, { wrap_info: { token, ttl: Number.parseInt(wrapTtl) } }];
    }
    return [404, { errors: [`no handler for route "${name}"`] }];
  }
}

function reply(response: ServerResponse, status: number, body?: object): void {
  response.writeHead(status, { "content-type": "application/json" }).end(body && JSON.stringify(body));
}
