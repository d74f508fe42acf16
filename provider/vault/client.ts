/** The part of Vault's HTTP API that is used. Reference: Vault, "AppRole auth method (API)" and "KV secrets engine - version 2 (API)". */
import { createTransport, type Call, type Transport, type TransportErrors } from "../cloud/http";
import { object, record, requiredText, texts } from "../cloud/json";
import type { Backoff } from "../cloud/retry";
import { fetchTrusting } from "../cloud/trusting-fetch";
import { isVaultError, parseError, VaultError } from "./errors";
import { segments } from "./paths";
import { openSession, type RoleCredential } from "./session";

const timeoutMs = 30_000;
/** Half a minute in all: a Vault whose leader changes answers again by then. */
const backoff: Backoff = { retries: 6, firstMs: 500, factor: 2, longestMs: 8_000 };

export interface VaultAccount {
  /** Without a slash at its end. */
  address: string;
  /** Who acts: a token, or a role that logs in. */
  as: string | RoleCredential;
  certificateAuthority?: string | undefined;
  namespace?: string | undefined;
}

/** What a role is. Durations as Vault has them. */
export interface RoleSettings {
  token_policies: string[];
  token_ttl: string;
  token_max_ttl: string;
}

/** Everything may be repeated. */
export interface VaultApi {
  /** Makes the role, or makes it so. */
  writeRole(mount: string, role: string, settings: RoleSettings, signal: AbortSignal): Promise<void>;
  roleId(mount: string, role: string, signal: AbortSignal): Promise<string>;
  /** A one-time token that unwraps to a new secret id. */
  wrappedSecretId(mount: string, role: string, ttl: string, signal: AbortSignal): Promise<string>;
  /** A new one, in plain text. */
  secretId(mount: string, role: string, signal: AbortSignal): Promise<string>;
  roles(mount: string, signal: AbortSignal): Promise<string[]>;
  /** Its secret ids and tokens go with it. Already gone is success. */
  deleteRole(mount: string, role: string, signal: AbortSignal): Promise<void>;
  /** Another version of what is at a path, or the first. Rejects where the mount has no versions: nothing that is there could be destroyed for good. */
  writeSecret(mount: string, path: string, data: Record<string, string>, signal: AbortSignal): Promise<void>;
  /** All versions of what is at a path, for good. Already gone is success. */
  destroySecret(mount: string, path: string, signal: AbortSignal): Promise<void>;
  /** Whether who acts still may, as far as that is to be seen: a role logs in. What it may do then; undefined where nobody logs in, or that is not told. */
  login(signal: AbortSignal): Promise<string[] | undefined>;
}

const errors: TransportErrors = {
  unavailable: (failure, options) => new VaultError({ ...failure, kind: "unavailable" }, options),
  refusal: parseError,
};

function unversioned(mount: string): string {
  return (
    `vault.keyMount: "${mount}" is a KV engine of version 1, which would keep keys of disks that are gone: name one of version 2, or make it one ` +
    `(\`vault kv enable-versioning ${mount}\`)`
  );
}

export function createVaultClient({ address, as, certificateAuthority, namespace }: VaultAccount): VaultApi {
  const headers: Record<string, string> = namespace === undefined ? {} : { "x-vault-namespace": namespace };
  let trusting: Promise<typeof fetch> | undefined;
  const open = async (token: string): Promise<Transport> => {
    const send =
      certificateAuthority === undefined
        ? undefined
        : await (trusting ??= fetchTrusting(certificateAuthority, address));
    const transport = createTransport({
      baseUrl: `${address}/v1`,
      apiKey: token,
      backoff,
      timeoutMs,
      errors,
      fetch: send,
    });
    return (method, path, signal, call, read) =>
      transport(method, path, signal, { ...call, headers: { ...headers, ...call?.headers } }, read);
  };
  const session = openSession(as, open);
  async function call<T>(
    method: string,
    path: string,
    signal: AbortSignal,
    options: Call = {},
    read?: (json: unknown) => T,
  ): Promise<T> {
    const once = async () => (await open(await session.token(signal)))(method, path, signal, options, read);
    try {
      return await once();
    } catch (error) {
      // A token may end before its time: with the Vault that gave it, or by hand.
      if (!isVaultError(error, "permission") || (await session.renew(signal)) === undefined) throw error;
      return once();
    }
  }
  const pathOf = (mount: string, role = "") => `/auth/${segments(mount)}/role${role && `/${encodeURIComponent(role)}`}`;
  const goneIsFine = (error: unknown) => {
    if (!isVaultError(error, "notFound")) throw error;
  };

  return {
    writeRole: (mount, role, settings, signal) => call("POST", pathOf(mount, role), signal, { body: settings }),
    roleId: (mount, role, signal) =>
      call("GET", `${pathOf(mount, role)}/role-id`, signal, {}, (json) =>
        requiredText(record(object(json, "the answer")["data"]), "role_id"),
      ),
    wrappedSecretId: (mount, role, ttl, signal) =>
      call("POST", `${pathOf(mount, role)}/secret-id`, signal, { headers: { "x-vault-wrap-ttl": ttl } }, (json) =>
        requiredText(record(object(json, "the answer")["wrap_info"]), "token"),
      ),
    secretId: (mount, role, signal) =>
      call("POST", `${pathOf(mount, role)}/secret-id`, signal, {}, (json) =>
        requiredText(record(object(json, "the answer")["data"]), "secret_id"),
      ),
    async roles(mount, signal) {
      try {
        return await call("GET", pathOf(mount), signal, { query: { list: true } }, (json) =>
          texts(record(object(json, "the answer")["data"])["keys"]),
        );
      } catch (error) {
        // Of an empty list, too.
        goneIsFine(error);
        return [];
      }
    },
    deleteRole: (mount, role, signal) => call<void>("DELETE", pathOf(mount, role), signal).catch(goneIsFine),
    async writeSecret(mount, path, data, signal) {
      const place = `/${segments(mount)}/data/${segments(path)}`;
      const isVersioned = await call(
        "POST",
        place,
        signal,
        { body: { data }, secrets: Object.values(data) },
        (json) => typeof record(record(json)["data"])["version"] === "number",
      );
      if (isVersioned) return;
      // Who acts may not be allowed to; what is to be done is said either way.
      await call<void>("DELETE", place, signal).catch(() => signal.throwIfAborted());
      throw new Error(unversioned(mount));
    },
    destroySecret: (mount, path, signal) =>
      call<void>("DELETE", `/${segments(mount)}/metadata/${segments(path)}`, signal).catch(goneIsFine),
    login: async (signal) => (await session.renew(signal))?.policies,
  };
}
