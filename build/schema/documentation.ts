/** What a docstring says to the schema: its text and the tags that the schema knows. */
import ts from "typescript";
import { SchemaError } from "./schema-error";

export interface Documentation {
  readonly description?: string;
  readonly deprecationMessage?: string;
  readonly secret: boolean;
  readonly replaceOnChanges: boolean;
  readonly integer: boolean;
  /** The text after `@default`. */
  readonly default?: string;
  /** Tags that name what the declaration is: `@pulumiFunction`, `@providerConfig`. */
  tag(name: string): string | undefined;
}

export function documentationOf(node: ts.Node): Documentation {
  const tags = ts.getJSDocTags(node);
  const tag = (name: string): string | undefined => {
    const found = tags.find((candidate) => candidate.tagName.text === name);
    return found && (ts.getTextOfJSDocComment(found.comment) ?? "").trim();
  };
  const comments = ts
    .getJSDocCommentsAndTags(node)
    .filter(ts.isJSDoc)
    .map((doc) => ts.getTextOfJSDocComment(doc.comment) ?? "");
  const description = comments.join("\n\n").trim();
  return {
    ...(description && { description }),
    ...(tag("deprecated") !== undefined && { deprecationMessage: tag("deprecated") || "deprecated" }),
    secret: tag("secret") !== undefined,
    replaceOnChanges: tag("replaceOnChanges") !== undefined,
    integer: tag("integer") !== undefined,
    ...(tag("default") !== undefined && { default: tag("default") }),
    tag,
  };
}

/** A default that the schema can hold, or undefined for prose and for structured values, which only the description tells. */
export function constantDefault(node: ts.Node, text: string): boolean | number | string | undefined {
  if (text === "") throw new SchemaError(node, "@default needs a value");
  try {
    const value: unknown = JSON.parse(text.replace(/^`(.*)`$/s, "$1"));
    return typeof value === "object" ? undefined : (value as boolean | number | string);
  } catch {
    return undefined;
  }
}
