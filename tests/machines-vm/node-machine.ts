/** An emulated machine that one logs in to. It reaches this computer's loopback, and nothing comes in but SSH. */
import { spawn, type ChildProcess } from "node:child_process";
import { once } from "node:events";
import { readFile, rm, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { runOverSsh, type SshResult } from "../../provider/cloud/ssh";
import { runCommand } from "../../toolchain/tools/command";
import { freePort } from "../free-port";
import type { NodeImage } from "./node-image";

/** This computer's loopback, as the machine sees it. */
export const hostAddress = "10.0.2.2";

const network = "user,id=net";

export class NodeMachine {
  #process: ChildProcess | undefined;
  #port = 0;
  readonly disk: string;
  readonly #console: string;

  constructor(
    private readonly directory: string,
    private readonly image: NodeImage,
    private readonly sshPrivateKey: string,
  ) {
    this.disk = join(directory, "disk");
    this.#console = join(directory, "console");
  }

  /** Gives it a disk with this start script, which runs on each boot. */
  async make(startScript: string): Promise<void> {
    await runCommand("cp", ["--sparse=always", this.image.disk, this.disk], {});
    const script = join(this.directory, "start-script");
    await writeFile(script, startScript);
    await runCommand("debugfs", ["-w", "-R", `write ${script} /etc/start-script`, this.disk], {});
    await rm(script);
  }

  async start(): Promise<void> {
    this.#port = await freePort();
    const arguments_ = [
      ...["-accel", "tcg", "-smp", "2", "-m", "1024", "-nodefaults", "-display", "none"],
      ...["-kernel", this.image.kernel, "-initrd", this.image.initialRamDisk],
      ...["-append", "root=/dev/vda rw console=ttyS0 quiet systemd.show_status=0"],
      ...["-drive", `file=${this.disk},if=virtio,format=raw`],
      ...[
        "-netdev",
        `${network},hostfwd=tcp:127.0.0.1:${this.#port}-:22`,
        "-device",
        "virtio-net-pci,netdev=net,romfile=",
      ],
      ...[
        "-device",
        "virtio-rng-pci",
        "-chardev",
        `file,id=console,path=${this.#console},append=on`,
        "-serial",
        "chardev:console",
      ],
    ];
    this.#process = spawn("qemu-system-x86_64", arguments_, { stdio: ["ignore", "ignore", "inherit"] });
  }

  /** What its kernel, its units and the start script have said since it was made. */
  console(): Promise<string> {
    return readFile(this.#console, "utf8").catch(() => "");
  }

  /** Runs a command as root; undefined where the machine does not answer. */
  async run(command: string): Promise<SshResult | undefined> {
    const target = { host: "127.0.0.1", port: this.#port, user: "root", privateKey: this.sshPrivateKey };
    return runOverSsh(target, command, { signal: AbortSignal.timeout(60_000) }).catch(() => undefined);
  }

  /** An orderly shutdown, to its end. */
  async powerOff(): Promise<void> {
    const ended = this.#ended();
    await this.run("systemctl poweroff");
    await ended;
  }

  /** Pulls the plug. */
  async close(): Promise<void> {
    this.#process?.kill("SIGKILL");
    await this.#ended();
  }

  async #ended(): Promise<void> {
    const process_ = this.#process;
    if (process_ !== undefined && process_.exitCode === null && process_.signalCode === null)
      await once(process_, "exit");
  }
}
