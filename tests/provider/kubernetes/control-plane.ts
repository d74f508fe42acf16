/** A real API server with its etcd, on loopback, for one test file: no nodes, and no controllers but those that are asked for. */
import { spawn, type ChildProcess } from "node:child_process";
import { once } from "node:events";
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { KeyPair } from "../../../bootstrap/document";
import {
  issueCertificate,
  makeAuthority,
  makePrivateKey,
  publicKeyOf,
} from "../../../provider/kubernetes/certificates";
import { kubernetesApi } from "../../../provider/kubernetes/client";
import { renderKubeconfig } from "../../../sdk/kubernetes/kubeconfig";
import { ensureTools } from "../../../toolchain/tools";
import { freePort } from "../../free-port";
import { until } from "../../until";

export interface TestControlPlane {
  ca: KeyPair;
  /** The API server's own. */
  serving: KeyPair;
  /** Of a new user in this group. */
  kubeconfig(organization: string): Promise<string>;
  close(): Promise<void>;
}

/**
 * @param controllers of kube-controller-manager that run beside it
 * @param flags further ones of the API server
 * @param authority of another one, so that a kubeconfig of that is good for this too. Default: one of its own
 */
export async function controlPlane(
  controllers: readonly string[] = [],
  flags: Record<string, string> = {},
  authority?: KeyPair,
): Promise<TestControlPlane> {
  const tools = await ensureTools(["etcd", "kube-apiserver", "kube-controller-manager"]);
  const folder = mkdtempSync(join(tmpdir(), "gpu-clusters-api-server-"));
  const ca = authority ?? (await makeAuthority("kubernetes"));
  const serving = await issueCertificate(ca, {
    commonName: "kube-apiserver",
    dnsNames: ["kubernetes"],
    ipAddresses: ["127.0.0.1"],
    usages: ["server"],
    validForHours: 1,
  });
  const serviceAccountKey = await makePrivateKey();
  const file = (name: string, text: string) => {
    writeFileSync(join(folder, name), text, { mode: 0o600 });
    return join(folder, name);
  };
  const [etcdPort, peerPort, port] = [await freePort(), await freePort(), await freePort()];
  const etcd = `http://127.0.0.1:${etcdPort}`;
  const peer = `http://127.0.0.1:${peerPort}`;
  mkdirSync(join(folder, "etcd"), { mode: 0o700 });
  const processes = [
    start(tools.etcd, {
      "data-dir": join(folder, "etcd"),
      "listen-client-urls": etcd,
      "advertise-client-urls": etcd,
      "listen-peer-urls": peer,
      "initial-advertise-peer-urls": peer,
      "initial-cluster": `default=${peer}`,
      "unsafe-no-fsync": "true",
    }),
    start(tools["kube-apiserver"], {
      "etcd-servers": etcd,
      "bind-address": "127.0.0.1",
      "advertise-address": "127.0.0.1",
      // Loopback is no address for pods, and from 1.37 on it is refused as one.
      "endpoint-reconciler-type": "none",
      "secure-port": String(port),
      "cert-dir": folder,
      "tls-cert-file": file("server.crt", serving.certificate),
      "tls-private-key-file": file("server.key", serving.privateKey),
      "client-ca-file": file("client-ca.crt", ca.certificate),
      "service-account-issuer": "https://kubernetes.default.svc",
      "service-account-key-file": file("sa.pub", publicKeyOf(serviceAccountKey)),
      "service-account-signing-key-file": file("sa.key", serviceAccountKey),
      "service-cluster-ip-range": "10.96.0.0/16",
      "authorization-mode": "Node,RBAC",
      "enable-bootstrap-token-auth": "true",
      // As kubeadm has it.
      "allow-privileged": "true",
      "watch-cache": "false",
      ...flags,
    }),
  ];
  const kubeconfig = async (organization: string) => {
    const user = await issueCertificate(ca, {
      commonName: "tester",
      organizations: [organization],
      usages: ["client"],
      validForHours: 1,
    });
    return renderKubeconfig({
      clusterName: "test",
      endpoint: `https://127.0.0.1:${port}`,
      certificateAuthority: ca.certificate,
      tlsServerName: "kubernetes",
      credentials: { clientCertificate: user.certificate, clientKey: user.privateKey },
    });
  };
  const close = async () => {
    await Promise.all(processes.map(stop));
    rmSync(folder, { recursive: true, force: true });
  };
  if (controllers.length > 0) {
    // They end where nobody answers them for ten seconds.
    const api = kubernetesApi(await kubeconfig("system:masters"));
    const answers = until("the API server answers", async () => (await api.text("/readyz").catch(() => "")) === "ok");
    // Nobody else knows of what runs by then, and mocha would wait for it.
    await answers.catch(async (error: unknown) => {
      await close();
      throw error;
    });
    processes.push(
      start(tools["kube-controller-manager"], {
        kubeconfig: file("controller-manager.conf", await kubeconfig("system:masters")),
        controllers: controllers.join(","),
        "service-account-private-key-file": join(folder, "sa.key"),
        "root-ca-file": file("ca.crt", ca.certificate),
        "leader-elect": "false",
        // No probe asks it, so it needs no port and no certificate of its own.
        "secure-port": "0",
        "authentication-skip-lookup": "true",
      }),
    );
  }
  return {
    ca,
    serving,
    kubeconfig,
    close,
  };
}

/** With flags, its output nowhere. */
export function start(command: string, flags: Record<string, string>): ChildProcess {
  return spawn(
    command,
    Object.entries(flags).map(([name, value]) => `--${name}=${value}`),
    { stdio: "ignore" },
  );
}

export async function stop(child: ChildProcess): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return;
  child.kill("SIGKILL");
  await once(child, "exit");
}
