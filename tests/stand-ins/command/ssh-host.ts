/** A host on loopback that runs what it is told over SSH, for one user with one key. */
import { spawn } from "node:child_process";
import { once } from "node:events";
import type { AddressInfo } from "node:net";
import { Server, utils, type Connection, type ParsedKey } from "ssh2";
import { newSshKeyPair } from "../../../simulator/ssh-key-pair";

export interface SshHost {
  readonly port: number;
  readonly privateKey: string;
  /** `ssh-ed25519 AAAA…` */
  readonly hostKey: string;
  /** What was run, oldest first. */
  readonly commands: string[];
  connections(): number;
  close(): Promise<void>;
}

/** @param refusals how many connections break before the host is up */
export async function startSshHost({
  refusals = 0,
  accepted = ["NAME"],
  moreHostKeys = [] as string[],
} = {}): Promise<SshHost> {
  const [host, client] = [keyPair(), keyPair()];
  const allowed = utils.parseKey(client.public) as ParsedKey;
  const commands: string[] = [];
  const open = new Set<Connection>();
  let seen = 0;
  const server = new Server({ hostKeys: [host.private, ...moreHostKeys] }, (connection) => {
    open.add(connection);
    connection.on("close", () => open.delete(connection)).on("error", () => undefined);
    if (++seen <= refusals) return void connection.end();
    connection
      .on("authentication", (context) => {
        if (context.method === "publickey" && context.key.data.equals(allowed.getPublicSSH())) context.accept();
        else context.reject(["publickey"]);
      })
      .on("session", (accept) => {
        const env: Record<string, string> = {};
        const session = accept();
        session.on("env", (acceptEnv, rejectEnv, { key, val }) => {
          if (!accepted.includes(key)) return void rejectEnv?.();
          env[key] = val;
          acceptEnv?.();
        });
        session.on("exec", (acceptExec, _reject, { command }) => {
          commands.push(command);
          const channel = acceptExec();
          const child = spawn("/bin/sh", ["-c", command], { env: { PATH: process.env["PATH"]!, ...env } });
          channel.pipe(child.stdin);
          child.stdin.on("error", () => undefined);
          child.stdout.on("data", (data: Buffer) => channel.write(data));
          child.stderr.on("data", (data: Buffer) => channel.stderr.write(data));
          child.on("close", (code) => {
            channel.exit(code ?? 1);
            channel.end();
          });
          connection.on("close", () => child.kill("SIGKILL"));
        });
      });
  });
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  return {
    port: (server.address() as AddressInfo).port,
    privateKey: client.private,
    hostKey: host.public,
    commands,
    connections: () => seen,
    close: async () => {
      for (const connection of open) connection.end();
      await new Promise<void>((resolve) => server.close(() => resolve()));
    },
  };
}

/** ssh2 now and then makes a key that it cannot read itself. */
function keyPair(): { private: string; public: string } {
  for (;;) {
    const pair = newSshKeyPair();
    if (!(utils.parseKey(pair.private) instanceof Error)) return pair;
  }
}
