/** `npm start` from nothing to a kubeconfig that answers, beside the least that it could take. */
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { generateKeyPairSync } from "node:crypto";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { Agent, get } from "node:https";
import { runCommand } from "../../toolchain/tools/command";
import { freePort } from "../free-port";
import { ensurePulumi } from "../../stand-ins/build/pulumi";
import { toolNames } from "../../toolchain/tools";
import { repeated, seconds } from "./measure";

const checkout = join(__dirname, "..", "..");

/** The target: 2.5 times etcd and kube-apiserver alone, plus an empty `pulumi up`. */
export async function start(): Promise<Record<string, unknown>> {
  const tools = await ensurePulumi(toolNames);
  const directory = mkdtempSync(join(tmpdir(), "gpu-clusters-bench-"));
  try {
    const floor = await repeated(3, () => controlPlaneAlone(tools, directory));
    const emptyUp = await repeated(3, () => emptyProgram(tools.pulumi, directory));
    const wholeStart = await repeated(3, () => wholeCluster(tools.kubectl, directory));
    const target = 2.5 * floor.median + emptyUp.median;
    return {
      etcdAndApiServerSeconds: floor,
      emptyUpSeconds: emptyUp,
      startSeconds: wholeStart,
      targetSeconds: Math.round(target * 1000) / 1000,
      ofTarget: Math.round((wholeStart.median / target) * 1000) / 1000,
    };
  } finally {
    rmSync(directory, { recursive: true, force: true });
  }
}

/** Seconds from nothing until an API server with an etcd of its own answers `/readyz`. */
async function controlPlaneAlone(tools: Record<"etcd" | "kube-apiserver", string>, directory: string): Promise<number> {
  const data = mkdtempSync(join(directory, "floor-"));
  const [client, peer, secure] = await Promise.all([freePort(), freePort(), freePort()]);
  const { privateKey } = generateKeyPairSync("ec", { namedCurve: "P-256" });
  const key = join(data, "sa.key");
  writeFileSync(key, privateKey.export({ type: "sec1", format: "pem" }));
  const stop = new AbortController();
  const run = (file: string, args: string[]) =>
    runCommand(file, args, { stdio: "ignore", reject: false, cancelSignal: stop.signal, forceKillAfterDelay: 2000 });
  const [etcdUrl, peerUrl] = [`http://127.0.0.1:${client}`, `http://127.0.0.1:${peer}`];
  const processes: Promise<unknown>[] = [];
  try {
    return await seconds(async () => {
      processes.push(
        run(tools.etcd, [
          "--data-dir",
          join(data, "etcd"),
          "--unsafe-no-fsync",
          "--log-level",
          "error",
          "--listen-client-urls",
          etcdUrl,
          "--advertise-client-urls",
          etcdUrl,
          "--listen-peer-urls",
          peerUrl,
          "--initial-advertise-peer-urls",
          peerUrl,
          "--initial-cluster",
          `default=${peerUrl}`,
        ]),
        run(tools["kube-apiserver"], [
          "--etcd-servers",
          etcdUrl,
          "--bind-address",
          "127.0.0.1",
          "--secure-port",
          String(secure),
          "--cert-dir",
          join(data, "certificates"),
          "--service-account-issuer",
          "https://bench",
          "--service-account-key-file",
          key,
          "--service-account-signing-key-file",
          key,
          // With AlwaysAllow, the default, kube-apiserver refuses anonymous requests, also to /readyz.
          "--service-cluster-ip-range",
          "10.96.0.0/12",
          "--authorization-mode",
          "RBAC",
        ]),
      );
      await untilReady(secure);
    });
  } finally {
    stop.abort();
    await Promise.allSettled(processes);
  }
}

async function untilReady(port: number): Promise<void> {
  const agent = new Agent({ rejectUnauthorized: false });
  const deadline = Date.now() + 60_000;
  while (Date.now() < deadline) {
    const ok = await new Promise<boolean>((resolve) => {
      get({ host: "127.0.0.1", port, path: "/readyz", agent }, (answer) => {
        answer.resume();
        resolve(answer.statusCode === 200);
      }).once("error", () => resolve(false));
    });
    if (ok) {
      agent.destroy();
      return;
    }
    await sleep(50);
  }
  throw new Error("kube-apiserver was not ready within 60 s");
}

/** Seconds of `pulumi up` on a stack that exists, with a program without resources. */
async function emptyProgram(pulumi: string, directory: string): Promise<number> {
  // Below the checkout, so that the program finds @pulumi/pulumi.
  const program = join(checkout, ".gpu-clusters", "bench-empty");
  const backend = mkdtempSync(join(directory, "backend-"));
  mkdirSync(program, { recursive: true });
  writeFileSync(
    join(program, "Pulumi.yaml"),
    "name: empty\nruntime:\n  name: nodejs\n  options:\n    typescript: false\n",
  );
  writeFileSync(join(program, "package.json"), '{ "name": "empty", "main": "index.js" }\n');
  writeFileSync(join(program, "index.js"), 'require("@pulumi/pulumi");\n');
  const env = {
    PATH: `${dirname(pulumi)}:${process.env.PATH}`,
    PULUMI_HOME: join(directory, "home"),
    PULUMI_BACKEND_URL: `file://${backend}`,
    PULUMI_CONFIG_PASSPHRASE: "bench",
    PULUMI_SKIP_UPDATE_CHECK: "true",
  };
  const run = (...args: string[]) => runCommand(pulumi, [...args, "--non-interactive"], { cwd: program, env });
  try {
    await run("stack", "init", "bench");
    return await seconds(() => run("up", "--yes", "--skip-preview", "--stack", "bench"));
  } finally {
    rmSync(program, { recursive: true, force: true });
  }
}

/** Seconds from nothing (no simulator, no stack) until `kubectl get nodes` answers with the kubeconfig that `npm start` wrote. */
async function wholeCluster(kubectl: string, directory: string): Promise<number> {
  const env = { GPU_CLUSTERS_STATE_DIR: mkdtempSync(join(directory, "start-")) };
  const npm = (...args: string[]) => runCommand("npm", ["run", "--silent", ...args], { cwd: checkout, env });
  const port = String(await freePort());
  try {
    return await seconds(async () => {
      const { stdout } = await npm("start", "--", "--json", "--port", port, "--machines", "light");
      const { kubeconfig } = JSON.parse(stdout.trim().split("\n").at(-1)!) as { kubeconfig: string };
      await runCommand(kubectl, ["--kubeconfig", kubeconfig, "get", "nodes"], {});
    });
  } finally {
    await npm("stop");
  }
}
