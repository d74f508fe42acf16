/** Start scripts on disk, one file each: they never change, and are most of what a cloud remembers. */
import { mkdir, readdir, readFile, rm } from "node:fs/promises";
import { join } from "node:path";
import type { StoredVm } from "./model";
import { writeAtomically } from "../atomic-file";

export class StartScripts {
  private readonly directory: string;
  /** Uids of the VMs whose script is on disk. */
  private readonly written = new Set<string>();

  constructor(stateDirectory: string) {
    this.directory = join(stateDirectory, "start-scripts");
  }

  /** Gives the VMs their scripts. */
  async load(vms: readonly StoredVm[]): Promise<void> {
    await mkdir(this.directory, { recursive: true, mode: 0o700 });
    for (const uid of await readdir(this.directory)) this.written.add(uid);
    for (const vm of vms)
      if (this.written.has(vm.uid)) vm.startScript = await readFile(join(this.directory, vm.uid), "utf8");
  }

  /** Writes those that are new. To be called before a state that names their VMs is written. */
  async add(vms: readonly StoredVm[]): Promise<void> {
    const fresh = vms.filter((vm) => vm.startScript !== "" && !this.written.has(vm.uid));
    await Promise.all(fresh.map((vm) => writeAtomically(join(this.directory, vm.uid), vm.startScript)));
    for (const vm of fresh) this.written.add(vm.uid);
  }

  /** Removes those of VMs that are gone. To be called after a state without them was written. */
  async prune(vms: readonly StoredVm[]): Promise<void> {
    const kept = new Set(vms.map((vm) => vm.uid));
    for (const uid of [...this.written].filter((uid) => !kept.has(uid))) {
      await rm(join(this.directory, uid), { force: true });
      this.written.delete(uid);
    }
  }
}
