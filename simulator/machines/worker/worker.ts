/** A worker machine: joins the cluster of its node document, keeps its certificate on its disk, and tells the cluster when it goes off. */
import { mkdirSync } from "node:fs";
import { readFile, writeFile } from "node:fs/promises";
import pRetry, { AbortError } from "p-retry";
import type { KeyPair, NodeDocument } from "../../../bootstrap/document";
import { certificateValidity } from "../../../provider/kubernetes/certificates";
import type { ApiServer } from "../api-connection";
import type { Disk } from "../light/disk";
import type { Role } from "../light/role";
import type { MachineSpec } from "../machine";
import { AutoscalerPod } from "./autoscaler-pod";
import { Kubelet } from "./kubelet";
import { kubeletWords } from "./kubelet-words";
import { bootstrapCertificate, newKey } from "./tls-bootstrap";

/** kubeadm's own limit for the TLS bootstrap. */
const joinTimeoutMs = 5 * 60_000;
/** How long a machine that goes off waits for an API server that does not answer. */
const farewellTimeoutMs = 2_000;

export class Worker implements Role {
  readonly isControlPlane = false;
  readonly #server: ApiServer;
  readonly #power = new AbortController();
  #joining: Promise<void> = Promise.resolve();
  #attending: Promise<void> = Promise.resolve();
  readonly #autoscaler: AutoscalerPod;

  constructor(
    private readonly spec: MachineSpec,
    private readonly document: NodeDocument,
    private readonly disk: Disk,
  ) {
    if (document.endpoint === undefined) throw new Error("the node document of a worker has no endpoint to join");
    this.#server = {
      endpoint: document.endpoint,
      certificateAuthority: document.certificateAuthority,
      ...(document.tlsServerName === undefined ? {} : { serverName: document.tlsServerName }),
    };
    this.#autoscaler = new AutoscalerPod({ server: this.#server, spec, disk });
  }

  async start(): Promise<void> {
    this.#joining = this.#join();
  }

  async stop(): Promise<void> {
    await this.close();
    await this.#farewell((kubelet, signal) => kubelet.shutDown(signal));
  }

  async cut(): Promise<void> {
    await this.close();
    await this.#farewell((kubelet, signal) => kubelet.powerOff(signal));
  }

  async close(): Promise<void> {
    this.#power.abort(new Error("the machine is going off"));
    await this.#joining;
    await this.#attending;
    await this.#autoscaler.end();
  }

  async #join(): Promise<void> {
    const power = this.#power.signal;
    const { nodeName } = this.document;
    let lastWords: string | undefined;
    try {
      await pRetry(() => this.#attempt(), {
        retries: Number.POSITIVE_INFINITY,
        minTimeout: 100,
        factor: 1.5,
        maxTimeout: 2_000,
        maxRetryTime: joinTimeoutMs,
        signal: power,
        onFailedAttempt: ({ error }) => {
          if (power.aborted) throw new AbortError("off");
          const words = kubeletWords(error);
          // Once is enough: the console must stay readable while it retries.
          if (words !== lastWords)
            this.disk.note(`kubelet: failed to run Kubelet: cannot register node "${nodeName}": ${words}`);
          lastWords = words;
        },
      });
    } catch (error) {
      if (power.aborted) return;
      this.disk.note(
        `kubeadm: error execution phase kubelet-start: timed out waiting for the TLS bootstrap: ${kubeletWords(error)}`,
      );
    }
  }

  async #attempt(): Promise<void> {
    const power = this.#power.signal;
    const credential = (await this.#storedCertificate()) ?? (await this.#newCertificate());
    const kubelet = new Kubelet(this.#server, credential, this.document, this.spec);
    const registered = await kubelet.register(power);
    this.#attending = kubelet.attendPods(this.#autoscaler, power);
    this.disk.note(
      registered === "created"
        ? `kubelet: successfully registered node "${this.document.nodeName}"`
        : `kubelet: node "${this.document.nodeName}" was previously registered`,
    );
  }

  async #newCertificate(): Promise<KeyPair> {
    const { bootstrapToken, nodeName } = this.document;
    if (bootstrapToken === undefined) throw new Error("the node document has no bootstrap token");
    mkdirSync(this.disk.path("kubelet"), { recursive: true, mode: 0o700 });
    const key = await this.#key();
    const credential = await bootstrapCertificate(this.#server, bootstrapToken, nodeName, key, this.#power.signal);
    await writeFile(this.#certificatePath, JSON.stringify(credential), { mode: 0o600 });
    this.disk.note(`kubelet: certificate for system:node:${nodeName} issued`);
    return credential;
  }

  /** Kept until it has its certificate: another one would be another machine's. */
  async #key(): Promise<string> {
    const file = this.disk.path("kubelet", "client.key.tmp");
    const kept = await readFile(file, "utf8").catch(() => undefined);
    if (kept !== undefined) return kept;
    const fresh = await newKey();
    await writeFile(file, fresh, { mode: 0o600 });
    return fresh;
  }

  /** The certificate of an earlier start, while it is valid. */
  async #storedCertificate(): Promise<KeyPair | undefined> {
    try {
      const credential = JSON.parse(await readFile(this.#certificatePath, "utf8")) as KeyPair;
      return certificateValidity(credential.certificate).notAfter.getTime() > Date.now() ? credential : undefined;
    } catch {
      return undefined;
    }
  }

  get #certificatePath(): string {
    return this.disk.path("kubelet", "client.json");
  }

  /** Best effort: a control plane that is off learns at its next start which machines are on. */
  async #farewell(say: (kubelet: Kubelet, signal: AbortSignal) => Promise<void>): Promise<void> {
    const credential = await this.#storedCertificate();
    if (credential === undefined) return;
    const kubelet = new Kubelet(this.#server, credential, this.document, this.spec);
    await say(kubelet, AbortSignal.timeout(farewellTimeoutMs)).catch((error: unknown) =>
      this.disk.note(`kubelet: could not tell the API server that the node goes off: ${kubeletWords(error)}`),
    );
  }
}
