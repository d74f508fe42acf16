/** A real Keycloak on this computer, empty but for a realm of the test's own, in memory and with its files in a temporary folder. */
import { spawn } from "node:child_process";
import { randomBytes } from "node:crypto";
import { cpSync, mkdtempSync, rmSync, symlinkSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { ensureKeycloak } from "../../../toolchain/tools/keycloak";
import { freePort } from "../../free-port";
import type { Keycloak } from "./contract";

/** It took 20 to 64 s; a busy computer takes longer. */
const startMs = 300_000;

export async function realKeycloak(): Promise<Keycloak> {
  const installed = dirname(await ensureKeycloak());
  // It builds itself into its own folder at the first start, and keeps its database there.
  const home = mkdtempSync(join(tmpdir(), "gpu-clusters-keycloak-"));
  for (const part of ["bin", "conf", "lib", "providers"])
    cpSync(join(installed, part), join(home, part), { recursive: true });
  symlinkSync(join(installed, "themes"), join(home, "themes"));
  const port = await freePort();
  const admin = { username: "admin", password: randomBytes(12).toString("hex") };
  const lines: string[] = [];
  const server = spawn(
    "sh",
    [join(home, "bin/kc.sh"), "start-dev", "--http-host=127.0.0.1", `--http-port=${port}`, "--db=dev-mem"],
    {
      detached: true,
      stdio: ["ignore", "pipe", "pipe"],
      env: {
        ...process.env,
        KC_BOOTSTRAP_ADMIN_USERNAME: admin.username,
        KC_BOOTSTRAP_ADMIN_PASSWORD: admin.password,
        JAVA_OPTS_APPEND: "-Xmx512m",
      },
    },
  );
  for (const stream of [server.stdout, server.stderr])
    stream.on("data", (chunk: Buffer) => lines.push(...chunk.toString().split("\n")));
  const ended = new Promise<void>((resolve) => server.once("close", () => resolve()));
  const close = async () => {
    try {
      if (server.exitCode === null) process.kill(-server.pid!, "SIGKILL");
    } catch {
      // It is gone already.
    }
    await ended;
    rmSync(home, { recursive: true, force: true });
  };
  const baseUrl = `http://127.0.0.1:${port}`;
  try {
    await untilRealm(baseUrl, admin, () => server.exitCode !== null);
  } catch (error) {
    await close();
    throw new Error(`Keycloak did not start:\n${lines.slice(-20).join("\n")}`, { cause: error });
  }
  return { baseUrl, realm: "lab", admin, close };
}

async function untilRealm(baseUrl: string, admin: Keycloak["admin"], hasEnded: () => boolean): Promise<void> {
  const form = new URLSearchParams({ grant_type: "password", client_id: "admin-cli", ...admin });
  for (const deadline = Date.now() + startMs; ; await sleep(500)) {
    if (hasEnded() || Date.now() > deadline) throw new Error("it ended, or took too long");
    const login = await fetch(`${baseUrl}/realms/master/protocol/openid-connect/token`, {
      method: "POST",
      body: form,
    }).catch(() => undefined);
    if (!login?.ok) continue;
    const { access_token } = (await login.json()) as { access_token: string };
    const made = await fetch(`${baseUrl}/admin/realms`, {
      method: "POST",
      headers: { authorization: `Bearer ${access_token}`, "content-type": "application/json" },
      body: JSON.stringify({ realm: "lab", enabled: true }),
    });
    if (made.status !== 201) throw new Error(`the realm was not made: HTTP ${made.status} ${await made.text()}`);
    return;
  }
}
