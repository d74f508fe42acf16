/** Emulated machines for one test, and for those with encrypted disks a real Vault, with README's policies. */
import { mkdtempSync, rmSync, truncateSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { DiskEncryption } from "../../bootstrap/document";
import type { MachineAccess, MachineCredential } from "../../provider/vault/machine-access";
import { prepareAsDocumented } from "../provider/vault/documented-vault";
import { RealVault } from "../provider/vault/real-vault";
import { emulationProblem, ensureVmImage } from "./image";
import { hostAddress, virtualMachines, type VirtualMachines } from "./virtual-machines";

export interface Scene {
  readonly folder: string;
  readonly machines: VirtualMachines;
  close(): Promise<void>;
}

/** Skips the test, and says why, where machines cannot be emulated. */
export async function emulated(test: Mocha.Context): Promise<Scene> {
  const problem = await emulationProblem();
  if (problem !== undefined) {
    console.log(`Not run, because machines cannot be emulated here: ${problem}.`);
    test.skip();
  }
  const image = await ensureVmImage();
  const folder = mkdtempSync(join(tmpdir(), "gpu-clusters-vm-"));
  const machines = await virtualMachines({ dir: join(folder, "machines"), image });
  const close = async () => {
    await machines.close();
    rmSync(folder, { recursive: true, force: true });
  };
  return { folder, machines, close };
}

export interface VaultScene extends Scene {
  readonly vault: RealVault;
  readonly access: MachineAccess;
  /** As a machine's document has it. */
  encryption(credential: MachineCredential): DiskEncryption;
}

export async function emulatedWithVault(test: Mocha.Context): Promise<VaultScene> {
  const scene = await emulated(test);
  let vault: RealVault | undefined;
  const close = async () => {
    await scene.close();
    await vault?.close();
  };
  try {
    vault = await RealVault.start([hostAddress]);
    const { access } = await prepareAsDocumented(vault, "project");
    const place = {
      address: `https://${hostAddress}:${vault.port}`,
      certificateAuthority: vault.certificateAuthority,
      authMount: "gpu-clusters",
      keyMount: "secret",
    };
    return { ...scene, vault, access, encryption: (credential) => ({ ...place, ...credential }), close };
  } catch (error) {
    await close();
    throw error;
  }
}

/** An empty disk for a machine, in the scene's folder. */
export function emptyDisk({ folder }: Scene, mib: number, name = "data"): string {
  const disk = join(folder, name);
  writeFileSync(disk, "");
  truncateSync(disk, mib * 2 ** 20);
  return disk;
}
