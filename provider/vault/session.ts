/** Who acts in Vault: a token, or a role that logs in, and again before its token ends. */
import { object, record, requiredNumber, requiredText, texts } from "../cloud/json";
import type { Transport } from "../cloud/http";
import { segments } from "./paths";

/** Of an AppRole method. */
export interface RoleCredential {
  authMount: string;
  roleId: string;
  secretId: string;
}

export interface Login {
  token: string;
  /** What it may do, without Vault's `default`; undefined where that is not told. */
  policies: string[] | undefined;
}

export interface Session {
  token(signal: AbortSignal): Promise<string>;
  /** Logs in, whatever there is; undefined for who has nothing but a token. */
  renew(signal: AbortSignal): Promise<Login | undefined>;
}

/** For calls with a token. */
type Open = (token: string) => Promise<Transport>;

export function openSession(who: string | RoleCredential, open: Open, now = () => performance.now()): Session {
  if (typeof who === "string") return { token: () => Promise.resolve(who), renew: () => Promise.resolve(undefined) };
  let current: (Login & { until: number }) | undefined;
  const login = async (signal: AbortSignal): Promise<Login> => {
    const send = await open("");
    const { authMount, roleId, secretId } = who;
    const path = `/auth/${segments(authMount)}/login`;
    const call = { body: { role_id: roleId, secret_id: secretId }, secrets: [secretId] };
    current = await send("POST", path, signal, call, (json) => {
      const auth = record(object(json, "the answer")["auth"]);
      // A third of it is for a Vault that is away.
      return {
        token: requiredText(auth, "client_token"),
        policies:
          auth["policies"] === undefined ? undefined : texts(auth["policies"]).filter((name) => name !== "default"),
        until: now() + (requiredNumber(auth, "lease_duration") * 2000) / 3,
      };
    });
    return current;
  };
  return {
    token: async (signal) => (current && now() < current.until ? current : await login(signal)).token,
    renew: login,
  };
}
