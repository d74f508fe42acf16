/** The server's configuration: one JSON file, which the autoscaler's add-on writes. */
import type { ProviderConfig } from "../provider/server/resource";

export interface ConfiguredGroup {
  /** As the provider's configuration names it: `aws`, `cudo`, `mithril`. */
  readonly cloud: string;
  /** Of the node group, in its cluster. */
  readonly name: string;
  /** The unwrapped inputs of the cloud's `NodeGroup` resource. */
  readonly spec: Readonly<Record<string, unknown>>;
  readonly minSize: number;
  readonly maxSize: number;
  /** URN of the `NodeGroup` resource. */
  readonly owner: string;
}

export interface AutoscalerConfig {
  readonly clusterName: string;
  /** Where cluster-autoscaler asks: `unix:///run/…`, or `127.0.0.1:port`. */
  readonly address: string;
  /** Of `/healthz`, `/readyz` and `/metrics`. */
  readonly healthPort: number;
  /** The label whose value is a node's GPU model. */
  readonly gpuLabel: string;
  /** By cloud, as the provider is configured. */
  readonly providers: ProviderConfig;
  /** `HTTPS_PROXY`, `HTTP_PROXY` and `NO_PROXY`, where the clouds are reached through HTTP proxies. */
  readonly proxies?: Readonly<Record<string, string>>;
  readonly groups: readonly ConfiguredGroup[];
}

class InvalidConfiguration extends Error {
  override readonly name = "InvalidConfiguration";
  constructor(readonly problems: readonly string[]) {
    super(`the configuration cannot be used: ${problems.join("; ")}`);
  }
}

/** Throws `InvalidConfiguration` with all that is wrong; quotes no value, because there are secrets among them. */
export function parseConfig(text: string): AutoscalerConfig {
  const given = parsed(text);
  const problems: string[] = [];
  const expect = (holds: boolean, path: string, what: string) => {
    if (!holds) problems.push(`${path} must be ${what}`);
  };
  const config = isRecord(given) ? given : {};
  expect(isRecord(given), "it", "an object");
  for (const field of ["clusterName", "address", "gpuLabel"]) expect(isText(config[field]), field, "a text");
  expect(isCount(config["healthPort"]), "healthPort", "a port's number");
  expect(isRecord(config["providers"]), "providers", "an object");
  expect(Object.values(config["proxies"] ?? {}).every(isText), "proxies", "texts by the variables' names");
  const groups = Array.isArray(config["groups"]) ? (config["groups"] as unknown[]) : [];
  expect(Array.isArray(config["groups"]), "groups", "a list");
  for (const [index, group] of groups.entries()) checkGroup(`groups[${index}]`, isRecord(group) ? group : {}, expect);
  const names = groups.map((group) => (isRecord(group) ? group["name"] : undefined));
  for (const [index, name] of names.entries())
    expect(names.indexOf(name) === index, `groups[${index}].name`, "of no other group");
  if (problems.length > 0) throw new InvalidConfiguration(problems);
  return config as unknown as AutoscalerConfig;
}

function parsed(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    throw new InvalidConfiguration(["it is not JSON"]);
  }
}

function checkGroup(
  path: string,
  group: Record<string, unknown>,
  expect: (holds: boolean, path: string, what: string) => void,
): void {
  for (const field of ["cloud", "name", "owner"]) expect(isText(group[field]), `${path}.${field}`, "a text");
  expect(isRecord(group["spec"]), `${path}.spec`, "an object");
  const { minSize, maxSize } = group;
  for (const field of ["minSize", "maxSize"])
    expect(isCount(group[field]), `${path}.${field}`, "a whole number, 0 or more");
  if (isCount(minSize) && isCount(maxSize)) expect(minSize <= maxSize, `${path}.maxSize`, "at least minSize");
}

function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

function isText(value: unknown): boolean {
  return typeof value === "string" && value !== "";
}

function isCount(value: unknown): value is number {
  return Number.isInteger(value) && (value as number) >= 0;
}
