/** Machines made of processes and kwok: any system, no privileges, thousands of nodes. */
import { mkdirSync } from "node:fs";
import { readdir } from "node:fs/promises";
import { join } from "node:path";
import type { NodeDocument } from "../../../bootstrap/document";
import { nodeDocumentFromScript } from "../../../bootstrap/script";
import { messageOf } from "../../../sdk/message";
import type { ControlPlaneTools } from "../control-plane/components";
import { ControlPlane } from "../control-plane/control-plane";
import type { Machine, MachineKind, MachineSpec } from "../machine";
import { Worker } from "../worker/worker";
import { Disk } from "./disk";
import { endLeftovers } from "./leftovers";
import { LightMachine } from "./light-machine";
import { plainRole, type Role } from "./role";
import { isEncrypted, VaultRole } from "./vault-role";

export interface LightMachinesOptions {
  /** Holds one directory per machine: its disk, its logs, the pid files of its processes. */
  readonly dir: string;
  readonly tools: ControlPlaneTools;
  readonly log?: (message: string) => void;
}

export function lightMachines({ dir, tools, log = () => undefined }: LightMachinesOptions): MachineKind {
  const machines = new Map<string, LightMachine>();
  /** Nodes whose machines are on, by the CA of their cluster. */
  const powered = new Map<string, Set<string>>();
  mkdirSync(dir, { recursive: true, mode: 0o700 });

  /** A script that cannot be read makes no node, and the console says why: the machine itself is on, as a real one would be. */
  function roleOf(spec: MachineSpec, disk: Disk): Role {
    try {
      const document = nodeDocumentFromScript(spec.startScript);
      if (document === undefined) return plainRole;
      const roleOf = (whole: NodeDocument) => nodeRole(spec, disk, whole);
      return isEncrypted(document) ? new VaultRole(document, disk, roleOf) : roleOf(document);
    } catch (error) {
      disk.note(`cloud-init: the start script failed: ${messageOf(error)}`);
      return plainRole;
    }
  }

  function nodeRole(spec: MachineSpec, disk: Disk, document: NodeDocument): Role {
    const cluster = document.certificateAuthority.trim();
    if (document.role === "control-plane") {
      const isPowered = (nodeName: string) => powered.get(cluster)?.has(nodeName) ?? false;
      return registered(new ControlPlane({ spec, disk, tools, isPowered }, document), cluster, document);
    }
    return registered(new Worker(spec, document, disk), cluster, document);
  }

  /** The role, entered among the powered nodes from before its first call until it goes off. */
  function registered(role: Role, cluster: string, { nodeName }: NodeDocument): Role {
    const nodes = powered.get(cluster) ?? new Set();
    powered.set(cluster, nodes);
    const leave = (end: () => Promise<void>) => {
      nodes.delete(nodeName);
      return end();
    };
    return {
      isControlPlane: role.isControlPlane,
      start: () => {
        nodes.add(nodeName);
        return role.start();
      },
      stop: () => leave(() => role.stop()),
      cut: () => leave(() => role.cut()),
      close: () => leave(() => role.close()),
    };
  }

  return {
    name: "light",
    machine(spec: MachineSpec): Machine {
      const known = machines.get(spec.id);
      if (known !== undefined) return known;
      const disk = new Disk(join(dir, spec.id.replaceAll("/", "~")));
      const machine = new LightMachine(
        spec,
        disk,
        () => roleOf(spec, disk),
        () => machines.delete(spec.id),
      );
      machines.set(spec.id, machine);
      return machine;
    },
    async sweep(): Promise<void> {
      for (const name of await readdir(dir)) {
        const ended = await endLeftovers(new Disk(join(dir, name)).run);
        if (ended.length > 0) log(`ended processes that an earlier simulator left for ${name}: ${ended.join(", ")}`);
      }
    },
    async close(): Promise<void> {
      const last = [...machines.values()].filter(({ isControlPlane }) => isControlPlane);
      const first = [...machines.values()].filter((machine) => !last.includes(machine));
      await Promise.all(first.map((machine) => machine.close()));
      await Promise.all(last.map((machine) => machine.close()));
    },
  };
}
