/** Servers as Metal3 has them, and the machines that they are. Pure. */
import type { KubernetesObject } from "./api";
import { conditionsOf } from "./object-conditions";

export interface BareMetalHost extends KubernetesObject {
  spec?: {
    consumerRef?: { kind?: string; name?: string; namespace?: string } | null;
    image?: { url?: string } | null;
  };
  status?: {
    provisioning?: { state?: string };
    operationalStatus?: string;
    errorType?: string;
    errorMessage?: string;
  };
}

/** A machine of a cluster, whoever claimed it. */
export interface ClaimedMachine {
  readonly name: string;
  /** `Pending`, `Available` or `Failed`. */
  readonly phase: string;
  readonly type?: string;
  /** What it says of itself that does not hold. */
  readonly faults: readonly string[];
  /** Its server, where one of both names the other. */
  readonly host?: BareMetalHost;
}

/** Whether it names the machine, or what stands for that, as who has it. One without a namespace is in its own. */
export function isConsumedBy(
  { spec }: BareMetalHost,
  { name, namespace }: { name?: string | undefined; namespace?: string | undefined },
): boolean {
  const consumer = spec?.consumerRef;
  return name !== undefined && consumer?.name === name && (consumer.namespace ?? namespace) === namespace;
}

export function isLeaving(host: BareMetalHost): boolean {
  const state = stateOf(host);
  return state === "deprovisioning" || (["provisioning", "provisioned"].includes(state) && !host.spec?.image?.url);
}

export function stateOf({ status }: BareMetalHost): string {
  return status?.provisioning?.state ?? "";
}

export function isInError({ status }: BareMetalHost): boolean {
  return status?.operationalStatus === "error";
}

export function wordsOf(host: BareMetalHost): string {
  const faults = isInError(host) ? hostFaults(host) : [];
  return faults.length > 0 ? faults.join("; ") : stateInWords(host);
}

export function hostFaults(host: BareMetalHost): string[] {
  const { errorType, errorMessage } = host.status ?? {};
  const said = [errorType, errorMessage].filter(Boolean).join(": ");
  return [`${stateInWords(host)}${said && ` (${said})`}`, ...untrue(host).map((fault) => `${nameOf(host)} ${fault}`)];
}

/** Conditions that do not hold and say why. */
export function untrue(object: KubernetesObject): string[] {
  return conditionsOf(object, "status.conditions")
    .filter(({ status, message }) => status !== "True" && message)
    .map(
      ({ type, status, reason, message }) => `${type} is ${status} (${[reason, message].filter(Boolean).join(": ")})`,
    );
}

function stateInWords(host: BareMetalHost): string {
  return `${nameOf(host)} is ${stateOf(host) || "not known to Metal3"}`;
}

function nameOf({ metadata }: BareMetalHost): string {
  return `BareMetalHost ${metadata.namespace}/${metadata.name}`;
}
