/** A real Vault in memory on loopback, behind a door that can be shut. */
import { spawn } from "node:child_process";
import { randomBytes } from "node:crypto";
import { once } from "node:events";
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import type { IncomingMessage } from "node:http";
import { request } from "node:https";
import { connect, createServer, type Server, type Socket } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { ensureTools } from "../../../toolchain/tools";
import { freePort } from "../../free-port";

const startMs = 120_000;

export class RealVault {
  #door: Server | undefined;
  readonly #through = new Set<Socket>();

  private constructor(
    readonly certificateAuthority: string,
    /** Of the door. */
    readonly port: number,
    private readonly behind: number,
    private readonly token: string,
    readonly close: () => Promise<void>,
  ) {}

  /** `names`: addresses besides loopback that its certificate is for. */
  static async start(names: readonly string[]): Promise<RealVault> {
    const { vault: program } = await ensureTools(["vault"]);
    const home = mkdtempSync(join(tmpdir(), "gpu-clusters-vault-"));
    const [behind, port] = [await freePort(), await freePort()];
    const token = randomBytes(16).toString("hex");
    const arguments_ = [
      "server",
      "-dev",
      "-dev-tls",
      "-dev-no-store-token",
      `-dev-tls-cert-dir=${home}`,
      `-dev-listen-address=127.0.0.1:${behind}`,
      `-dev-root-token-id=${token}`,
      ...names.map((name) => `-dev-tls-san=${name}`),
    ];
    const lines: string[] = [];
    const server = spawn(program, arguments_, {
      stdio: ["ignore", "pipe", "pipe"],
      env: { ...process.env, HOME: home },
    });
    for (const stream of [server.stdout, server.stderr])
      stream.on("data", (chunk: Buffer) => lines.push(...chunk.toString().split("\n")));
    const ended = once(server, "close");
    const vault = { made: undefined as RealVault | undefined };
    const close = async () => {
      await vault.made?.shut();
      server.kill("SIGKILL");
      await ended;
      rmSync(home, { recursive: true, force: true });
    };
    for (const deadline = Date.now() + startMs; ; await sleep(200)) {
      if (server.exitCode !== null || Date.now() > deadline) {
        await close();
        throw new Error(`Vault did not start:\n${lines.slice(-20).join("\n")}`);
      }
      if (!lines.some((line) => line.includes("Development mode should NOT be used"))) continue;
      vault.made = new RealVault(readFileSync(join(home, "vault-ca.pem"), "utf8"), port, behind, token, close);
      await vault.made.open();
      return vault.made;
    }
  }

  /** Lets connections in. */
  async open(): Promise<void> {
    this.#door = createServer((socket) => {
      const inner = connect(this.behind, "127.0.0.1");
      for (const each of [socket, inner]) {
        this.#through.add(each);
        each
          .on("error", () => undefined)
          .on("close", () => {
            this.#through.delete(each);
            socket.destroy();
            inner.destroy();
          });
      }
      socket.pipe(inner).pipe(socket);
    }).listen(this.port, "127.0.0.1");
    await once(this.#door, "listening");
  }

  /** As a Vault that is away: nobody answers. */
  async shut(): Promise<void> {
    const door = this.#door;
    this.#door = undefined;
    if (door === undefined) return;
    const closed = once(door, "close");
    door.close();
    for (const each of this.#through) each.destroy();
    await closed;
  }

  /** A call with the root token, past the door. */
  async call(
    method: string,
    path: string,
    body?: object,
    headers: Record<string, string> = {},
  ): Promise<{ status: number; body: any }> {
    const sent = request({
      host: "127.0.0.1",
      port: this.behind,
      method,
      path: `/v1/${path}`,
      ca: this.certificateAuthority,
      headers: { "x-vault-token": this.token, ...headers },
    });
    sent.end(body && JSON.stringify(body));
    const [answer] = (await once(sent, "response")) as [IncomingMessage];
    let text = "";
    for await (const chunk of answer) text += String(chunk);
    return { status: answer.statusCode!, body: text === "" ? undefined : JSON.parse(text) };
  }

  /** A call that must succeed. */
  async done(method: string, path: string, body?: object, headers?: Record<string, string>): Promise<any> {
    const { status, body: answer } = await this.call(method, path, body, headers);
    if (status >= 300) throw new Error(`${method} ${path}: HTTP ${status} ${JSON.stringify(answer)}`);
    return answer;
  }
}
