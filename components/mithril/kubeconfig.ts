/**
 * The kubeconfig that a control plane keeps for its user, made fit for use from elsewhere. Whoever has the host can write it, and it goes on to
 * everybody's computer: only data is taken from it, nothing that runs a command, reads a file or trusts anybody. Pure.
 */
import {
  currentEntries,
  InvalidKubeconfig,
  parseKubeconfig,
  type KubeconfigEntries,
} from "../../sdk/kubernetes/kubeconfig";
import { requireTexts } from "../../sdk/function-arguments";
import { yamlText } from "../../sdk/yaml";

export interface ReachableCluster {
  clusterName: string;
  /** Address at which the control plane is reached. */
  host: string;
}

type Fields = KubeconfigEntries["cluster"];

/** Name of the context of a Mithril cluster, as Mithril's own command line has it. */
export function contextName(clusterName: string): string {
  requireTexts("contextName", { clusterName });
  return `mithril:${clusterName}`;
}

/**
 * The current context of the text alone, named `mithril:<name>`, with the server's host replaced; scheme, port and path stay.
 * Throws when the text is no kubeconfig, or has more than data, without quoting its values.
 */
export function reachableKubeconfig(text: string, reached: ReachableCluster): string {
  const { clusterName, host } = reached ?? {};
  requireTexts("reachableKubeconfig", { text, clusterName, host });
  const { context, cluster, user } = entriesOf(text);
  const { server, ...clusterData } = dataOf("cluster", cluster, [
    "server",
    "certificate-authority-data",
    "tls-server-name",
  ]);
  const userData = dataOf("user", user, ["client-certificate-data", "client-key-data", "token"]);
  const { namespace } = dataOf("context", context, ["cluster", "user", "namespace"]);
  const name = contextName(clusterName);
  return yamlText({
    apiVersion: "v1",
    kind: "Config",
    clusters: [{ name, cluster: { server: withHost(server, host), ...clusterData } }],
    users: [{ name, user: userData }],
    contexts: [{ name, context: { cluster: name, user: name, ...(namespace !== undefined && { namespace }) } }],
    "current-context": name,
  });
}

/** PEM of the authority that the kubeconfig trusts. */
export function authorityOf(kubeconfig: string): string {
  return parseKubeconfig(kubeconfig).certificateAuthority ?? "";
}

/** The fields that are data, in that order. What says nothing (`false`, empty) may stand there besides. */
function dataOf<K extends string>(kind: string, fields: Fields, allowed: readonly K[]): Partial<Record<K, string>> {
  const names: readonly string[] = allowed;
  const others = Object.keys(fields).filter((field) => !names.includes(field) && saysSomething(fields[field]));
  if (others.length > 0) {
    const unsafe = others.map((field) => (/^[A-Za-z-]{1,40}$/.test(field) ? `"${field}"` : "a field of its own"));
    throw unusable(
      `its ${kind} has ${[...new Set(unsafe)].join(", ")}; only ${allowed.join(", ")} are taken from a host`,
    );
  }
  const data: Partial<Record<K, string>> = {};
  for (const field of allowed) {
    const value = fields[field];
    if (value === undefined || value === null) continue;
    if (typeof value !== "string") throw unusable(`"${field}" of its ${kind} is no text`);
    data[field] = value;
  }
  return data;
}

function saysSomething(value: unknown): boolean {
  return value !== undefined && value !== null && value !== false && value !== "";
}

function withHost(server: string | undefined, host: string): string {
  if (server === undefined || !URL.canParse(server)) throw unusable("its cluster has no server");
  const url = new URL(server);
  if (!/^https?:$/.test(url.protocol)) throw unusable("its server is no https://host:port");
  const port = url.port === "" ? "" : `:${url.port}`;
  return `${url.protocol}//${host.includes(":") ? `[${host}]` : host}${port}${url.pathname === "/" ? "" : url.pathname}`;
}

function entriesOf(text: string): KubeconfigEntries {
  try {
    return currentEntries(text);
  } catch (error) {
    if (!(error instanceof InvalidKubeconfig)) throw error;
    // Names in it are the host's words.
    throw unusable(error.message.replace(/"[^"]*"/g, "the entry that its current context needs"));
  }
}

function unusable(why: string): Error {
  return new Error(`the control plane's ~/.kube/config cannot be used: ${why}`);
}
