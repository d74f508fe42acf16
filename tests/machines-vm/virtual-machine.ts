import { spawn, type ChildProcess } from "node:child_process";
import { once } from "node:events";
import { mkdir, readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { runCommand } from "../../toolchain/tools/command";
import type { VmImage } from "./image";

export interface VmOptions {
  image: VmImage;
  /** Of its own, for its disk and what it says. */
  folder: string;
  /** With the length of its network's prefix. */
  address: string;
  /** Runs on each boot. */
  script: string;
  /** A disk besides its own, raw. */
  dataDisk?: string;
  /** Port of loopback's multicast group that is the machines' wire. */
  wire: number;
}

/** An emulated machine. Its own disk outlives a power cut, as a cloud's does. */
export class VirtualMachine {
  private process: ChildProcess | undefined;
  private boots = 0;

  private constructor(private readonly options: VmOptions) {}

  static async make(options: VmOptions): Promise<VirtualMachine> {
    await mkdir(options.folder, { recursive: true });
    await runCommand("cp", ["--sparse=always", options.image.disk, join(options.folder, "disk")], {});
    await writeFile(join(options.folder, "script"), options.script);
    await writeFile(join(options.folder, "address"), options.address);
    return new VirtualMachine(options);
  }

  boot(): void {
    const { image, folder, dataDisk, wire, address } = this.options;
    const [net, host] = address
      .split("/")[0]!
      .split(".")
      .slice(2)
      .map((part) => Number(part).toString(16).padStart(2, "0"));
    const drive = (file: string) => ["-drive", `file=${file},format=raw,if=virtio,cache=unsafe`];
    const given = (name: string) => ["-fw_cfg", `name=opt/${name},file=${join(folder, name)}`];
    this.boots += 1;
    // KVM would be faster, where there is one that works.
    const args = [
      ...["-accel", "tcg", "-m", "512", "-nodefaults", "-display", "none", "-no-reboot"],
      ...["-kernel", image.kernel, "-initrd", image.initrd],
      ...["-append", "root=/dev/vda rw console=ttyS0 net.ifnames=0 no_timer_check systemd.show_status=0"],
      ...drive(join(folder, "disk")),
      ...(dataDisk === undefined ? [] : drive(dataDisk)),
      ...["-netdev", `socket,id=wire,mcast=239.255.77.1:${wire},localaddr=127.0.0.1`],
      ...["-device", `virtio-net-pci,netdev=wire,mac=52:54:00:00:${net}:${host},romfile=`],
      ...["-device", "virtio-rng-pci"],
      ...given("script"),
      ...given("address"),
      ...["-serial", `file:${join(folder, "console")}`, "-serial", `file:${this.output}`],
    ];
    this.process = spawn("qemu-system-x86_64", args, { stdio: ["ignore", "ignore", "inherit"] });
  }

  /** What its script has said since it booted. */
  async said(): Promise<string> {
    return readFile(this.output, "utf8").catch(() => "");
  }

  async until(words: RegExp, deadlineMs: number): Promise<string> {
    const end = Date.now() + deadlineMs;
    for (;;) {
      const said = await this.said();
      if (words.test(said)) return said;
      if (Date.now() > end || this.process?.exitCode !== null) {
        const console = await readFile(join(this.options.folder, "console"), "utf8").catch(() => "");
        throw new Error(`never said ${words}, but:\n${said}\nand on its console:\n${console.slice(-2000)}`);
      }
      await sleep(500);
    }
  }

  /** The power is cut: nothing is said to it. */
  async off(): Promise<void> {
    const { process } = this;
    this.process = undefined;
    if (process === undefined || process.exitCode !== null) return;
    const gone = once(process, "exit");
    process.kill("SIGKILL");
    await gone;
  }

  private get output(): string {
    return join(this.options.folder, `output-${this.boots}`);
  }
}
