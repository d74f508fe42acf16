/** One login over SSH, to see whether a key is accepted and which key the host has. */
import { utils } from "ssh2";
import { hostKeyTypes, overSsh, type SshTarget } from "../cloud/ssh";

export interface Login extends SshTarget {
  /** `<type> <base64>`; undefined: whatever the host shows is accepted. */
  readonly hostKey: string | undefined;
}

/** The host does not accept the key. */
export class KeyRefused extends Error {}

/** The host shows another key than the one expected. `message` has both. */
export class HostKeyChanged extends Error {}

/** Logs in, and out again. @returns the host's key, `<type> <base64>` */
export async function login(login: Login, signal: AbortSignal): Promise<string> {
  let shown = "";
  const hostVerifier = (key: Buffer): boolean => {
    shown = knownHostsKey(key);
    return login.hostKey === undefined || login.hostKey === shown;
  };
  try {
    return await overSsh(login, { signal, algorithms: { serverHostKey: hostKeyTypes }, hostVerifier }, () => shown);
  } catch (error) {
    throw explained(error as Error, login, shown);
  }
}

function explained(error: Error & { level?: string }, { user, host, hostKey }: Login, shown: string): Error {
  if (shown !== "" && hostKey !== undefined && shown !== hostKey) {
    return new HostKeyChanged(`the host key of ${host} is ${shown}, and not ${hostKey}`);
  }
  if (error.level === "client-authentication") return new KeyRefused(`${user}@${host}: Permission denied (publickey)`);
  return error;
}

/** `<type> <base64>` of a line of a known_hosts or .pub file; undefined: it is none. */
export function hostKeyOf(line: string): string | undefined {
  const key = utils.parseKey(line.trim());
  return key instanceof Error || key.isPrivateKey() ? undefined : knownHostsKey(key.getPublicSSH());
}

function knownHostsKey(key: Buffer): string {
  const length = key.readUInt32BE(0);
  return `${key.subarray(4, 4 + length).toString("ascii")} ${key.toString("base64")}`;
}
