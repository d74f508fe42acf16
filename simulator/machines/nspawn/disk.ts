/** The disk of a machine that really boots: what it changed of the image, and the directories that cannot lie on an overlay. */
import { appendFileSync, existsSync, mkdirSync } from "node:fs";
import { chmod, cp, mkdir, readFile, rename, rm, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { runCommand } from "../../../toolchain/tools/command";
import type { CloudServices, MachineSpec } from "../machine";
import type { MachineImage } from "./image/image";

const gpuDriver = join(__dirname, "gpu-driver");

export class MachineDisk {
  constructor(readonly directory: string) {}

  get consoleFile(): string {
    return join(this.directory, "console.log");
  }

  /** Holds the machine's control groups, one directory a line, while the machine may run. */
  get cgroupsFile(): string {
    return join(this.directory, "cgroups");
  }

  get networkConfiguration(): string {
    return join(this.directory, "upper", "etc", "cni", "net.d");
  }

  /** Ready for a boot: made where it is new. */
  async prepare(spec: MachineSpec, image: MachineImage): Promise<void> {
    const settings = join(this.directory, "upper", "etc", "simulator");
    for (const name of ["root", "work", "kubelet", "etcd"])
      await mkdir(join(this.directory, name), { recursive: true });
    await mkdir(settings, { recursive: true });
    await chmod(join(this.directory, "upper"), 0o755);
    await chmod(join(this.directory, "etcd"), 0o700);
    await this.#fillContainerd(image.containerd);
    if (spec.services) await this.#enableCloudInit(spec.services, image.root);
    else await this.#writeStartScript(join(settings, "start-script"), spec.startScript);
    await writeFile(join(settings, "meminfo"), memory(spec.memoryGib));
    // What an image for GPUs brings.
    if (spec.gpus) await cp(gpuDriver, join(this.directory, "upper", "usr", "bin"), { recursive: true });
  }

  async #writeStartScript(file: string, script: string): Promise<void> {
    if (script === "") return rm(file, { force: true });
    // Written aside first: it may hold a cluster's keys, and must never be readable by others.
    await writeFile(`${file}.new`, script, { mode: 0o700 });
    await rename(`${file}.new`, file);
  }

  async #enableCloudInit({ hosts, certificateAuthority }: CloudServices, imageRoot: string): Promise<void> {
    const etc = join(this.directory, "upper", "etc");
    const authorities = "ssl/certs/ca-certificates.crt";
    for (const folder of ["cloud", "ssl/certs"]) await mkdir(join(etc, folder), { recursive: true });
    await writeFile(join(etc, "cloud", "cloud-init.enabled"), "");
    const usual = await readFile(join(imageRoot, "etc", authorities), "utf8");
    await writeFile(join(etc, authorities), `${usual}${certificateAuthority}`);
    // What the machine itself has written there since stays.
    if (existsSync(join(etc, "hosts"))) return;
    const lines = Object.entries(hosts).map(([name, address]) => `${address} ${name}\n`);
    await writeFile(join(etc, "hosts"), ["127.0.0.1 localhost\n", ...lines].join(""));
  }

  /** Images are linked, not copied: containerd replaces files of images and never changes them. Its databases it does change. */
  async #fillContainerd(seed: string): Promise<void> {
    const target = join(this.directory, "containerd");
    if (existsSync(target)) return;
    const draft = `${target}.draft`;
    await rm(draft, { recursive: true, force: true });
    const copy = `cp -a --link "$1" "$2" 2>/dev/null || { rm -rf "$2" && cp -a "$1" "$2"; }
      find "$2" -name '*.db' -exec cp --remove-destination --preserve=all {} {}.own ';' -exec mv {}.own {} ';'`;
    await runCommand("sh", ["-c", copy, "copy", seed, draft], {});
    await rename(draft, target);
  }

  note(message: string): void {
    mkdirSync(this.directory, { recursive: true, mode: 0o700 });
    appendFileSync(this.consoleFile, `${new Date().toISOString()} ${message}\n`, { mode: 0o600 });
  }

  console(): Promise<string> {
    return readFile(this.consoleFile, "utf8").catch(() => "");
  }

  erase(): Promise<void> {
    return rm(this.directory, { recursive: true, force: true, maxRetries: 5, retryDelay: 100 });
  }
}

/** What the machine believes to have. */
function memory(gib: number): string {
  const kib = Math.round(gib * 1024 * 1024);
  const free = Math.round(kib * 0.95);
  const rows = { MemTotal: kib, MemFree: free, MemAvailable: free, Buffers: 0, Cached: 0, SwapTotal: 0, SwapFree: 0 };
  return Object.entries(rows)
    .map(([name, value]) => `${`${name}:`.padEnd(16)}${String(value).padStart(9)} kB\n`)
    .join("");
}
