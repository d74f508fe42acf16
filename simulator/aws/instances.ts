/** From moto's instances to the machines that the simulator runs for them. */
import { gunzipSync } from "node:zlib";
import type { WantedMachine } from "../cloud";
import { MachineAddresses } from "./addresses";
import type { InstanceEvent } from "./moto-process";

/** Turns an instance's user data into what its machine runs. The place to answer what a real machine asks its metadata service. */
export type StartScript = (userData: string, instance: InstanceEvent) => string;

export class Instances {
  private readonly addresses = new MachineAddresses();
  private readonly wanted = new Map<string, WantedMachine>();
  private readonly seen = new Map<string, InstanceEvent>();

  constructor(private readonly startScript: StartScript) {}

  /** All machines that should exist: those of instances which have run and are not yet shutting down. */
  machines(): ReadonlyMap<string, WantedMachine> {
    return this.wanted;
  }

  /** Public addresses in use, each with the address of its machine. */
  forwards(): ReadonlyMap<string, string> {
    const running = [...this.seen.values()].filter(
      (instance) => instance.state === "running" && instance.publicIp !== null,
    );
    return new Map(running.map((instance) => [instance.publicIp!, this.wanted.get(machineId(instance))!.spec.address]));
  }

  apply(instance: InstanceEvent): void {
    const id = machineId(instance);
    this.seen.set(id, instance);
    if (instance.state === "shutting-down" || instance.state === "terminated") {
      this.wanted.delete(id);
      this.addresses.release(instance.instanceId);
      if (instance.state === "terminated") this.seen.delete(id);
      return;
    }
    const powered = instance.state === "running";
    const known = this.wanted.get(id);
    if (!known && !powered) return;
    this.wanted.set(id, {
      uid: instance.instanceId,
      spec: known?.spec ?? this.specOf(id, instance),
      powered,
      boots: instance.boots,
    });
  }

  private specOf(id: string, instance: InstanceEvent): WantedMachine["spec"] {
    const count = instance.gpus.reduce((sum, gpu) => sum + gpu.count, 0);
    return {
      id,
      name: instance.instanceId,
      address: this.addresses.of(instance.instanceId, instance.privateIp ?? ""),
      vcpus: instance.vcpus,
      memoryGib: instance.memoryMib / 1024,
      gpus: count > 0 ? { count, model: instance.gpus[0]!.model } : undefined,
      startScript: this.startScript(decodeUserData(instance.userData), instance),
    };
  }
}

export function machineId(instance: Pick<InstanceEvent, "region" | "instanceId">): string {
  return `aws/${instance.region}/${instance.instanceId}`;
}

/** User data is base64, and may be compressed inside: cloud-init unpacks gzip. */
export function decodeUserData(userData: string | null): string {
  if (userData === null) return "";
  const bytes = Buffer.from(userData, "base64");
  const compressed = bytes[0] === 0x1f && bytes[1] === 0x8b;
  return (compressed ? gunzipSync(bytes) : bytes).toString("utf8");
}
