/** The flags that the add-on gives, and the defaults that stand for those it does not (reference: cluster-autoscaler 1.36, flags). */
const milliseconds: Readonly<Record<string, number>> = { ms: 1, s: 1_000, m: 60_000, h: 3_600_000 };
const defaults = {
  "cloud-config": "",
  namespace: "kube-system",
  address: ":8085",
  "enforce-node-group-min-size": "false",
  "force-delete-unregistered-nodes": "false",
  "scan-interval": "10s",
  "scale-down-unneeded-time": "10m",
  "scale-down-delay-after-add": "10m",
  "scale-down-utilization-threshold": "0.5",
  "max-scale-down-parallelism": "10",
  "max-node-provision-time": "15m",
  "initial-node-group-backoff-duration": "5m",
  "skip-nodes-with-system-pods": "true",
  "startup-taint": "",
  // These change nothing of what is played here.
  "cloud-provider": "",
  expander: "",
  "node-deletion-batcher-interval": "0s",
  v: "0",
};

/** Times in milliseconds. */
export interface Flags {
  readonly cloudConfig: string;
  readonly namespace: string;
  readonly address: string;
  readonly enforceMinSize: boolean;
  /** Whether machines that have not become nodes go below a group's minimum too. */
  readonly forceDeleteUnregistered: boolean;
  readonly scanMs: number;
  readonly unneededMs: number;
  readonly delayAfterAddMs: number;
  readonly utilizationThreshold: number;
  /** Nodes without pods that go at the same time. */
  readonly mostEmptyAtOnce: number;
  readonly provisionMs: number;
  readonly backoffMs: number;
  /** Whether a node stays that has pods of kube-system. */
  readonly keepsSystemPods: boolean;
  /** Keys: a node that has one is still to come. */
  readonly startupTaints: readonly string[];
}

/** Throws for a flag that nobody knows, and for a duration that is none. */
export function parseFlags(args: readonly string[]): Flags {
  const given: Record<string, string> = { ...defaults };
  const startupTaints: string[] = [];
  for (const argument of args) {
    const [, name = "", value = "true"] = /^--?([^=]+)(?:=(.*))?$/.exec(argument) ?? [];
    if (!(name in defaults)) throw new Error(`unknown flag: ${argument}`);
    given[name] = value;
    if (name === "startup-taint") startupTaints.push(value);
  }
  const duration = (name: keyof typeof defaults) => parseDuration(name, given[name]!);
  return {
    cloudConfig: given["cloud-config"]!,
    namespace: given["namespace"]!,
    address: given["address"]!,
    enforceMinSize: given["enforce-node-group-min-size"] === "true",
    forceDeleteUnregistered: given["force-delete-unregistered-nodes"] === "true",
    scanMs: duration("scan-interval"),
    unneededMs: duration("scale-down-unneeded-time"),
    delayAfterAddMs: duration("scale-down-delay-after-add"),
    utilizationThreshold: Number(given["scale-down-utilization-threshold"]),
    mostEmptyAtOnce: Number(given["max-scale-down-parallelism"]),
    provisionMs: duration("max-node-provision-time"),
    backoffMs: duration("initial-node-group-backoff-duration"),
    keepsSystemPods: given["skip-nodes-with-system-pods"] === "true",
    startupTaints,
  };
}

/** Go's: `1h30m`. */
function parseDuration(flag: string, text: string): number {
  const parts = [...text.matchAll(/(\d+(?:\.\d+)?)(ms|h|m|s)/g)];
  if (parts.length === 0 || parts.map(([part]) => part).join("") !== text)
    throw new Error(`invalid argument "${text}" for --${flag}: not a duration`);
  return parts.reduce((sum, [, number, unit]) => sum + Number(number) * milliseconds[unit!]!, 0);
}
