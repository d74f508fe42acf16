/** One emulated machine. Its disk outlives a power cut, as a cloud's does. */
import { spawn, type ChildProcess } from "node:child_process";
import { once } from "node:events";
import { mkdir, readFile, rm, stat, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { runOverSsh, type SshResult } from "../../provider/cloud/ssh";
import type { Machine, MachineState } from "../../simulator/machines/machine";
import { runCommand } from "../../toolchain/tools/command";
import { freePort } from "../free-port";
import { until } from "../until";
import type { VmImage } from "./image";
import type { VirtualMachineSpec } from "./virtual-machines";

export interface Surroundings {
  readonly directory: string;
  readonly image: VmImage;
  /** Port of loopback's multicast group that is the machines' wire. */
  readonly wire: number;
  readonly sshPrivateKey: string;
  readonly erased: () => void;
}

/** A boot takes half a minute on a quiet computer, and ten times that on one with much else to do. */
const patienceMs = 20 * 60_000;
/** Of one command. */
const commandMs = 10 * 60_000;
/** Longer than a unit takes that does not want to end. */
const graceMs = 4 * 60_000;

export class VirtualMachine implements Machine {
  /** Raw; to be read while the machine is off. */
  readonly disk: string;
  readonly #console: string;
  #process: ChildProcess | undefined;
  #sshPort = 0;
  /** Where in the console the last boot begins. */
  #bootedAt = 0;

  constructor(
    readonly spec: VirtualMachineSpec,
    private readonly surroundings: Surroundings,
  ) {
    this.disk = join(surroundings.directory, "disk");
    this.#console = join(surroundings.directory, "console");
  }

  get state(): MachineState {
    return this.#process === undefined ? "stopped" : "running";
  }

  async start(): Promise<void> {
    if (this.#process !== undefined) return;
    if (!(await stat(this.disk).catch(() => undefined))) await this.#makeDisk();
    this.#sshPort = await freePort();
    this.#bootedAt = (await this.console()).length;
    // Nothing outlives the test that started it.
    const ending = ["--pdeathsig", "KILL", "qemu-system-x86_64"];
    const emulator = spawn("setpriv", [...ending, ...this.#arguments()], { stdio: ["pipe", "ignore", "inherit"] });
    await once(emulator, "spawn");
    emulator.once("exit", () => (this.#process = undefined));
    this.#process = emulator;
  }

  /** Somebody presses its button; holds it, where nothing happens. */
  async stop(): Promise<void> {
    this.#process?.stdin!.write("system_powerdown\n");
    await this.#ended(AbortSignal.timeout(graceMs)).catch(() => this.powerCut());
  }

  async powerCut(): Promise<void> {
    this.#process?.kill("SIGKILL");
    await this.#ended();
  }

  async terminate(): Promise<void> {
    await this.powerCut();
    await rm(this.surroundings.directory, { recursive: true, force: true });
    this.surroundings.erased();
  }

  /** What its kernel, its units and the start script have said since it was made. */
  console(): Promise<string> {
    return readFile(this.#console, "utf8").catch(() => "");
  }

  /** Waits until this boot's console has the words; returns what it has. */
  untilSaid(words: RegExp): Promise<string> {
    return this.until(String(words), async () => {
      const said = (await this.console()).slice(this.#bootedAt);
      return words.test(said) && said;
    });
  }

  /** Looks until there is something, as long as a machine may take that is emulated; its console says why there was not. */
  async until<T>(what: string, look: () => Promise<T | undefined | false>): Promise<T> {
    try {
      return await until(what, look, patienceMs);
    } catch (error) {
      const last = (await this.console()).split("\n").slice(-40).join("\n");
      throw new Error(`${(error as Error).message}\n${last}`, { cause: error });
    }
  }

  /** Runs a command as root; undefined where the machine does not answer. */
  run(command: string): Promise<SshResult | undefined> {
    const target = {
      host: "127.0.0.1",
      port: this.#sshPort,
      user: "root",
      privateKey: this.surroundings.sshPrivateKey,
    };
    return runOverSsh(target, command, { signal: AbortSignal.timeout(commandMs) }).catch(() => undefined);
  }

  /** What a command says, without white space around it; undefined where the machine does not answer. */
  async output(command: string): Promise<string | undefined> {
    return (await this.run(command))?.stdout.trim();
  }

  /** Whether its disk, or another one, has a text as it stands, by whoever takes the disk away. */
  async diskHas(text: string, disk = this.disk): Promise<boolean> {
    const { exitCode } = await runCommand("grep", ["-a", "-q", "-F", "-e", text, disk], { reject: false });
    return exitCode === 0;
  }

  async #makeDisk(): Promise<void> {
    const { directory, image } = this.surroundings;
    const { startScript, address, name } = this.spec;
    await mkdir(directory, { recursive: true });
    await runCommand("cp", ["--sparse=always", image.disk, this.disk], {});
    const files = {
      "/etc/start-script": startScript,
      "/etc/hostname": `${name}\n`,
      "/etc/systemd/network/20-wire.network": `[Match]\nName=eth1\n[Network]\nAddress=${address}/16\n`,
    };
    const given = join(directory, "given");
    for (const [path, content] of Object.entries(files)) {
      await writeFile(given, content);
      await runCommand("debugfs", ["-w", "-R", `write ${given} ${path}`, this.disk], {});
    }
    await rm(given);
  }

  #arguments(): string[] {
    const { image, wire } = this.surroundings;
    const { vcpus, memoryGib, address, dataDisk } = this.spec;
    const [net, host] = address
      .split(".")
      .slice(2)
      .map((part) => Number(part).toString(16).padStart(2, "0"));
    const drive = (file: string) => ["-drive", `file=${file},format=raw,if=virtio,cache=unsafe`];
    return [
      // KVM would be faster, where there is one that works.
      "-accel",
      "tcg",
      "-smp",
      String(vcpus),
      "-m",
      String(memoryGib * 1024),
      "-nodefaults",
      "-display",
      "none",
      "-no-reboot",
      "-monitor",
      "stdio",
      "-kernel",
      image.kernel,
      "-initrd",
      image.initialRamDisk,
      "-append",
      // What the test waits for may take its time; systemd's own patience, a minute and a half, is that of a machine which is not emulated.
      "root=/dev/vda rw console=ttyS0 net.ifnames=0 no_timer_check quiet systemd.show_status=0 systemd.default_timeout_start_sec=1200 systemd.service_watchdogs=0",
      ...drive(this.disk),
      ...(dataDisk === undefined ? [] : drive(dataDisk)),
      "-netdev",
      `user,id=host,hostfwd=tcp:127.0.0.1:${this.#sshPort}-:22`,
      "-device",
      "virtio-net-pci,netdev=host,romfile=",
      "-netdev",
      `socket,id=wire,mcast=239.255.77.1:${wire},localaddr=127.0.0.1`,
      "-device",
      `virtio-net-pci,netdev=wire,mac=52:54:00:00:${net}:${host},romfile=`,
      "-device",
      "virtio-rng-pci",
      "-chardev",
      `file,id=console,path=${this.#console},append=on`,
      "-serial",
      "chardev:console",
    ];
  }

  async #ended(signal?: AbortSignal): Promise<void> {
    if (this.#process !== undefined) await once(this.#process, "exit", { signal });
  }
}
