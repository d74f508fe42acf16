/** The contract between a simulated cloud and the machines that it rents out. */
import type { Socket } from "node:net";

export interface MachineSpec {
  /** Unique among all clouds of the simulator: `cudo/<project>/<vm id>`. File-name safe after replacing `/`. */
  readonly id: string;
  /** What the cloud calls the machine; the default host name. */
  readonly name: string;
  /** Address as the cloud model gave it. Light machines listen on it, so it lies in 127.0.0.0/8. */
  readonly address: string;
  /** Address in the cloud's own network, where machines have another one there. Only machines that boot have it. */
  readonly privateAddress?: string;
  readonly vcpus: number;
  readonly memoryGib: number;
  readonly gpus: { readonly count: number; readonly model: string } | undefined;
  /** How long the node of a light machine is there without being ready, where its cloud is told to be slow at that. */
  readonly readyAfterMs?: number;
  /** What the cloud hands to the machine to run, as the user gave it. */
  readonly startScript: string;
  /** What the cloud's own programs on a light machine find in their environment, where they would ask the cloud for it on a real one. */
  readonly environment?: Readonly<Record<string, string>>;
  /** File systems that machines have in common, by the name below `/mnt`. Light machines, which run no script, have none. */
  readonly shares?: readonly FileShare[];
  /** The cloud answers its machines itself: cloud-init asks it what to run, and `startScript` reaches the machine in no other way. */
  readonly services?: CloudServices;
}

/** What machines know of their cloud's services. */
export interface CloudServices {
  /** Addresses of the services by name, as the cloud's name servers would tell. */
  readonly hosts: Readonly<Record<string, string>>;
  /** PEM of the authority of their certificates. */
  readonly certificateAuthority: string;
}

export interface FileShare {
  /** Unique among all clouds, as a machine's. */
  readonly id: string;
  readonly name: string;
}

export type MachineState = "booting" | "running" | "stopped" | "failed";

export interface Machine {
  readonly spec: MachineSpec;
  readonly state: MachineState;
  /** Power on. Resolves when the machine has been started, not when its node is ready: a cloud does not know of nodes. */
  start(): Promise<void>;
  /** Orderly shutdown; the disk stays. */
  stop(): Promise<void>;
  /** Pull the plug; the disk stays. */
  powerCut(): Promise<void>;
  /** Power off and erase the disk. Nothing of the machine is left. */
  terminate(): Promise<void>;
  /** The machine's own console log: what it did and why it failed, newest last. */
  console(): Promise<string>;
}

/** The network of machines that boot: a cloud's own services are in it, and its public addresses. */
export interface MachineNetwork {
  /** Answers machines at an address of the cloud's own, until `close`. `machine` is the id of the one that connects. */
  serve(address: string, port: number, answer: (socket: Socket, machine: string) => void): Promise<{ close(): void }>;
  /** Answers machines, and the pods on them, in the place of what listens on this port of the host's loopback, until `close`. */
  standFor(port: number, answer: (socket: Socket) => void): Promise<{ close(): void }>;
  /** Lets machines reach these and only these public addresses: by each, the private addresses of the machines that answer there. */
  translate(publicAddresses: ReadonlyMap<string, readonly string[]>, ports: readonly number[]): Promise<void>;
}

/**
 * A way to make machines. `light`: processes and kwok. `nspawn`: systemd machines that really boot. `vm`: emulated, with a kernel of their own, for
 * tests of what needs that.
 */
export interface MachineKind {
  readonly name: "light" | "nspawn" | "vm";
  /** Defines a machine (new, or one that a stopped simulator left on disk) without starting it. */
  machine(spec: MachineSpec): Machine;
  /** Removes whatever a crashed simulator left running. Called once, before any machine starts. */
  sweep(): Promise<void>;
  /** Erases all file shares but these, which clouds still have. */
  keepShares?(ids: ReadonlySet<string>): Promise<void>;
  /** Undefined where machines have the host's network. */
  readonly network?: MachineNetwork;
  /** How many machines there may be beside those of other simulators, and what bounds it. Undefined: as many as anybody wants. */
  capacity?(): { readonly most: number; readonly bound: string };
  /** Stops all machines in order; disks stay. */
  close(): Promise<void>;
}
