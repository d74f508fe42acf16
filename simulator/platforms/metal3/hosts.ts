/** Plays Metal3's operator: hosts are registered, inspected, written, cleaned and let go. No server is asked. */
import type { KubernetesObject } from "../../../provider/kubernetes/api";
import type { PlayedObjects } from "../played-objects";
import { infrastructure } from "./kinds";

export const metal3 = "metal3.io/v1alpha1";

export interface Host extends KubernetesObject {
  spec: {
    bmc: { address: string; credentialsName: string };
    image?: { url: string } | null;
    consumerRef?: { kind: string; name: string; namespace?: string } | null;
  };
  status?: { provisioning?: { state?: string }; operationalStatus?: string; errorMessage?: string };
}

/** What can be wrong with hosts. */
export interface HostTroubles {
  /** Hosts whose BMC does not answer, by name. */
  dead?: readonly string[];
  /** Hosts that fail while they are written, by name. */
  broken?: readonly string[];
}

/** What servers are written with, and which of them. */
export interface MachineTemplate {
  image: object;
  hostSelector?: { matchLabels?: Record<string, string> };
}

const finalizer = "baremetalhost.metal3.io";
/** On a BMC's credentials, as long as there is the host. */
const credentialsFinalizer = `${finalizer}/secret`;

/** What a host becomes by itself. */
const next: Readonly<Record<string, string>> = {
  "": "registering",
  registering: "inspecting",
  inspecting: "preparing",
  preparing: "available",
  provisioning: "provisioned",
  deprovisioning: "available",
};

export class Hosts {
  constructor(private readonly objects: PlayedObjects) {}

  /** One step of each. */
  async round(troubles: HostTroubles): Promise<void> {
    for (const host of await this.all()) await this.#drive(host, troubles).catch(() => undefined);
  }

  all(namespace?: string): Promise<Host[]> {
    return this.objects.list({
      apiVersion: metal3,
      kind: "BareMetalHost",
      ...(namespace !== undefined && { namespace }),
    });
  }

  /** For a Metal3Machine. Undefined while none is free that has all of the labels. */
  async take(
    { name, namespace }: { name: string; namespace: string },
    { image, hostSelector }: MachineTemplate,
  ): Promise<Host | undefined> {
    const hosts = await this.all(namespace);
    const own = hostOf(name, hosts);
    if (own !== undefined) return own;
    const free = freeHost(hosts, hostSelector?.matchLabels ?? {});
    const consumerRef = { apiVersion: infrastructure, kind: "Metal3Machine", name, namespace };
    if (free !== undefined) await this.objects.change(free, { online: true, image, consumerRef });
    return free;
  }

  /** As Metal3's provider does it: once it is true, the Metal3Machine has none, and its host is available again. */
  async giveBack({ name, namespace }: { name: string; namespace: string }): Promise<boolean> {
    const host = hostOf(name, await this.all(namespace));
    if (host === undefined) return true;
    const isFree = !host.spec.image && host.status?.provisioning?.state === "available";
    if (host.spec.image) await this.objects.change(host, { image: null, online: false });
    if (isFree) await this.objects.change(host, { consumerRef: null });
    return isFree;
  }

  async #drive(host: Host, troubles: HostTroubles): Promise<void> {
    const { name = "", namespace = "", deletionTimestamp } = host.metadata;
    const state = host.status?.provisioning?.state ?? "";
    const credentials = await this.#credentialsOf(host);
    const failure = this.#failure(host, credentials, troubles);
    if (failure !== undefined)
      return this.objects.say(host, { ...failure, operationalStatus: "error", provisioning: { state } });
    const to = (word: string) =>
      this.objects.say(host, {
        provisioning: { state: word },
        operationalStatus: "OK",
        errorType: "",
        errorMessage: "",
      });
    if (deletionTimestamp !== undefined) {
      if (state === "provisioned" || state === "provisioning") return to("deprovisioning");
      if (state === "deprovisioning" || state === "available") return to("powering off before delete");
      if (credentials !== undefined) await this.objects.release(credentials, credentialsFinalizer);
      return this.objects.release(host, finalizer);
    }
    await this.objects.hold(host, finalizer);
    if (credentials !== undefined) {
      await this.objects.own(credentials, host);
      await this.objects.hold(credentials, credentialsFinalizer);
    }
    if (state === "available" && host.spec.image) return to("provisioning");
    if ((state === "provisioned" || state === "provisioning") && !host.spec.image) return to("deprovisioning");
    if (state === "provisioning" && troubles.broken?.includes(name))
      return this.objects.say(host, {
        provisioning: { state },
        operationalStatus: "error",
        errorType: "provisioning error",
        errorMessage: `Image provisioning failed: ${namespace}/${name} did not boot`,
      });
    if (next[state] !== undefined) await to(next[state]);
  }

  async #credentialsOf({ spec, metadata: { namespace = "" } }: Host): Promise<KubernetesObject | undefined> {
    const { api, signal } = this.objects;
    return api.read({ apiVersion: "v1", kind: "Secret", namespace, name: spec.bmc.credentialsName }, signal);
  }

  #failure(
    { spec, metadata }: Host,
    credentials: KubernetesObject | undefined,
    { dead }: HostTroubles,
  ): object | undefined {
    const { name = "", namespace = "" } = metadata;
    const errorType = "registration error";
    if (dead?.includes(name))
      return { errorType, errorMessage: `Failed to get power state: ${spec.bmc.address} does not answer` };
    const data = credentials?.["data"] as Record<string, string> | undefined;
    return data?.["username"] && data["password"]
      ? undefined
      : { errorType, errorMessage: `BMC credentials in ${namespace}/${spec.bmc.credentialsName} are incomplete` };
  }
}

/** One that nobody has, and that has all of the labels. */
export function freeHost(hosts: readonly Host[], labels: Readonly<Record<string, string>>): Host | undefined {
  return hosts.find(
    ({ spec, status, metadata }) =>
      status?.provisioning?.state === "available" &&
      (spec.consumerRef ?? undefined) === undefined &&
      metadata.deletionTimestamp === undefined &&
      Object.entries(labels).every(([key, value]) => metadata.labels?.[key] === value),
  );
}

function hostOf(machine: string, hosts: readonly Host[]): Host | undefined {
  return hosts.find(({ spec }) => spec.consumerRef?.kind === "Metal3Machine" && spec.consumerRef.name === machine);
}
