/** The kubeconfig that a control plane keeps for its user, made fit for use from elsewhere. Pure. */
import { parse, stringify } from "yaml";

export interface ReachableCluster {
  clusterName: string;
  /** Address at which the control plane is reached. */
  host: string;
}

type Entry = Record<string, unknown> & { name?: unknown };

/** Name of the context of a Mithril cluster, as Mithril's own command line has it. */
export function contextName(clusterName: string): string {
  return `mithril:${clusterName}`;
}

/**
 * The current context of the text alone, named `mithril:<name>`, with the server's host replaced; scheme and port stay.
 * Throws when the text is no kubeconfig, without quoting it.
 */
export function reachableKubeconfig(text: string, { clusterName, host }: ReachableCluster): string {
  const document = parsed(text);
  const current = document["current-context"];
  const context = part(document, "contexts", current, "context");
  const cluster = part(document, "clusters", context["cluster"], "cluster");
  const user = part(document, "users", context["user"], "user");
  const name = contextName(clusterName);
  const { namespace } = context;
  return stringify(
    {
      apiVersion: "v1",
      kind: "Config",
      clusters: [{ name, cluster: { ...cluster, server: withHost(cluster["server"], host) } }],
      users: [{ name, user }],
      contexts: [{ name, context: { cluster: name, user: name, ...(namespace !== undefined && { namespace }) } }],
      "current-context": name,
    },
    { lineWidth: 0 },
  );
}

/** PEM of the authority that the kubeconfig trusts. */
export function authorityOf(kubeconfig: string): string {
  const [entry] = (parse(kubeconfig) as { clusters: { cluster: Record<string, unknown> }[] }).clusters;
  const data = entry?.cluster["certificate-authority-data"];
  return typeof data === "string" ? Buffer.from(data, "base64").toString("utf8") : "";
}

function withHost(server: unknown, host: string): string {
  if (typeof server !== "string" || !URL.canParse(server)) throw unusable("its cluster has no server");
  const url = new URL(server);
  const port = url.port === "" ? "" : `:${url.port}`;
  return `${url.protocol}//${host.includes(":") ? `[${host}]` : host}${port}${url.pathname === "/" ? "" : url.pathname}`;
}

function parsed(text: string): Record<string, unknown> {
  let document: unknown;
  try {
    document = parse(text);
  } catch {
    throw unusable("it is not YAML");
  }
  if (typeof document !== "object" || document === null || Array.isArray(document)) throw unusable("it is empty");
  return document as Record<string, unknown>;
}

function part(document: Record<string, unknown>, list: string, name: unknown, key: string): Record<string, unknown> {
  const entries = document[list];
  const found = Array.isArray(entries) ? (entries as Entry[]).find((entry) => entry?.name === name) : undefined;
  const value = name === undefined ? undefined : found?.[key];
  if (typeof value !== "object" || value === null) throw unusable(`the current context has no entry in ${list}`);
  return value as Record<string, unknown>;
}

function unusable(why: string): Error {
  return new Error(`the control plane's ~/.kube/config cannot be used: ${why}`);
}
