/** The local kubeconfig as it is read: what kubectl reads is read, what it does not is refused. Pure. */
import { isMap, parseAllDocuments, type Document, type ErrorCode } from "yaml";
import { yamlOfKubeconfigs } from "../sdk/kubernetes/kubeconfig";
import { isRecord } from "../sdk/schema/record";
import { shellWord } from "../sdk/shell-word";
import { customTags, yamlText } from "../sdk/yaml";
import { CommandFailure } from "./command-failure";
import { lists, type List, type NamedEntry } from "./kubeconfig-text";

export interface Kubeconfig extends Record<List, NamedEntry[]> {
  "current-context"?: unknown;
}

export interface LocalKubeconfig {
  text: string;
  /** The text, parsed with its source tokens. */
  document: Document;
  values: Kubeconfig;
}

const empty = yamlText({ apiVersion: "v1", kind: "Config", clusters: [], contexts: [], users: [] });

/** Throws `CommandFailure`; quotes nothing of the text. @param path for messages */
export function localKubeconfig(local: string | undefined, path: string, isFilled = false): LocalKubeconfig {
  const text = local === undefined || local.trim() === "" ? empty : local;
  const documents = parseAllDocuments(text, {
    ...yamlOfKubeconfigs,
    version: "1.2",
    keepSourceTokens: true,
    customTags,
  });
  const [document, ...others] = documents as Document[];
  // Comments alone.
  if (document === undefined) return localKubeconfig(`${text.replace(/\n?$/, "\n")}${empty}`, path);
  const [error] = (documents as Document[]).flatMap(({ errors }) => errors);
  if (error)
    throw unparsable(
      path,
      `${words[error.code] ?? `it is not YAML (${error.code})`}, line ${error.linePos?.[0].line ?? "?"}`,
    );
  const values = valuesOf(document, path);
  if (others.some((other) => valuesOf(other, path) !== null))
    throw unparsable(path, "it is more than one document of YAML (---), of which kubectl reads the first alone");
  if (values === null) return localKubeconfig(isFilled ? undefined : withoutNull(text, document), path, true);
  if (!isMap(document.contents) || !isRecord(values)) throw unparsable(path, "it is not a mapping");
  if (!["v1", "", null, undefined].includes(values["apiVersion"] as string | null | undefined))
    throw unparsable(path, "its apiVersion is not v1");
  if (!["Config", "", null, undefined].includes(values["kind"] as string | null | undefined))
    throw unparsable(path, "its kind is not Config");
  for (const list of lists) requireEntries(values, list, path);
  const named = (list: List) => (values[list] ?? []) as NamedEntry[];
  return {
    text,
    document,
    values: { ...values, clusters: named("clusters"), users: named("users"), contexts: named("contexts") },
  };
}

const words: Partial<Record<ErrorCode, string>> = {
  DUPLICATE_KEY: "it has a key twice",
  TAB_AS_INDENT: "it has a tab where YAML wants spaces",
};

/** With an empty one in the place of `null`, or of nothing between `---` and `...`. */
function withoutNull(text: string, { range }: Document): string {
  const [from, to] = range ?? [0, text.length];
  const around = `${text.slice(0, from)}${text
    .slice(from, to)
    .replace(/^(null|Null|NULL|~)/m, "")
    .replace(/\n?$/, "\n")}`;
  return `${around}${empty}${text.slice(to)}`;
}

function valuesOf(document: Document, path: string): unknown {
  try {
    return document.toJS({ maxAliasCount: -1 });
  } catch {
    throw unparsable(path, "it is not YAML: an alias (*) has no anchor (&) before it");
  }
}

function requireEntries(values: Record<string, unknown>, list: List, path: string): void {
  const entries = values[list] ?? [];
  if (!Array.isArray(entries)) throw unparsable(path, `its ${list} are not a list`);
  const seen = new Set<unknown>();
  for (const entry of entries as unknown[]) {
    const name = isRecord(entry) ? entry["name"] : undefined;
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
