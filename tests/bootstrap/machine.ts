/** A machine that cannot boot: a directory for its root, and stand-ins for the commands that would change a system. */
import { execFileSync, spawn } from "node:child_process";
import {
  chmodSync,
  copyFileSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  rmSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";

const recorded = `#!/bin/bash
printf '%s' "\${0##*/}" >>"$CALLS"; printf ' %q' "$@" >>"$CALLS"; echo >>"$CALLS"
[ "$(wc -l <"$CALLS")" != "$CUT_AT" ] || kill -KILL 0
`;

/** What a command answers, and does, beside being recorded. */
const commands: Record<string, string> = {
  "apt-mark": `rm "$BIN/../dpkg-locked" 2>/dev/null && { echo 'dpkg: error: dpkg frontend lock was locked by another process'; exit 100; } || true`,
  // Of a file in the place of a disk: nothing, as cryptsetup.py has it, or the very words.
  blkid: `[ -s "$4" ] || exit 2; case $(head -c1 "$4") in '{') echo TYPE=crypto_LUKS; sed -nE 's/.*"label": "([^"]*)".*/LABEL=\\1/p' "$4";; *) cat "$4";; esac`,
  containerd: `[ "$1" != --version ] || { cat "$BIN/../containerd-version" 2>/dev/null || echo "containerd github.com/containerd/containerd/v2 2.2.1"; exit; }
    [ -e "$BIN/../containerd-config" ] && [ ! -s "$BIN/../containerd-config" ] && echo version = 3 && exit 1; [ -e "$BIN/../containerd-config" ] && cat "$BIN/../containerd-config" && exit; echo 'SystemdCgroup = false'; echo '    sandbox_image = "old/pause:1"'; echo '      conf_template = ""'`,
  // Kubernetes' packages bring their commands.
  "apt-get": `case "$*" in *update) [ ! -e "$BIN/../apt-update-fails" ] || { echo "E: The repository 'https://gone.example' is not signed."; exit 100; };; *install*) [ ! -e "$BIN/../dpkg-interrupted" ] || { echo "E: dpkg was interrupted, you must manually run 'dpkg --configure -a' to correct the problem."; exit 100; };;& *install*kubeadm=*) chmod +x "$BIN"/{kubeadm,kubelet};; *install*python3*) ln -sf python3-full "$BIN/python3";; esac`,
  // As it lists what there is of a package, newest first; nothing where the test says nothing.
  "apt-cache": `cat "$BIN/../apt-cache-says" 2>/dev/null || true`,
  cryptsetup: `exec python3 "$BIN/../cryptsetup.py" "$@"`,
  curl: `while [ $# -gt 1 ]; do [ "$1" = -o ] && { mkdir -p "\${2%/*}"; echo key >"$2"; }; shift; done`,
  hostname: `[ "$1" != -I ] || echo '10.0.0.7 fd00::7 '`,
  iptables: "",
  // Nothing that counts, whatever its size.
  e2fsck: `exit "$(cat "$BIN/../e2fsck-says" 2>/dev/null || echo 0)"`,
  exportfs: "",
  fallocate: `echo "$2" >"$BIN/../disk-bytes"; : >"$3"`,
  getent: "exit 2",
  kubeadm: `case "$1" in version) echo v1.36.3;; config) echo registry.k8s.io/etcd:3.6.8-0; echo registry.k8s.io/pause:3.10.2;;
    reset) ;; *) [ ! -e "$BIN/../kubeadm-fails" ] || grep -qsf "$BIN/../kubeadm-trusts" "$GPU_CLUSTERS_ROOT/var/lib/gpu-clusters/discovery.conf" || { echo 'error execution phase preflight'; cat "$BIN/../kubeadm-fails" >&2; exit 1; }
      cp "$3" "$BIN/../kubeadm-config.yaml"; [ "$1" = init ] || cp "$GPU_CLUSTERS_ROOT/var/lib/gpu-clusters/discovery.conf" "$BIN/../discovery.conf";; esac`,
  kubelet: "echo Kubernetes v1.36.3",
  losetup: "[ $1 = -nO ] && echo /dev/loop7",
  lsblk: `[ "$1" = -nro ] && { echo "$3"; cat "$3.parts" "$BIN/../mapped" 2>/dev/null; exit; }; for each in "$BIN"/../disks/*[a-z]; do echo "$each disk"; done`,
  "mkfs.ext4": "",
  modinfo: "",
  modprobe: "",
  mount: `[ ! -e "$BIN/../mount-fails" ] || { echo "mount.lustre: mount failed: Connection timed out" >&2; exit 1; }`,
  "mount.lustre": "",
  "nvidia-cdi-hook": "",
  // As it does since 1.18: it writes the configuration anew, without comments, and its runtime beside it.
  "nvidia-ctk": `[ "$1" = runtime ] || exit 0; for each; do case $each in --config=*) file=\${each#*=};; esac; done
    sed -i '/^ *#/d' "$file"; mkdir -p "\${file%/*}/conf.d"; echo '# NVIDIA runtime' >"\${file%/*}/conf.d/99-nvidia.toml"`,
  dpkg: `case "$*" in "--configure -a") rm -f "$BIN/../dpkg-interrupted";; esac`,
  "dpkg-query": `case "$2" in */containerd|*/runc) echo "containerd.io: $2";; */kubelet) echo "kubelet: $2";; *) exit 1;; esac`,
  "nvidia-smi": `cat "$BIN/../nvidia-smi-says" 2>/dev/null && exit 9; echo "GPU 0: NVIDIA H100 (UUID: GPU-1)"`,
  resize2fs: "",
  runc: "",
  sleep: "",
  journalctl: "echo 'kubelet: the journal'",
  swapoff: "",
  sync: "",
  sysctl: "",
  systemctl: "",
  "systemd-detect-virt": "exit 1",
};

export interface Run {
  status: number | null;
  output: string;
  /** Commands of this run with their arguments, in order. */
  calls: string[];
}

export interface MachineOptions {
  without?: string[];
  packagesLater?: boolean;
}

let interpreter: string | undefined;

/** Past the wrappers of version managers, which take longer than the script. */
function python(): string {
  return (interpreter ??= execFileSync("python3", ["-c", "import sys; print(sys.executable)"], {
    encoding: "utf8",
  }).trim());
}

export class FakeMachine {
  readonly #folder = mkdtempSync(join(tmpdir(), "gpu-clusters-machine-"));
  readonly root = join(this.#folder, "root");
  readonly #bin = join(this.#folder, "bin");
  readonly #calls = join(this.#folder, "calls");

  /** `without`: commands that the machine does not have. `packagesLater`: kubeadm and kubelet come with their packages. */
  constructor({ without = [], packagesLater = false }: MachineOptions = {}) {
    mkdirSync(this.#bin, { recursive: true });
    mkdirSync(this.root);
    symlinkSync(python(), join(this.#bin, "python3-full"));
    copyFileSync(join(__dirname, "cryptsetup.py"), join(this.#folder, "cryptsetup.py"));
    if (without.includes("python3"))
      writeFileSync(join(this.#bin, "python3"), "#!/bin/sh\nexit 127\n", { mode: 0o755 });
    else symlinkSync("python3-full", join(this.#bin, "python3"));
    for (const [name, body] of Object.entries(commands)) {
      if (without.includes(name)) continue;
      writeFileSync(join(this.#bin, name), `${recorded}${body}\n`);
      chmodSync(join(this.#bin, name), packagesLater && name.startsWith("kube") ? 0o644 : 0o755);
    }
  }

  /** `environment`: with `CUT_AT`, the power goes before that command, the first being number 1, does anything. */
  async run(
    script: string,
    environment: Record<string, string> = {},
    onOutput?: (output: string) => void,
  ): Promise<Run> {
    const file = join(this.#folder, "script.sh");
    writeFileSync(file, script);
    writeFileSync(this.#calls, "");
    const child = spawn("bash", [file], {
      env: {
        PATH: `${this.#bin}:${process.env["PATH"]}`,
        BIN: this.#bin,
        CALLS: this.#calls,
        GPU_CLUSTERS_ROOT: this.root,
        GPU_CLUSTERS_UNIT: "1",
        CUT_AT: "never",
        ...environment,
      },
      stdio: ["ignore", "pipe", "pipe"],
      // A group of its own, of which nothing is left when its power is cut.
      detached: true,
    });
    let output = "";
    for (const stream of [child.stdout, child.stderr]) {
      stream.on("data", (chunk: Buffer) => {
        output += chunk.toString();
        onOutput?.(output);
      });
    }
    const status = await new Promise<number | null>((resolve, reject) =>
      child.once("close", resolve).once("error", reject),
    );
    return { status, output, calls: readFileSync(this.#calls, "utf8").trim().split("\n") };
  }

  write(path: string, text: string): void {
    mkdirSync(dirname(join(this.root, path)), { recursive: true });
    writeFileSync(join(this.root, path), text);
  }

  read(path: string): string {
    return readFileSync(join(this.root, path), "utf8");
  }

  has(path: string): boolean {
    return existsSync(join(this.root, path));
  }

  mode(path: string): string {
    return (statSync(join(this.root, path)).mode & 0o777).toString(8);
  }

  /** What kubeadm was last given. */
  kubeadmConfig(): string {
    return readFileSync(join(this.#folder, "kubeadm-config.yaml"), "utf8");
  }

  discovery(): string {
    return readFileSync(join(this.#folder, "discovery.conf"), "utf8");
  }

  /** `reason`: what kubeadm says. `trusted`: the token with which it does its work all the same. */
  breakKubeadm(reason = "", trusted = "none"): void {
    writeFileSync(join(this.#folder, "kubeadm-fails"), reason);
    writeFileSync(join(this.#folder, "kubeadm-trusts"), trusted);
  }

  /** As a repository does that its image brought and that is gone. */
  breakUpdates(): void {
    writeFileSync(join(this.#folder, "apt-update-fails"), "");
  }

  /** As where the power went while a package was installed. */
  interruptPackages(): void {
    writeFileSync(join(this.#folder, "dpkg-interrupted"), "");
  }

  /** Somebody else installs packages, until it was asked for once. */
  lockPackages(): void {
    writeFileSync(join(this.#folder, "dpkg-locked"), "");
  }

  /** What `containerd config default` prints. */
  configureContainerd(text: string): void {
    writeFileSync(join(this.#folder, "containerd-config"), text);
  }

  /** `containerd config default` prints one line and fails, until it is given another. */
  breakContainerd(): void {
    this.configureContainerd("");
  }

  /** What `containerd --version` prints. */
  hasContainerd(version: string): void {
    writeFileSync(join(this.#folder, "containerd-version"), version);
  }

  /** The package repository has these versions of kubelet and no others. */
  offers(...versions: string[]): void {
    const lines = versions.map((version) => ` kubelet | ${version} | https://pkgs.k8s.io Packages\n`);
    writeFileSync(join(this.#folder, "apt-cache-says"), lines.join(""));
  }

  /** The package repository has AWS's Lustre client for these kernels and no others; `uname -r` says the first argument. */
  hasKernel(kernel: string, ...offered: string[]): void {
    writeFileSync(join(this.#bin, "uname"), `#!/bin/sh\necho ${kernel}\n`, { mode: 0o755 });
    const lines = offered.map((each) => `lustre-client-modules-${each} - Lustre Linux kernel module\n`);
    writeFileSync(join(this.#folder, "apt-cache-says"), lines.join(""));
  }

  breakMounts(): void {
    writeFileSync(join(this.#folder, "mount-fails"), "");
  }

  /** nvidia-smi fails with these words. */
  breakGpus(words: string): void {
    writeFileSync(join(this.#folder, "nvidia-smi-says"), words);
  }

  /** Off and on again: no disk is open. */
  reboot(): void {
    rmSync(join(this.#folder, "mapped"), { force: true });
  }

  /** Attaches a disk. `holds`: what blkid says of it, or its header as cryptsetup.py has it; `parts`: its partitions. */
  attach(name: string, holds: string | object = "", parts: string[] = []): void {
    const disk = join(this.#folder, "disks", name);
    mkdirSync(dirname(disk), { recursive: true });
    writeFileSync(disk, typeof holds === "string" ? holds : JSON.stringify(holds).replace('"label":', '"label": '));
    if (parts.length > 0) writeFileSync(`${disk}.parts`, `${parts.join("\n")}\n`);
  }

  /** What is on an attached disk. */
  attached(name: string): string {
    return readFileSync(join(this.#folder, "disks", name), "utf8");
  }

  /** The power goes in the middle of each `cryptsetup luksFormat`, or no longer. */
  cutFormats(cut: boolean): void {
    const mark = join(this.#folder, "half-format");
    if (cut) writeFileSync(mark, "");
    else rmSync(mark);
  }

  /** The data disk's file system has errors that nobody mends unasked. */
  breakFileSystem(): void {
    writeFileSync(join(this.#folder, "e2fsck-says"), "4");
  }

  /** Keys of the encrypted disk's slots. */
  slots(): Record<string, string> {
    return JSON.parse(this.read("var/lib/gpu-clusters/disk")) as Record<string, string>;
  }

  mendKubeadm(): void {
    rmSync(join(this.#folder, "kubeadm-fails"));
  }

  dispose(): void {
    rmSync(this.#folder, { recursive: true, force: true });
  }
}
