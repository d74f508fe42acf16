/** One machine that really boots: its power states, one change at a time. */
import { writeFile, rm } from "node:fs/promises";
import { createHash } from "node:crypto";
import { nodeDocumentFromScript } from "../../../bootstrap/script";
import { messageOf } from "../../../sdk/message";
import type { Machine, MachineSpec, MachineState } from "../machine";
import { wireAddressOf } from "./address";
import { cgroupsOf, makeCgroups } from "./cgroups";
import type { MachineDisk } from "./disk";
import type { MachineImage } from "./image/image";
import type { Network } from "./network";
import type { PodRoutes, Routed } from "./pod-routes";
import { Power } from "./power";
import type { Shares } from "./shares";

export interface Surroundings {
  readonly image: () => Promise<MachineImage>;
  readonly network: Network;
  readonly routes: PodRoutes;
  readonly shares: Shares;
  /** Throws where the host carries no more machines, or another one has its address. */
  readonly requireRoom: (machine: NspawnMachine) => void;
  readonly erased: () => void;
}

interface Running {
  readonly power: Power;
  readonly routed: Routed;
  readonly forwards: { close(): void };
}

/** A real machine's button is held for a few seconds, too. */
const graceMs = 12_000;

export class NspawnMachine implements Machine {
  #state: MachineState = "stopped";
  #running: Running | undefined;
  #changes: Promise<void> = Promise.resolve();

  constructor(
    readonly spec: MachineSpec,
    private readonly disk: MachineDisk,
    private readonly surroundings: Surroundings,
  ) {}

  get state(): MachineState {
    return this.#state;
  }

  get isOn(): boolean {
    return this.#running !== undefined;
  }

  get wireAddress(): string {
    return wireAddressOf(this.spec);
  }

  /** Of its control groups; unique on this host. */
  get machineName(): string {
    const digest = createHash("sha256").update(`${this.disk.directory} ${this.spec.id}`).digest("hex");
    return `gc${digest.slice(0, 10)}`;
  }

  get isControlPlane(): boolean {
    return documentOf(this.spec)?.role === "control-plane";
  }

  start(): Promise<void> {
    return this.#change(async () => {
      if (this.#state === "running") return;
      this.#state = "booting";
      this.disk.note("machine: power on");
      try {
        await this.#boot();
        this.#state = "running";
      } catch (error) {
        this.#state = "failed";
        this.disk.note(`machine: cannot boot: ${messageOf(error)}`);
        throw error;
      }
    });
  }

  stop(): Promise<void> {
    return this.#turnOff("machine: shutting down", (power) => power.shutDown(graceMs));
  }

  powerCut(): Promise<void> {
    return this.#turnOff("machine: power lost", (power) => power.cut());
  }

  terminate(): Promise<void> {
    return this.#change(async () => {
      await this.#running?.power.cut();
      await this.#off();
      await this.disk.erase();
      this.surroundings.erased();
    });
  }

  console(): Promise<string> {
    return this.disk.console();
  }

  async #boot(): Promise<void> {
    const { image, network, routes, shares } = this.surroundings;
    const { address, id, name, memoryGib } = this.spec;
    const wire = this.wireAddress;
    const { machineName } = this;
    const cgroups = cgroupsOf(machineName);
    this.surroundings.requireRoom(this);
    const made = await image();
    await this.disk.prepare(this.spec, made);
    // Before anything runs: a later simulator ends what this one leaves.
    await writeFile(this.disk.cgroupsFile, `${cgroups.join("\n")}\n`);
    makeCgroups(cgroups, memoryGib * 2 ** 30);
    const forwards = await network.forward(address, wire, (message) => this.disk.note(message));
    const power = await Power.on({
      directory: this.disk.directory,
      imageRoot: made.root,
      machineName,
      hostName: name,
      wireAddress: wire,
      ...(this.spec.privateAddress === undefined && { address }),
      namespace: await network.namespace(),
      cgroups,
      console: this.disk.consoleFile,
      binds: new Map([
        ...(this.spec.shares ?? []).map((share) => [`/mnt/${share.name}`, shares.directoryOf(share.id)] as const),
        // Devices that do nothing, as many as it has GPUs.
        ...Array.from({ length: this.spec.gpus?.count ?? 0 }, (_, gpu) => [`/dev/nvidia${gpu}`, "/dev/null"] as const),
      ]),
    }).catch((error: unknown) => {
      forwards.close();
      throw error;
    });
    const routed: Routed = {
      cluster: documentOf(this.spec)?.certificateAuthority ?? id,
      wireAddress: wire,
      leader: power.leader,
      networkConfiguration: this.disk.networkConfiguration,
    };
    routes.add(routed);
    this.#running = { power, routed, forwards };
    void power.ended.then(({ reboot }) => this.#endedByItself(power, reboot)).catch(() => undefined);
  }

  /** A shutdown or reboot from within. */
  async #endedByItself(power: Power, reboot: boolean): Promise<void> {
    await this.#change(async () => {
      if (this.#running?.power !== power) return;
      this.disk.note(reboot ? "machine: reboots" : "machine: has shut itself down");
      await this.#off();
      if (reboot) await this.#boot().then(() => (this.#state = "running"));
    });
  }

  #turnOff(message: string, end: (power: Power) => Promise<void>): Promise<void> {
    return this.#change(async () => {
      if (this.#running === undefined) return;
      this.disk.note(message);
      await end(this.#running.power);
      await this.#off();
    });
  }

  async #off(): Promise<void> {
    const running = this.#running;
    this.#running = undefined;
    this.#state = "stopped";
    if (running !== undefined) {
      this.surroundings.routes.remove(running.routed);
      running.forwards.close();
    }
    await rm(this.disk.cgroupsFile, { force: true });
  }

  #change(work: () => Promise<void>): Promise<void> {
    const change = this.#changes.then(work);
    this.#changes = change.catch(() => undefined);
    return change;
  }
}

/** A script that cannot be read makes no node; the machine runs it all the same. */
function documentOf(spec: MachineSpec): ReturnType<typeof nodeDocumentFromScript> {
  try {
    return nodeDocumentFromScript(spec.startScript);
  } catch {
    return undefined;
  }
}
