/** Puts one cluster into a kubeconfig that may hold others. Pure. */
import { currentEntries, InvalidKubeconfig } from "../sdk/kubernetes/kubeconfig";
import { unreadableFaults } from "../sdk/kubernetes/kubeconfig-faults";
import { isRecord } from "../sdk/schema/record";
import { shellWord } from "../sdk/shell-word";
import { CommandFailure } from "./command-failure";
import { localKubeconfig, type Kubeconfig } from "./local-kubeconfig";
import { withEntries, type List, type NamedEntry } from "./kubeconfig-text";

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
  /** Where the cluster's kubeconfig comes from; undefined: a stack. */
  file?: string;
  /** The other files of KUBECONFIG, which kubectl reads together with the local one. */
  others?: readonly { path: string; text: string }[];
}

type Fields = Record<string, unknown>;

/**
 * The local kubeconfig with the current context of `incoming` under one name for its context, cluster and user. Entries of that name are
 * brought up to date where they are the same cluster's, and refused where they are another's; everything else stays as it stands there.
 * Throws `CommandFailure`; quotes nothing of either text.
 */
export function mergeKubeconfig(local: string | undefined, incoming: string, options: MergeOptions): Merged {
  const { localPath, keepCurrentContext = false, others = [] } = options;
  const ours = currentOf(incoming, options);
  const { text, document, values: before } = localKubeconfig(local, localPath);
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

function currentOf(text: string, { context: given, file }: MergeOptions): Incoming {
  const next =
    file === undefined
      ? "Was the stack's last `pulumi up` successful? `pulumi stack output kubeconfig --show-secrets` shows it."
      : "`kubectl config view --raw --flatten --minify` writes one of the context that is current.";
  const none = "the cluster's kubeconfig has no current context with a cluster and a user";
  try {
    const { contextName, cluster, user, context } = currentEntries(text);
    if (Object.keys(cluster).length === 0 || Object.keys(user).length === 0) throw new CommandFailure(none, next);
    const faults = unreadableFaults(cluster, user, context);
    if (faults.length > 0)
      throw new CommandFailure(`the cluster's kubeconfig cannot be used: ${faults.join("; ")}`, next);
    return { name: printable(given ?? contextName), cluster, user, context };
  } catch (error) {
    if (error instanceof InvalidKubeconfig) throw new CommandFailure(`${none}: ${error.message}`, next);
    throw error;
  }
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
  const existing = (list: List, field: string) => fieldsOf(find(before, list, name), field);
  const trust = /^(server|tls-server-name|insecure-skip-tls-verify|certificate-authority(-data)?)$/;
  const added = Object.entries(existing("clusters", "cluster")).filter(([field]) => !trust.test(field));
  const settings = { ...context, ...existing("contexts", "context") };
  return {
    clusters: { ...find(before, "clusters", name), name, cluster: { ...cluster, ...Object.fromEntries(added) } },
    users: { ...find(before, "users", name), name, user },
    contexts: { ...find(before, "contexts", name), name, context: { ...settings, cluster: name, user: name } },
  };
}

/** Another file may be of any kind: kubectl says what is wrong with it. */
function readableValues(text: string): Kubeconfig | undefined {
  try {
    return localKubeconfig(text, "").values;
  } catch (error) {
    if (error instanceof CommandFailure) return undefined;
    throw error;
  }
}

function find(values: Kubeconfig, list: List, name: unknown): NamedEntry | undefined {
  return values[list].find((entry) => entry.name === name);
}

/** An entry may have none, or what kubectl would not read. */
function fieldsOf(entry: NamedEntry | undefined, field: string): Fields {
  const fields = entry?.[field];
  return isRecord(fields) ? fields : {};
}

/** A name that stands for another cluster is never made to lead to ours: neither in the file nor, as kubectl reads several, in front of another. */
function requireFree(values: Kubeconfig, ours: Incoming, path: string): void {
  const { name } = ours;
  const leadsElsewhere = (clusterName: unknown) => {
    const cluster = fieldsOf(find(values, "clusters", clusterName), "cluster");
    return Object.keys(cluster).length > 0 && !isSameCluster(cluster, ours.cluster);
  };
  const partsOf = (entry: NamedEntry) => fieldsOf(entry, "context");
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
  if (address(theirs["server"]) !== address(ours["server"])) return false;
  // One in a file cannot be compared.
  const [their, our] = [authority(theirs), authority(ours)];
  return their === our || their === undefined || our === undefined;
}

/** `https://a:443/` is `https://A`. */
function address(server: unknown): unknown {
  return typeof server === "string" && URL.canParse(server) ? new URL(server).href.replace(/\/+$/, "") : server;
}
