/** What tests ask of the simulated AWS besides AWS's own API. */
import type { AwsTiming } from "./timing";

/** Everything that exists, by kind, over all accounts and regions, without what every account has from its start. */
export type AwsContents = Readonly<Record<AwsObjectKind, readonly AwsObject[]>>;

export type AwsObjectKind =
  | "vpcs"
  | "subnets"
  | "routeTables"
  | "internetGateways"
  | "natGateways"
  | "vpcEndpoints"
  | "securityGroups"
  | "networkInterfaces"
  | "addresses"
  | "instances"
  | "volumes"
  | "launchTemplates"
  | "fleets"
  | "fileSystems"
  | "lustreFileSystems"
  | "mountTargets"
  | "keyPairs"
  | "roles"
  | "instanceProfiles"
  | "policies"
  | "keys"
  | "parameters"
  | "classicLoadBalancers"
  | "loadBalancers"
  | "targetGroups";

export interface AwsObject {
  readonly id: string;
  readonly account: string;
  readonly region: string;
  readonly tags?: Readonly<Record<string, string>>;
  readonly [property: string]: unknown;
}

interface Strikes {
  /** How often it strikes. Default: until it is removed. */
  times?: number;
  /** How many matching calls pass before it strikes. Default 0. */
  skip?: number;
}

/** An API call that is answered with an error. */
export interface AwsCallFault extends Strikes {
  /** For example `CreateFleet`, or `*`. */
  action: string;
  /** AWS's error code, for example `RequestLimitExceeded`. Default `InternalError`. */
  code?: string;
  message?: string;
  /** HTTP status. Default: the one that AWS sends with the code. */
  status?: number;
  /** The call has its effect, and only the answer is lost. */
  afterEffect?: boolean;
}

/** Launches that get no instance. */
export interface AwsCapacityFault extends Strikes {
  /** Which launches, where not given all. */
  capacity: { instanceType?: string; zone?: string; capacityType?: "spot" | "on-demand" };
  /** Default: `InsufficientInstanceCapacity`. */
  code?: string;
  message?: string;
}

/** Launches whose instances terminate at once. */
export interface AwsLaunchFault extends Strikes {
  /** Which launches, where not given all. */
  launch: AwsCapacityFault["capacity"];
  /** Of the instance's `StateReason`, for example `Client.InvalidKMSKey.InvalidState`. */
  code: string;
  message: string;
}

/** An API call as it was answered. Parameters and credentials are not kept. */
export interface AwsRequestRecord {
  readonly at: string;
  readonly service: string;
  readonly region: string;
  readonly action: string;
  readonly status: number;
  readonly code: string | null;
  readonly milliseconds: number;
}

export class AwsSimulatorClient {
  /** `endpoint`: where the simulated AWS listens. */
  constructor(readonly endpoint: string) {}

  state(): Promise<AwsContents> {
    return this.call("GET", "state");
  }

  requests(): Promise<AwsRequestRecord[]> {
    return this.call("GET", "requests");
  }

  /**
   * Where requests differ from AWS's own models of its APIs, for which they are refused, each kind once, for example
   * `DescribeSubnets: Filter[0].Valeu: is no member of Filter`. `clearRequests` forgets them.
   */
  misfits(): Promise<string[]> {
    return this.call("GET", "misfits");
  }

  async clearRequests(): Promise<void> {
    await this.call("DELETE", "requests");
  }

  /** @returns the fault's id */
  async addFault(fault: AwsCallFault | AwsCapacityFault | AwsLaunchFault): Promise<string> {
    return (await this.call<{ id: string }>("POST", "faults", fault)).id;
  }

  /** Faults as they are: how often each has struck. */
  faults(): Promise<(AwsCallFault & { id: string; struck: number })[]> {
    return this.call("GET", "faults");
  }

  async removeFault(id: string): Promise<void> {
    await this.call("DELETE", `faults/${id}`);
  }

  async clearFaults(): Promise<void> {
    await this.call("DELETE", "faults");
  }

  /** vCPU quotas by Service Quotas' code, for example `L-417A185B`; they hold for launches too. */
  async setQuotas(quotas: Readonly<Record<string, number>>): Promise<void> {
    await this.call("PUT", "quotas", quotas);
  }

  /** What differs between accounts: whether instances show tags in metadata, tags demanded of volumes, a key of the customer's for disks. */
  async setAccount(settings: {
    instanceMetadataTags?: boolean;
    /** What a service control policy forbids: EC2's calls by name, and `AssociatePublicIpAddress` of instances. */
    denied?: string[];
    volumeTags?: readonly string[];
    ebsKey?: string | null;
  }): Promise<void> {
    await this.call("PUT", "account", settings);
  }

  /** What AWS says of zones, by name: `available`, `impaired`, `unavailable`, or nothing any more: `withdrawn`. */
  async setZones(states: Readonly<Record<string, string>>): Promise<void> {
    await this.call("PUT", "zones", states);
  }

  /** What its owner does with an image. */
  async changeImage(imageId: string, fate: "deprecated" | "deregistered"): Promise<void> {
    await this.call("PUT", `images/${imageId}`, { fate });
  }

  async setTiming(timing: Partial<AwsTiming>): Promise<void> {
    await this.call("PUT", "timing", timing);
  }

  /** An EC2 key pair that the account has from its start. `publicKey`: one line of OpenSSH's format. */
  async provideKeyPair(keyPair: { name: string; region: string; publicKey: string }): Promise<void> {
    await this.call("PUT", "key-pairs", keyPair);
  }

  /** Empties all accounts, and ends all faults and quotas. */
  async reset(): Promise<void> {
    await this.call("POST", "reset");
  }

  /** What a spot interruption does to a fleet's instance. */
  async interrupt(instanceId: string): Promise<void> {
    await this.call("POST", `instances/${instanceId}/interrupt`);
  }

  /** What EC2 does with an instance that its host cannot run. */
  async failInstance(instanceId: string, message: string): Promise<void> {
    await this.call("POST", `instances/${instanceId}/fail`, { message });
  }

  /** Writes a record into a fleet's history. */
  async addHistory(
    fleetId: string,
    record: { eventType?: string; eventSubType?: string; instanceId?: string; description?: string },
  ): Promise<void> {
    await this.call("POST", `fleets/${fleetId}/history`, record);
  }

  private async call<T>(method: string, path: string, body?: object): Promise<T> {
    const init = { method, ...(body && { body: JSON.stringify(body) }) };
    const response = await fetch(`${this.endpoint}/_simulator/${path}`, init);
    const answer = (await response.json()) as T & { error?: string };
    if (!response.ok) throw new Error(`${method} ${path}: ${answer.error} (HTTP ${response.status})`);
    return answer;
  }
}
