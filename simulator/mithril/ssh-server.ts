/** SSH on a control plane: `ubuntu` with one of the keys that the cluster was made with may read the kubeconfig, and nothing else. */
import { timingSafeEqual } from "node:crypto";
import { Server, utils, type AuthContext, type Connection, type ParsedKey } from "ssh2";

export interface SshServerOptions {
  address: string;
  port: number;
  /** Private, in OpenSSH's format. */
  hostKey: string;
  /** Lines of `authorized_keys`. */
  authorizedKeys: readonly string[];
  kubeconfig: string;
}

const readsKubeconfig = /^(sudo )?cat "?(~|\$HOME|\/home\/ubuntu)\/\.kube\/config"?;?$/;

export class SshServer {
  private readonly server: Server;
  private readonly connections = new Set<Connection>();

  private constructor(options: SshServerOptions) {
    const keys = options.authorizedKeys.map((line) => utils.parseKey(line)).filter((key) => !(key instanceof Error));
    this.server = new Server({ hostKeys: [options.hostKey], ident: "simulated-mithril" }, (connection) => {
      this.connections.add(connection);
      connection
        .on("authentication", (context) => authenticate(context, keys as ParsedKey[]))
        .on("session", (accept) => {
          accept().on("exec", (acceptExec, _reject, { command }) => {
            const channel = acceptExec();
            const known = readsKubeconfig.test(command.trim());
            if (known) channel.write(options.kubeconfig);
            else channel.stderr.write(`bash: ${command.split(" ")[0]}: command not found\n`);
            channel.exit(known ? 0 : 127);
            channel.end();
          });
        })
        .on("error", () => undefined)
        .on("close", () => this.connections.delete(connection));
    });
  }

  static async listen(options: SshServerOptions): Promise<SshServer> {
    const ssh = new SshServer(options);
    await new Promise<void>((resolve, reject) => {
      ssh.server.once("error", reject);
      ssh.server.listen(options.port, options.address, resolve);
    });
    return ssh;
  }

  get port(): number {
    return (this.server.address() as { port: number }).port;
  }

  async close(): Promise<void> {
    for (const connection of this.connections) connection.end();
    await new Promise<void>((resolve) => this.server.close(() => resolve()));
  }
}

function authenticate(context: AuthContext, keys: readonly ParsedKey[]): void {
  if (context.method !== "publickey" || context.username !== "ubuntu") return context.reject(["publickey"]);
  const { data } = context.key;
  const key = keys.find((candidate) => {
    const known = candidate.getPublicSSH();
    return known.length === data.length && timingSafeEqual(known, data);
  });
  // Without a signature it only asks whether the key would do.
  const signed = !context.signature || key?.verify(context.blob!, context.signature, context.hashAlgo) === true;
  if (key && signed) context.accept();
  else context.reject(["publickey"]);
}
