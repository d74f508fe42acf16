/** Puts one cluster into a kubeconfig that may hold others. Pure. */
import { isMap, isSeq, parseDocument, type Document } from "yaml";
import { currentEntries, InvalidKubeconfig } from "../sdk/kubernetes/kubeconfig";
import { shellWord } from "../sdk/shell-word";
import { customTags, yamlText } from "../sdk/yaml";
import { CommandFailure } from "./command-failure";
import { lists, withEntries, type List, type NamedEntry } from "./kubeconfig-text";

export interface Merged {
  text: string;
  /** The context, which is the current one now unless that was to stay. */
  context: string;
  /** The context that was current before; undefined where there was none. */
  previousContext: string | undefined;
}

export interface MergeOptions {
  /** For messages. */
  localPath: string;
  /** Name of the context. Default: that of the cluster's kubeconfig. */
  context?: string;
  keepCurrentContext?: boolean;
  /** The other files of KUBECONFIG, which kubectl reads together with the local one. */
  others?: readonly { path: string; text: string }[];
}

type Fields = Record<string, unknown>;

interface Kubeconfig extends Record<List, NamedEntry[]> {
  "current-context"?: unknown;
}

/**
 * The local kubeconfig with the current context of `incoming` under one name for its context, cluster and user. Entries of that name are
 * brought up to date where they are the same cluster's, and refused where they are another's; everything else stays as it stands there.
 * Throws `CommandFailure`; quotes nothing of either text.
 */
export function mergeKubeconfig(local: string | undefined, incoming: string, options: MergeOptions): Merged {
  const { localPath, keepCurrentContext = false, others = [] } = options;
  const ours = currentOf(incoming, options.context);
  const { text, document } = localDocument(local, localPath);
  const before = valuesOf(document);
  requireFree(before, ours, localPath);
  for (const { path, text: other } of others) {
    const values = readableValues(other);
    if (values) requireFree(values, ours, path);
  }
  const previous = before["current-context"];
  const previousContext = typeof previous === "string" && previous !== "" ? previous : undefined;
  const wanted = {
    entries: withUsersOwn(ours, before),
    currentContext: keepCurrentContext ? undefined : ours.name,
  };
  return { text: withEntries(text, document, wanted), context: ours.name, previousContext };
}

interface Incoming {
  name: string;
  cluster: Fields;
  user: Fields;
  context: Fields;
}

function currentOf(text: string, given: string | undefined): Incoming {
  try {
    const { contextName, cluster, user, context } = currentEntries(text);
    if (Object.keys(cluster).length > 0 && Object.keys(user).length > 0) {
      return { name: given ?? printable(contextName), cluster, user, context };
    }
  } catch (error) {
    if (!(error instanceof InvalidKubeconfig)) throw error;
  }
  throw new CommandFailure(
    "the cluster's kubeconfig has no current context with a cluster and a user",
    "Was the stack's last `pulumi up` successful? `pulumi stack output kubeconfig --show-secrets` shows it.",
  );
}

/** Names are written to terminals, ours and kubectl's, which obey what is in them. */
function printable(name: string): string {
  if (!/[\p{Cc}\p{Cf}\p{Zl}\p{Zp}]/u.test(name)) return name;
  throw new CommandFailure(
    "the name of the cluster's context has line breaks, or other characters that nobody sees",
    "Choose another: --context <name>",
  );
}

/** What the user put into entries of ours stays: a proxy, a namespace. */
function withUsersOwn({ name, cluster, user, context }: Incoming, before: Kubeconfig): Record<List, NamedEntry> {
  const existing = (list: List, field: string) => (find(before, list, name)?.[field] ?? {}) as Fields;
  const trust = /^(server|tls-server-name|insecure-skip-tls-verify|certificate-authority(-data)?)$/;
  const added = Object.entries(existing("clusters", "cluster")).filter(([field]) => !trust.test(field));
  const settings = { ...context, ...existing("contexts", "context") };
  return {
    clusters: { ...find(before, "clusters", name), name, cluster: { ...cluster, ...Object.fromEntries(added) } },
    users: { ...find(before, "users", name), name, user },
    contexts: { ...find(before, "contexts", name), name, context: { ...settings, cluster: name, user: name } },
  };
}

const empty = yamlText({ apiVersion: "v1", kind: "Config", clusters: [], contexts: [], users: [] });

function localDocument(local: string | undefined, path: string): { text: string; document: Document } {
  const text = local === undefined || local.trim() === "" ? empty : local;
  const document: Document = parseDocument(text, { version: "1.2", keepSourceTokens: true, customTags });
  if (document.errors.length > 0) {
    const [error] = document.errors;
    throw unparsable(path, `it is not YAML (${error!.code}, line ${error!.linePos?.[0].line ?? "?"})`);
  }
  if (document.contents === null) return localDocument(`${text.replace(/\n?$/, "\n")}${empty}`, path);
  if (!isMap(document.contents)) throw unparsable(path, "it is not a mapping");
  const kind = document.get("kind");
  if (kind !== undefined && kind !== "Config") throw unparsable(path, "its kind is not Config");
  for (const list of lists) requireEntries(document, list, path);
  return { text, document };
}

function requireEntries(document: Document, list: List, path: string): void {
  const value: unknown = document.get(list);
  if (value === undefined || value === null) return;
  if (!isSeq(value)) throw unparsable(path, `its ${list} are not a list`);
  const seen = new Set<unknown>();
  for (const item of value.items) {
    const name: unknown = isMap(item) ? item.get("name") : undefined;
    if (typeof name !== "string") throw unparsable(path, `an entry of its ${list} has no name, which would be a text`);
    if (seen.has(name))
      throw unparsable(path, `two entries of its ${list} have the same name, which kubectl does not read`);
    seen.add(name);
  }
}

function unparsable(path: string, why: string): CommandFailure {
  return new CommandFailure(
    `Failed to parse local kubeconfig ${path}: ${why}. It was not touched.`,
    `Mend it, or move it away and run this again, which makes a new one: mv ${shellWord(path)} ${shellWord(`${path}.broken`)}`,
  );
}

function valuesOf(document: Document): Kubeconfig {
  const values = document.toJS({ maxAliasCount: -1 }) as Fields;
  const named = (list: List) => (values[list] ?? []) as NamedEntry[];
  return { ...values, clusters: named("clusters"), users: named("users"), contexts: named("contexts") };
}

/** Another file may be of any kind: kubectl says what is wrong with it. */
function readableValues(text: string): Kubeconfig | undefined {
  try {
    return valuesOf(localDocument(text, "").document);
  } catch (error) {
    if (error instanceof CommandFailure) return undefined;
    throw error;
  }
}

function find(values: Kubeconfig, list: List, name: unknown): NamedEntry | undefined {
  return values[list].find((entry) => entry.name === name);
}

/** A name that stands for another cluster is never made to lead to ours: neither in the file nor, as kubectl reads several, in front of another. */
function requireFree(values: Kubeconfig, ours: Incoming, path: string): void {
  const { name } = ours;
  const leadsElsewhere = (clusterName: unknown) => {
    const cluster = find(values, "clusters", clusterName)?.["cluster"] as Fields | undefined;
    return cluster !== undefined && !isSameCluster(cluster, ours.cluster);
  };
  const partsOf = (entry: NamedEntry) => (entry["context"] ?? {}) as Fields;
  const isKnown = find(values, "clusters", name) !== undefined;
  const users = values.contexts.filter((entry) => {
    const { cluster, user } = partsOf(entry);
    if (entry.name === name || (cluster !== name && user !== name)) return false;
    return leadsElsewhere(cluster) || !isKnown || cluster !== name;
  });
  if (users.length > 0) {
    const names = users.map((entry) => `"${entry.name}"`).join(", ");
    throw new CommandFailure(
      `${path} has entries named "${name}" that the context ${names} uses. It was not touched.`,
      "Choose another name: --context <name>",
    );
  }
  const context = find(values, "contexts", name);
  const word = shellWord(name);
  if (leadsElsewhere(name) || (context && leadsElsewhere(partsOf(context)["cluster"]))) {
    throw new CommandFailure(
      `${path} has "${name}" already, which leads to another server, or trusts another authority. It was not touched.`,
      `To keep both, choose another name: --context <name>. If the cluster was made anew, take the old one out first: ` +
        `kubectl config delete-context ${word}; kubectl config delete-cluster ${word}; kubectl config delete-user ${word}`,
    );
  }
}

function isSameCluster(theirs: Fields, ours: Fields): boolean {
  const authority = ({ "certificate-authority-data": data }: Fields) =>
    typeof data === "string" ? data.replace(/\s/g, "") : undefined;
  if (theirs["server"] !== ours["server"]) return false;
  // One in a file cannot be compared.
  const [their, our] = [authority(theirs), authority(ours)];
  return their === our || their === undefined || our === undefined;
}
