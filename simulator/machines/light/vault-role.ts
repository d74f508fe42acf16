/** A light machine whose disk is to be encrypted: it encrypts nothing, and gets from Vault what a real one gets, by the same calls (bootstrap/scripts/disk.sh). */
import { existsSync, writeFileSync } from "node:fs";
import { readFile } from "node:fs/promises";
import { setTimeout as delay } from "node:timers/promises";
import type { DiskEncryption, NodeDocument } from "../../../bootstrap/document";
import { nodeDocumentFromScript } from "../../../bootstrap/script";
import { object, record, requiredText, type Json } from "../../../provider/cloud/json";
import { messageOf } from "../../../sdk/message";
import { fetchTrusting } from "../../../provider/cloud/trusting-fetch";
import type { Disk } from "./disk";
import { plainRole, type Role } from "./role";

const pauseMs = 1_000;

type Encrypted = NodeDocument & { diskEncryption: DiskEncryption };

export function isEncrypted(document: NodeDocument): document is Encrypted {
  return document.diskEncryption !== undefined;
}

export class VaultRole implements Role {
  readonly isControlPlane: boolean;
  #role: Role = plainRole;
  #begun: Promise<void> = Promise.resolve();
  readonly #over = new AbortController();

  constructor(
    private readonly document: Encrypted,
    private readonly disk: Disk,
    /** What it is once its disk is open. */
    private readonly roleOf: (document: NodeDocument) => Role,
  ) {
    this.isControlPlane = document.role === "control-plane";
  }

  start(): Promise<void> {
    this.#begun = this.#begin();
    return Promise.resolve();
  }

  stop = () => this.#end((role) => role.stop());
  cut = () => this.#end((role) => role.cut());
  close = () => this.#end((role) => role.close());

  async #end(end: (role: Role) => Promise<void>): Promise<void> {
    this.#over.abort();
    await this.#begun;
    await end(this.#role);
  }

  async #begin(): Promise<void> {
    const { signal } = this.#over;
    while (!signal.aborted) {
      try {
        const role = this.roleOf(await this.#opened(signal));
        await role.start();
        this.#role = role;
        return;
      } catch (error) {
        if (signal.aborted) return;
        const { address } = this.document.diskEncryption;
        this.disk.note(`the encrypted disk waits for Vault at ${address}: ${messageOf(error)}`);
      }
      await delay(pauseMs, undefined, { signal }).catch(() => undefined);
    }
  }

  /** The document of the whole start script, which is on the disk from the first boot on. */
  async #opened(signal: AbortSignal): Promise<NodeDocument> {
    const start = this.disk.path("start");
    if (!existsSync(start)) {
      this.disk.prepare();
      writeFileSync(start, await scriptFromVault(this.document.diskEncryption, signal), { mode: 0o600 });
    }
    const script = await readFile(start, "utf8");
    return script === "" ? this.document : nodeDocumentFromScript(script)!;
  }
}

/** Empty where the machine has all of it. */
async function scriptFromVault(encryption: DiskEncryption, signal: AbortSignal): Promise<string> {
  const { address, certificateAuthority, namespace, authMount, keyMount, keyPath, roleId } = encryption;
  const send = certificateAuthority === undefined ? fetch : await fetchTrusting(certificateAuthority, address);
  const call = async (method: string, path: string, token?: string, body?: object): Promise<Json> => {
    const headers = { ...(token && { "x-vault-token": token }), ...(namespace && { "x-vault-namespace": namespace }) };
    const answer = await send(`${address}/v1/${path}`, {
      method,
      headers,
      signal,
      ...(body && { body: JSON.stringify(body) }),
    });
    const text = await answer.text();
    if (!answer.ok) throw new Error(`${path}: HTTP ${answer.status} ${text}`);
    return object(JSON.parse(text), "the answer");
  };
  const unwrapped = await call("POST", "sys/wrapping/unwrap", encryption.wrappedSecretId);
  const credential = { role_id: roleId, secret_id: requiredText(record(unwrapped["data"]), "secret_id") };
  const login = await call("POST", `auth/${authMount}/login`, undefined, credential);
  if (!encryption.start) return "";
  const token = requiredText(record(login["auth"]), "client_token");
  const kept = await call("GET", `${keyMount}/data/${keyPath}/start`, token);
  return requiredText(record(record(kept["data"])["data"]), "script");
}
