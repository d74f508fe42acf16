/**
 * A stand-in for Vault: the calls by which who makes machines gives each a role, and logins by these, with answers of the form that Vault's API
 * describes and with the policies of docs/encrypted-disks.md (tests/provider/vault/vault.e2e.ts has both on a real one). What a machine does with its key is in
 * tests/bootstrap/vault-stand-in.ts.
 */
import { randomUUID } from "node:crypto";
import type { IncomingMessage, ServerResponse } from "node:http";
import { httpsServer, type HttpsServer } from "../kubernetes/https-server";

export const standInToken = "hvs.deployer";

/** What happens to a request in the place of its right answer; `lost`: it is done, and nobody hears of it. */
export type Trouble = "sealed" | "denied" | "lost";

interface Role {
  id: string;
  settings: Record<string, unknown>;
  wrapped: string[];
  secretIds: string[];
}

export class RoleStandIn {
  readonly requests: string[] = [];
  trouble: (request: string) => Trouble | undefined = () => undefined;
  /** By `mount/name`. */
  readonly roles = new Map<string, Role>();
  /** What logins gave, by the role's `mount/name`. */
  readonly tokens = new Map<string, string>();
  /** How long the next tokens live. */
  leaseSeconds = 1_800;
  /** By `mount/path`: what machines have written, and who made them. */
  readonly keys = new Map<string, string>();
  /** The KV engine is one of version 1, which has no versions, and no metadata to take away. */
  isUnversioned = false;
  readonly namespaces = new Set<string | undefined>();
  /** All that it has given out and by which somebody acts, whether it is still good or not. */
  readonly given: string[] = [];

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
    const token = request.headers.authorization?.replace("Bearer ", "") ?? request.headers["x-vault-token"];
    if (trouble === "denied" || !this.may(name, String(token)))
      return reply(response, 403, { errors: ["1 error occurred:\n\t* permission denied\n\n"] });
    if (name === "POST sys/wrapping/unwrap") return reply(response, ...this.unwrapped(String(token)));
    const wrapTtl = request.headers["x-vault-wrap-ttl"] as string | undefined;
    const [status, body] = this.done(name, text === "" ? {} : (JSON.parse(text) as Record<string, unknown>), wrapTtl);
    if (trouble === "lost") return void response.destroy();
    reply(response, status, body);
  }

  /** As those of docs/encrypted-disks.md. */
  private may(name: string, token: string): boolean {
    if (token === standInToken || / auth\/.+\/login$|^POST sys\/wrapping\/unwrap$/.test(name)) return true;
    const role = this.tokens.get(token);
    const found = role === undefined ? undefined : this.roles.get(role);
    if (role === undefined || found === undefined) return false;
    const own = role.slice(role.lastIndexOf("/") + 1);
    const path = name.replace(/^\w+ /, "");
    if (String(found.settings["token_policies"]).includes("autoscaler"))
      return path.includes(`/role/${own}.`) || (/^DELETE .+\/metadata\//.test(name) && path.includes(`/${own}.`));
    const key = new RegExp(`/data/gpu-clusters/${own}(/disks/[^/]+)?$`);
    return key.test(path) || (name.startsWith("GET ") && path.endsWith(`/${own}/start`));
  }

  private newSecret(prefix = ""): string {
    const secret = `${prefix}${randomUUID()}`;
    this.given.push(secret);
    return secret;
  }

  private unwrapped(token: string): [number, object] {
    for (const role of this.roles.values()) {
      if (!role.wrapped.includes(token)) continue;
      role.wrapped = role.wrapped.filter((each) => each !== token);
      const secretId = this.newSecret();
      role.secretIds.push(secretId);
      return [200, { data: { secret_id: secretId } }];
    }
    return [400, { errors: ["wrapping token is not valid or does not exist"] }];
  }

  private login(mount: string, body: Record<string, unknown>): [number, object] {
    for (const [name, role] of this.roles) {
      if (!name.startsWith(`${mount}/`) || role.id !== body["role_id"]) continue;
      if (!role.secretIds.includes(String(body["secret_id"]))) break;
      const token = this.newSecret("hvs.");
      this.tokens.set(token, name);
      const policies = ["default", ...(role.settings["token_policies"] as string[])];
      return [200, { auth: { client_token: token, lease_duration: this.leaseSeconds, policies } }];
    }
    return [400, { errors: ["invalid role or secret ID"] }];
  }

  private done(name: string, body: Record<string, unknown>, wrapTtl: string | undefined): [number, object?] {
    const list = /^GET auth\/(.+)\/role\?list=true$/.exec(name);
    if (list) {
      const keys = [...this.roles.keys()].flatMap((role) =>
        role.startsWith(`${list[1]}/`) ? [role.slice(list[1]!.length + 1)] : [],
      );
      return keys.length === 0 ? [404, { errors: [] }] : [200, { data: { keys } }];
    }
    const login = /^POST auth\/(.+)\/login$/.exec(name);
    if (login) return this.login(login[1]!, body);
    const read = /^GET ([^/]+)\/data\/(.+)$/.exec(name);
    if (read) {
      const kept = this.keys.get(`${read[1]}/${read[2]}`);
      return kept === undefined ? [404, { errors: [] }] : [200, { data: { data: JSON.parse(kept) as object } }];
    }
    const data = /^POST ([^/]+)\/data\/(.+)$/.exec(name);
    if (data) {
      this.keys.set(`${data[1]}/${data[2]}`, JSON.stringify(body["data"]));
      if (this.isUnversioned) return [204];
      return [200, { data: { version: 1 } }];
    }
    const metadata = /^DELETE ([^/]+)\/metadata\/(.+)$/.exec(name);
    const plain = /^DELETE ([^/]+)\/data\/(.+)$/.exec(name);
    if (plain) {
      this.keys.delete(`${plain[1]}/${plain[2]}`);
      return [204];
    }
    if (metadata) {
      if (!this.isUnversioned) this.keys.delete(`${metadata[1]}/${metadata[2]}`);
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
      const { id = randomUUID(), wrapped = [], secretIds = [] } = found ?? {};
      this.roles.set(key, { id, wrapped, secretIds, settings: body });
      return [204];
    }
    if (!found) return [404, { errors: [`role "${role}" does not exist`] }];
    if (verb === "GET" && part === "role-id") return [200, { data: { role_id: found.id } }];
    if (verb === "POST" && part === "secret-id" && wrapTtl !== undefined) {
      const token = this.newSecret("hvs.");
      found.wrapped.push(token);
      return [200, { wrap_info: { token, ttl: Number.parseInt(wrapTtl) } }];
    }
    if (verb === "POST" && part === "secret-id") {
      const secretId = this.newSecret();
      found.secretIds.push(secretId);
      return [200, { data: { secret_id: secretId } }];
    }
    return [404, { errors: [`no handler for route "${name}"`] }];
  }
}

function reply(response: ServerResponse, status: number, body?: object): void {
  response.writeHead(status, { "content-type": "application/json" }).end(body && JSON.stringify(body));
}
