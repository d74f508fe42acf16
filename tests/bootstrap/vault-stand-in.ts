/** The calls of Vault that a machine makes for the key of its disk, with answers of the form that the real one gave (tests/machines-vm). */
import { randomUUID } from "node:crypto";
import type { IncomingMessage, ServerResponse } from "node:http";
import type { DiskEncryption } from "../../bootstrap/document";
import { httpsServer, type HttpsServer } from "../provider/kubernetes/https-server";

const roleId = "8d6f6b8e-5a1c-4c0e-9c0f-6f3f0f2f9a11";
const wrappingToken = "hvs.wrapping";
const role = "auth/approle/role/train-cpu-1/secret-id";

/** What happens to a request in the place of its right answer; `lost`: it is done, and nobody hears of it. */
export type Trouble = "refused" | "sealed" | "lost";

interface Call {
  path: string;
  token: string | undefined;
  body: Record<string, any>;
}

export class VaultStandIn {
  readonly requests: string[] = [];
  /** By the position of a request among all; consulted before it is done. */
  trouble: (request: string, index: number) => Trouble | undefined = () => undefined;
  /** Versions of the key, the first being number 1. */
  readonly keys: string[] = [];
  /** Numbers of versions that are no longer to be had. */
  readonly destroyed = new Set<number>();
  /** Secret ids that are good, with their uses so far. */
  readonly secretIds = new Map<string, { uses: number; most: number }>();
  /** Of the key, which is the machine's, or one of its data disks'. */
  keyPath = "gpu-clusters/train/train-cpu-1";
  /** A value that a read gives in the place of the key. */
  instead: string | undefined;
  /** The rest of the machine's start script. */
  script: string | undefined;
  #wrapped: string | undefined;
  readonly #tokens = new Set<string>();

  private constructor(readonly server: HttpsServer) {}

  static async start(): Promise<VaultStandIn> {
    let vault: VaultStandIn | undefined = undefined as VaultStandIn | undefined;
    const server = await httpsServer((request, response) => void vault?.answer(request, response), {
      ipAddresses: ["127.0.0.1"],
    });
    vault = new VaultStandIn(server);
    vault.#wrapped = vault.#newSecretId(0);
    return vault;
  }

  /** What a node document says of it. */
  get disk(): DiskEncryption {
    return {
      address: this.server.endpoint,
      certificateAuthority: this.server.identity.certificateAuthority,
      authMount: "approle",
      roleId,
      wrappedSecretId: wrappingToken,
      keyMount: "secret",
      keyPath: this.keyPath,
    };
  }

  /** Another machine of the name gets a credential of its own. */
  grantAgain(): void {
    this.secretIds.clear();
    this.#wrapped = this.#newSecretId(0);
  }

  close(): Promise<void> {
    return this.server.close();
  }

  #newSecretId(most: number): string {
    const id = randomUUID();
    this.secretIds.set(id, { uses: 0, most });
    return id;
  }

  async answer(request: IncomingMessage, response: ServerResponse): Promise<void> {
    let text = "";
    for await (const chunk of request) text += String(chunk);
    const path = request.url!.replace("/v1/", "");
    const name = `${request.method} ${path}`;
    const trouble = this.trouble(name, this.requests.push(name) - 1);
    if (trouble === "sealed") return reply(response, 503, { errors: ["Vault is sealed"] });
    if (trouble === "refused") return reply(response, 403, { errors: ["permission denied"] });
    const token = request.headers["x-vault-token"] as string | undefined;
    const [status, body] = this.#done(name, {
      path,
      token,
      body: text === "" ? {} : (JSON.parse(text) as Call["body"]),
    });
    if (trouble === "lost") return void response.destroy();
    reply(response, status, body);
  }

  #done(name: string, { token, body }: Call): [number, object?] {
    if (name === "POST sys/wrapping/unwrap") return this.#unwrap(token);
    if (name === "POST auth/approle/login") return this.#login(body);
    if (token === undefined || !this.#tokens.has(token)) return [403, { errors: ["permission denied"] }];
    const secretId = String(body["secret_id"]);
    const keyPath = `secret/data/${this.keyPath}`;
    switch (name) {
      case `POST ${role}`:
        return [200, { data: { secret_id: this.#newSecretId(Number(body["num_uses"])) } }];
      case `POST ${role}/lookup`: {
        const found = this.secretIds.get(secretId);
        if (found === undefined) return [204];
        return [200, { data: { secret_id_num_uses: found.most === 0 ? 0 : found.most - found.uses } }];
      }
      case `POST ${role}/destroy`:
        this.secretIds.delete(secretId);
        return [204];
      case `GET ${keyPath}`:
        if (this.keys.length === 0) return [404, { errors: [] }];
        return [
          200,
          { data: { data: { key: this.instead ?? this.keys.at(-1) }, metadata: { version: this.keys.length } } },
        ];
      case `POST ${keyPath}`:
        if (body["options"].cas !== this.keys.length)
          return [400, { errors: ["check-and-set parameter did not match the current version"] }];
        this.keys.push(String(body["data"].key));
        return [200, { data: { version: this.keys.length } }];
      case `POST secret/destroy/${this.keyPath}`:
        for (const version of body["versions"] as number[]) this.destroyed.add(version);
        return [204];
      case `GET ${keyPath}/start`:
        if (this.script === undefined) return [404, { errors: [] }];
        return [200, { data: { data: { script: this.script }, metadata: { version: 1 } } }];
      case "POST auth/token/revoke-self":
        this.#tokens.delete(token);
        return [204];
      default:
        return [404, { errors: [`no handler for route "${name}"`] }];
    }
  }

  #unwrap(token: string | undefined): [number, object] {
    const secretId = this.#wrapped;
    if (token !== wrappingToken || secretId === undefined)
      return [400, { errors: ["wrapping token is not valid or does not exist"] }];
    this.#wrapped = undefined;
    return [200, { data: { secret_id: secretId } }];
  }

  #login(body: Record<string, any>): [number, object] {
    const found = this.secretIds.get(String(body["secret_id"]));
    if (found === undefined || body["role_id"] !== roleId) return [400, { errors: ["invalid role or secret ID"] }];
    found.uses++;
    const token = `hvs.${randomUUID()}`;
    this.#tokens.add(token);
    return [200, { auth: { client_token: token, metadata: { role_name: "train-cpu-1" } } }];
  }
}

function reply(response: ServerResponse, status: number, body?: object): void {
  response.writeHead(status, { "content-type": "application/json" }).end(body && JSON.stringify(body));
}
