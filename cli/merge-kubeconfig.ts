/** Puts one cluster into a kubeconfig that may hold others. Pure. */
import { Document, isMap, isSeq, parse, parseDocument, type YAMLMap, type YAMLSeq } from "yaml";
import { CommandFailure } from "./command-failure";

export interface Merged {
  text: string;
  /** The context, which is the current one now. */
  context: string;
  /** The context that was current before; undefined where there was none. */
  previousContext: string | undefined;
}

export interface MergeOptions {
  /** For messages. */
  localPath: string;
  /** Name of the context. Default: that of the cluster's kubeconfig. */
  context?: string;
}

const lists = ["clusters", "users", "contexts"] as const;
type List = (typeof lists)[number];

/**
 * The local kubeconfig with the current context of `incoming` under one name for its context, cluster and user. Entries of that name are
 * replaced; everything else, comments too, stays. Throws `CommandFailure`; quotes nothing of either text.
 */
export function mergeKubeconfig(local: string | undefined, incoming: string, options: MergeOptions): Merged {
  const ours = currentOf(incoming, options.context);
  const document = localDocument(local, options.localPath);
  requireOwnEntries(document, ours.context, options.localPath);
  for (const list of lists) putEntry(document, list, ours.entries[list]);
  const previous = document.get("current-context");
  document.set("current-context", ours.context);
  const previousContext = typeof previous === "string" && previous !== "" ? previous : undefined;
  return { text: document.toString({ lineWidth: 0 }), context: ours.context, previousContext };
}

interface Named {
  name?: unknown;
  cluster?: unknown;
  user?: unknown;
  context?: { cluster?: unknown; user?: unknown; namespace?: unknown };
}

function currentOf(text: string, name: string | undefined): { context: string; entries: Record<List, object> } {
  let document: Record<string, unknown> | null;
  try {
    document = parse(text) as typeof document;
  } catch {
    document = null;
  }
  const find = (list: List, wanted: unknown): Named | undefined => {
    const entries = document?.[list];
    return Array.isArray(entries) ? (entries as Named[]).find((entry) => entry?.name === wanted) : undefined;
  };
  const current = document?.["current-context"];
  const { cluster, user, namespace } = find("contexts", current)?.context ?? {};
  const [clusterEntry, userEntry] = [find("clusters", cluster)?.cluster, find("users", user)?.user];
  if (typeof current !== "string" || !clusterEntry || !userEntry) {
    throw new CommandFailure(
      "the cluster's kubeconfig has no current context with a cluster and a user",
      "Was the stack's last `pulumi up` successful? `pulumi stack output kubeconfig --show-secrets` shows it.",
    );
  }
  const context = name ?? current;
  return {
    context,
    entries: {
      clusters: { name: context, cluster: clusterEntry },
      users: { name: context, user: userEntry },
      contexts: { name: context, context: { cluster: context, user: context, ...(namespace ? { namespace } : {}) } },
    },
  };
}

function localDocument(text: string | undefined, path: string): Document {
  if (text === undefined || text.trim() === "") {
    return new Document({ apiVersion: "v1", kind: "Config", clusters: [], contexts: [], users: [] });
  }
  const document = parseDocument(text, { version: "1.2" });
  if (document.errors.length > 0) {
    const [error] = document.errors;
    throw unparsable(path, `it is not YAML (${error!.code}, line ${error!.linePos?.[0].line ?? "?"})`);
  }
  if (document.contents === null) return localDocument(undefined, path);
  if (!isMap(document.contents)) throw unparsable(path, "it is not a mapping");
  const kind = document.get("kind");
  if (kind !== undefined && kind !== "Config") throw unparsable(path, "its kind is not Config");
  for (const list of lists) {
    const value: unknown = document.get(list);
    if (value === undefined || value === null) continue;
    if (!isSeq(value)) throw unparsable(path, `its ${list} are not a list`);
    if (!value.items.every((item) => isMap(item) && typeof item.get("name") === "string")) {
      throw unparsable(path, `an entry of its ${list} has no name`);
    }
  }
  return document;
}

function unparsable(path: string, why: string): CommandFailure {
  return new CommandFailure(
    `Failed to parse local kubeconfig ${path}: ${why}. It was not touched.`,
    `Mend it, or move it away and run this again, which makes a new one: mv ${path} ${path}.broken`,
  );
}

/** A context of somebody else may use a cluster or user of our name: replacing that would break it. */
function requireOwnEntries(document: Document, name: string, path: string): void {
  const { contexts } = document.toJS() as { contexts?: Named[] | null };
  const users = (contexts ?? []).filter(
    (entry) => entry.name !== name && (entry.context?.cluster === name || entry.context?.user === name),
  );
  if (users.length === 0) return;
  const names = users.map((entry) => `"${String(entry.name)}"`).join(", ");
  throw new CommandFailure(
    `${path} has entries named "${name}" that the context ${names} uses. It was not touched.`,
    "Choose another name: --context <name>",
  );
}

function putEntry(document: Document, list: List, entry: object): void {
  const name = (entry as { name: string }).name;
  const node = document.createNode(entry);
  const existing: unknown = document.get(list);
  if (!isSeq(existing)) {
    document.set(list, [node]);
    return;
  }
  const sequence = existing as YAMLSeq<YAMLMap>;
  const index = sequence.items.findIndex((item) => item.get("name") === name);
  // An empty list is written as [], in which no block of ours could stand.
  if (sequence.items.length === 0) sequence.flow = false;
  if (index < 0) sequence.items.push(node as YAMLMap);
  else sequence.items[index] = node as YAMLMap;
}
