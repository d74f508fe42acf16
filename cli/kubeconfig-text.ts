/** Puts entries into the text of a kubeconfig: what is not ours stays as it stands there, to the byte. Pure. */
import { isDeepStrictEqual } from "node:util";
import {
  isAlias,
  isMap,
  isSeq,
  parseAllDocuments,
  visit,
  type Document,
  type Node,
  type Pair,
  type YAMLMap,
  type YAMLSeq,
} from "yaml";
import { yamlOfKubeconfigs } from "../sdk/kubernetes/kubeconfig";
import { jsonInYaml, widelyRead, yamlText } from "../sdk/yaml";

export const lists = ["clusters", "users", "contexts"] as const;
export type List = (typeof lists)[number];

export interface NamedEntry {
  name: string;
  [field: string]: unknown;
}

export interface Wanted {
  entries: Record<List, NamedEntry>;
  /** Undefined: the one that is there stays. */
  currentContext: string | undefined;
}

interface Edit {
  from: number;
  to: number;
  text: string;
}

/** `document` is the text, parsed with its source tokens; its lists are lists of entries with different names. */
export function withEntries(text: string, document: Document, wanted: Wanted): string {
  const before = document.toJS({ maxAliasCount: -1 }) as Record<string, unknown>;
  const after = applied(before, wanted);
  if (isDeepStrictEqual(before, after)) return text;
  if (isJson(text)) return jsonLike(text, after);
  const edited = new TextEditor(text, document).edited(wanted);
  if (edited !== undefined && isDeepStrictEqual(parsedOrNothing(edited), after)) return edited;
  // Written in a way that no edit of the text fits.
  const rewritten = withValues(document, before, after);
  return isDeepStrictEqual(parsedOrNothing(rewritten), after) ? rewritten : yamlText(after);
}

/** Empty where that takes away what others refer to. */
function withValues(document: Document, before: Record<string, unknown>, after: Record<string, unknown>): string {
  for (const [key, value] of Object.entries(after)) {
    if (!isDeepStrictEqual(before[key], value)) document.set(key, document.createNode(value));
  }
  try {
    return document.toString(widelyRead);
  } catch {
    return "";
  }
}

/** The same change of the values. */
function applied(before: Record<string, unknown>, { entries, currentContext }: Wanted): Record<string, unknown> {
  const after = { ...before };
  for (const list of lists) {
    const existing = (before[list] ?? []) as NamedEntry[];
    const index = existing.findIndex(({ name }) => name === entries[list].name);
    after[list] = index < 0 ? [...existing, entries[list]] : existing.with(index, entries[list]);
  }
  if (currentContext !== undefined) after["current-context"] = currentContext;
  return after;
}

function parsedOrNothing(text: string): unknown {
  try {
    // Of several, the others are empty.
    const [document] = parseAllDocuments(text, yamlOfKubeconfigs) as Document[];
    return document?.errors.length === 0 ? document.toJS({ maxAliasCount: -1 }) : undefined;
  } catch {
    return undefined;
  }
}

function isJson(text: string): boolean {
  try {
    JSON.parse(text);
    return true;
  } catch {
    return false;
  }
}

function jsonLike(text: string, value: unknown): string {
  const indent = /\n([ \t]+)"/.exec(text)?.[1];
  const written = jsonInYaml(value, indent) + (text.endsWith("\n") ? "\n" : "");
  return text.includes("\r\n") ? written.replaceAll("\n", "\r\n") : written;
}

class TextEditor {
  private readonly edits: Edit[] = [];
  private readonly eol: string;

  constructor(
    private readonly text: string,
    private readonly document: Document,
  ) {
    this.eol = text.includes("\r\n") ? "\r\n" : "\n";
  }

  /** Undefined where the text has no place that such edits could be made in. */
  edited({ entries, currentContext }: Wanted): string | undefined {
    const root = this.document.contents;
    if (!isMap(root) || root.flow || !this.fits(root, entries)) return undefined;
    for (const list of lists) this.putEntry(root, list, entries[list]);
    if (currentContext !== undefined) this.putText(root, "current-context", currentContext);
    // From the end, so that offsets stay right; of several at one place the first comes first.
    const ordered = this.edits
      .map((edit, index) => ({ ...edit, index }))
      .sort((a, b) => b.from - a.from || b.index - a.index);
    return ordered.reduce((text, { from, to, text: put }) => text.slice(0, from) + put + text.slice(to), this.text);
  }

  /** Not what is an alias itself, and no key that stands without its colon. */
  private fits(root: YAMLMap, entries: Record<List, NamedEntry>): boolean {
    const pairs = [...lists, "current-context"].flatMap((key) => pairOf(root, key) ?? []);
    return (
      pairs.every((pair) => colonOf(pair) !== undefined && !isAlias(pair.value)) &&
      lists.every((list) => {
        const sequence = pairOf(root, list)?.value;
        return !isSeq(sequence) || !isAlias(this.existing(sequence, entries[list].name));
      })
    );
  }

  private existing(items: YAMLSeq, name: string): unknown {
    return items.items.find((item) => {
      const value = (item as Node).toJS(this.document, { maxAliasCount: -1 }) as Partial<NamedEntry>;
      return value.name === name;
    });
  }

  private putEntry(root: YAMLMap, list: List, entry: NamedEntry): void {
    const pair = pairOf(root, list);
    const block = () => this.eol + this.item(entry, this.columnOf(root));
    if (pair === undefined) {
      this.insert(this.lineAfter(root), `${" ".repeat(this.columnOf(root))}${list}:${block()}${this.eol}`);
      return;
    }
    const sequence = pair.value;
    if (!isSeq(sequence)) {
      this.replaceValue(pair, block());
      return;
    }
    const items = sequence as YAMLSeq<YAMLMap>;
    if (items.items.length === 0) {
      this.replaceValue(pair, block());
      return;
    }
    const existing = this.existing(items, entry.name) as YAMLMap | undefined;
    if (existing && isDeepStrictEqual(existing.toJS(this.document, { maxAliasCount: -1 }), entry)) return;
    if (existing) this.resolveAliasesInto(existing);
    if (items.flow) this.putIntoFlow(items, existing, entry);
    else this.putIntoBlock(items, existing, entry);
  }

  private putIntoFlow(items: YAMLSeq<YAMLMap>, existing: YAMLMap | undefined, entry: NamedEntry): void {
    const json = jsonInYaml(entry);
    if (existing) this.edits.push({ from: existing.range![0], to: existing.range![1], text: json });
    else this.insert(items.items.at(-1)!.range![1], `, ${json}`);
  }

  private putIntoBlock(items: YAMLSeq<YAMLMap>, existing: YAMLMap | undefined, entry: NamedEntry): void {
    const index = existing === undefined ? items.items.length - 1 : items.items.indexOf(existing);
    const dash = dashOf(items, index);
    const column = this.column(dash);
    if (existing === undefined) {
      this.insert(this.lineAfter(items.items[index]!), this.item(entry, column) + this.eol);
      return;
    }
    const to = existing.range![1];
    const end = this.text[to - 1] === "\n" ? this.eol : "";
    this.edits.push({ from: dash, to, text: this.item(entry, column).trimStart() + end });
  }

  /** What other entries refer to in the one that is replaced is written out there. */
  private resolveAliasesInto(entry: YAMLMap): void {
    const inside = new Set<unknown>();
    visit(entry as Node, (_, node) => void inside.add(node));
    visit(this.document, {
      Alias: (_, alias) => {
        const target = alias.resolve(this.document);
        if (inside.has(alias) || target === undefined || !inside.has(target)) return;
        const text = jsonInYaml(target.toJS(this.document, { maxAliasCount: -1 }));
        this.edits.push({ from: alias.range![0], to: alias.range![1], text });
      },
    });
  }

  private putText(root: YAMLMap, key: string, value: string): void {
    const text = yamlText(value).trimEnd();
    const pair = pairOf(root, key);
    if (pair === undefined)
      this.insert(this.lineAfter(root), `${" ".repeat(this.columnOf(root))}${key}: ${text}${this.eol}`);
    else if (root.get(key) !== value) this.replaceValue(pair, ` ${text}`);
  }

  /** With the space after the colon. */
  private replaceValue(pair: Pair<Node, Node | null>, text: string): void {
    const colon = colonOf(pair)! + 1;
    const range = pair.value?.range;
    const isEmpty = !range || range[0] === range[1];
    this.edits.push({ from: colon, to: isEmpty ? colon : range[1], text });
  }

  private insert(at: number, text: string): void {
    // The last line may have no end.
    const begun = at > 0 && at === this.text.length && this.text[at - 1] !== "\n" && !text.startsWith(",");
    const isFirst = !this.edits.some(({ from }) => from === at);
    this.edits.push({ from: at, to: at, text: begun && isFirst ? this.eol + text : text });
  }

  private item(entry: NamedEntry, column: number): string {
    const indent = " ".repeat(column);
    const lines = yamlText(entry).trimEnd().split("\n");
    return lines.map((line, index) => `${indent}${index === 0 ? "- " : "  "}${line}`).join(this.eol);
  }

  /** Begin of the line after the node. */
  private lineAfter(node: Node): number {
    const end = node.range![1];
    if (this.text[end - 1] === "\n") return end;
    const next = this.text.indexOf("\n", end);
    return next < 0 ? this.text.length : next + 1;
  }

  private columnOf(root: YAMLMap): number {
    return this.column(root.range![0]);
  }

  private column(offset: number): number {
    const begin = this.text.lastIndexOf("\n", offset - 1) + 1;
    return offset - begin - (begin === 0 && this.text.startsWith("\uFEFF") ? 1 : 0);
  }
}

function pairOf(root: YAMLMap, key: string): Pair<Node, Node | null> | undefined {
  return (root as YAMLMap<Node, Node | null>).items.find(
    (pair) => !isAlias(pair.key) && (pair.key as { value?: unknown }).value === key,
  );
}

function colonOf({ srcToken }: Pair<Node, Node | null>): number | undefined {
  return srcToken?.sep?.find(({ type }) => type === "map-value-ind")?.offset;
}

function dashOf(items: YAMLSeq, index: number): number {
  const token = items.srcToken as { items: { start: { type: string; offset: number }[] }[] };
  // A list's tokens may begin with comments, which are items without a dash.
  const dashes = token.items.flatMap(({ start }) => start.filter(({ type }) => type === "seq-item-ind"));
  return dashes[index]!.offset;
}
