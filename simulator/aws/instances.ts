/** From moto's instances to the machines that the simulator runs for them. */
import { gunzipSync } from "node:zlib";
import type { WantedMachine } from "../cloud";
import type { CloudServices, MachineSpec } from "../machines/machine";
import { MachineAddresses } from "./addresses";
import type { BalancerEvent, InstanceEvent } from "./moto-process";

export interface StartScriptContext {
  /** Address of the instance's machine. */
  readonly address: string;
  /** Address of the machine of another instance by its private address in the same VPC; undefined while there is none. */
  addressOf(privateIp: string): string | undefined;
  /** Aborts when the instance shuts down for good. */
  readonly signal: AbortSignal;
  /** Aborts when EC2 is about to take the instance back, for the reason that its metadata service has from then on. */
  readonly notice: AbortSignal;
}

/**
 * Turns an instance's user data into what its machine runs. The place to answer what a real machine asks its metadata service and SSM.
 * The machine boots when there is an answer.
 */
export type StartScript = (
  userData: string,
  instance: InstanceEvent,
  context: StartScriptContext,
) => string | Promise<string>;

export interface InstancesOptions {
  startScript: StartScript;
  /** For machines that have a network of their own: they get their private addresses. */
  services?: ((instance: InstanceEvent) => CloudServices) | undefined;
  /** What leads programs on light machines to this AWS. */
  environment?: () => Readonly<Record<string, string>>;
  addresses?: MachineAddresses;
  /** A machine is wanted by now that was not yet when its instance was told of. */
  changed?: () => void;
  /** No start script could be made. */
  failed?: (instance: InstanceEvent, error: unknown) => void;
}

/** What a public address leads to. */
export interface Forward {
  /** Those that are on. */
  readonly machines: readonly MachineSpec[];
  readonly balanced: boolean;
}

export class Instances {
  private readonly addresses: MachineAddresses;
  private readonly wanted = new Map<string, WantedMachine>();
  private readonly seen = new Map<string, InstanceEvent>();
  private readonly balancers = new Map<string, BalancerEvent>();
  /** Those that have begun to boot, each with what ends its life, and what comes before that. */
  private readonly lives = new Map<string, { end: AbortController; notice: AbortController }>();

  constructor(private readonly options: InstancesOptions) {
    this.addresses = options.addresses ?? new MachineAddresses();
  }

  /** All machines that should exist: those of instances which have run and are not yet shutting down. */
  machines(): ReadonlyMap<string, WantedMachine> {
    return this.wanted;
  }

  /** One that is off keeps its place. */
  places(): number {
    return [...this.seen.values()].filter(({ state }) => state !== "shutting-down").length;
  }

  /** By the machine's id. */
  instance(id: string): InstanceEvent | undefined {
    return this.seen.get(id);
  }

  /** Public addresses and load balancers in use. */
  forwards(): ReadonlyMap<string, Forward> {
    const forwards = new Map<string, Forward>();
    for (const instance of this.seen.values()) {
      const [spec] = this.running(machineId(instance));
      if (instance.publicIp !== null && spec) forwards.set(instance.publicIp, { machines: [spec], balanced: false });
    }
    for (const { region, address, targets } of this.balancers.values()) {
      const machines = targets.flatMap((instanceId) => this.running(machineId({ region, instanceId })));
      if (machines.length > 0) forwards.set(address, { machines, balanced: true });
    }
    return forwards;
  }

  balance(balancer: BalancerEvent): void {
    if (balancer.targets.length > 0) this.balancers.set(balancer.address, balancer);
    else this.balancers.delete(balancer.address);
  }

  private running(id: string): MachineSpec[] {
    const wanted = this.wanted.get(id);
    return wanted && this.seen.get(id)?.state === "running" ? [wanted.spec] : [];
  }

  apply(instance: InstanceEvent): void {
    const id = machineId(instance);
    this.seen.set(id, instance);
    if (instance.state === "shutting-down" || instance.state === "terminated") {
      this.lives.get(id)?.end.abort(new Error("the instance is shutting down"));
      this.lives.delete(id);
      this.wanted.delete(id);
      this.addresses.release(instance.instanceId);
      if (instance.state === "terminated") this.seen.delete(id);
      return;
    }
    if (instance.interruption !== null) this.lives.get(id)?.notice.abort(instance.interruption);
    const known = this.wanted.get(id);
    if (known) this.want(id, instance, known.spec);
    else if (instance.state === "running" && !this.lives.has(id)) this.boot(id, instance);
  }

  close(): void {
    for (const { end } of this.lives.values()) end.abort(new Error("the simulator stops"));
  }

  private boot(id: string, instance: InstanceEvent): void {
    const [end, notice] = [new AbortController(), new AbortController()];
    this.lives.set(id, { end, notice });
    const address = this.addresses.of(instance.instanceId, instance.privateIp ?? "");
    const script = this.options.startScript(decodeUserData(instance.userData), instance, {
      address,
      addressOf: (privateIp) => this.addressOf(instance, privateIp),
      signal: end.signal,
      notice: notice.signal,
    });
    const services = this.options.services?.(instance);
    const privateAddress = instance.privateIp ?? undefined;
    const environment = this.options.environment?.();
    const place = { address, ...(environment && { environment }), ...(services && { services, privateAddress }) };
    if (typeof script === "string") return this.want(id, instance, specOf(instance, place, script));
    script.then(
      (startScript) => {
        if (end.signal.aborted) return;
        // It may have been stopped meanwhile, or have another public address.
        this.want(id, this.seen.get(id) ?? instance, specOf(instance, place, startScript));
        this.options.changed?.();
      },
      (error: unknown) => {
        if (!end.signal.aborted) this.options.failed?.(instance, error);
      },
    );
  }

  private want(id: string, instance: InstanceEvent, spec: MachineSpec): void {
    this.wanted.set(id, {
      uid: instance.instanceId,
      spec,
      powered: instance.state === "running",
      boots: instance.boots,
    });
  }

  private addressOf({ account, vpc }: InstanceEvent, privateIp: string): string | undefined {
    const found = [...this.seen.values()].find(
      (other) => other.account === account && other.vpc === vpc && other.privateIp === privateIp,
    );
    return found && this.addresses.of(found.instanceId, privateIp);
  }
}

type Place = Pick<MachineSpec, "address" | "privateAddress" | "environment" | "services">;

function specOf(instance: InstanceEvent, place: Place, startScript: string): MachineSpec {
  const count = instance.gpus.reduce((sum, gpu) => sum + gpu.count, 0);
  return {
    id: machineId(instance),
    name: instance.instanceId,
    ...place,
    vcpus: instance.vcpus,
    memoryGib: instance.memoryMib / 1024,
    gpus: count > 0 ? { count, model: instance.gpus[0]!.model } : undefined,
    startScript,
  };
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
