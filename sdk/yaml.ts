/** YAML that others read: Go's and Python's libraries know YAML 1.1, where `no` is a boolean, `1:20` a number and `0o7` may be one. Pure. */
import { stringify, type DocumentOptions, type SchemaOptions, type ScalarTag, type ToStringOptions } from "yaml";

/** What some reader takes for a number or a date, beside what YAML 1.1 says: Go's libraries are more generous, and JavaScript's takes `e0`. */
const looksLikeNumber: ScalarTag = {
  tag: "tag:yaml.org,2002:float",
  default: true,
  test: /^[-+]?(\.?[0-9][0-9a-fA-F_.:xXoO+\-TZtz \t]*|\.[0-9_]*|(\.[0-9_]*)?[eE][-+]?[0-9]+|\.(inf|Inf|INF|nan|NaN|NAN))$/,
  resolve: (text) => text,
};

/** `=` and `<<` have meanings of their own in YAML 1.1, `~` and `null` in both. Python's reader takes no tab without quotes. */
const reserved: ScalarTag = {
  tag: "tag:yaml.org,2002:value",
  default: true,
  test: /^(=|<<|~|[Nn]ull|NULL|[Yy]|[Nn]|[Yy]es|YES|[Nn]o|NO|[Oo]n|ON|[Oo]ff|OFF|[Tt]rue|TRUE|[Ff]alse|FALSE|.*\t.*)$/,
  resolve: (text) => text,
};

/**
 * Line breaks to YAML 1.1 (U+0085, U+2028, U+2029), marks of a byte order, and what no YAML may have as it is: Python's reader refuses the whole
 * file, and Go's makes a space of it. Halves of a pair are none.
 */
const unsafe =
  /[\x7f-\x9f\u2028\u2029\ufeff\ufffe\uffff]|[\ud800-\udbff](?![\udc00-\udfff])|(?<![\ud800-\udbff])[\udc00-\udfff]/g;

/** JSON that is the same to readers of YAML. */
export function jsonInYaml(value: unknown, indent?: string): string {
  return JSON.stringify(value, undefined, indent).replace(
    unsafe,
    (character) => `\\u${character.charCodeAt(0).toString(16).padStart(4, "0")}`,
  );
}

const escaped: ScalarTag = {
  tag: "tag:yaml.org,2002:str",
  default: true,
  identify: (value) => typeof value === "string" && value.search(unsafe) >= 0,
  resolve: (text) => text,
  stringify: ({ value }) => jsonInYaml(value),
};

/** For documents that are read to be written again, too. */
export const customTags: SchemaOptions["customTags"] = (tags) => [escaped, ...tags];

/** For documents that are written: a text that another reader would not take for one is quoted. */
export const widelyRead: DocumentOptions & SchemaOptions & ToStringOptions = {
  customTags,
  compat: [looksLikeNumber, reserved],
  lineWidth: 0,
};

export function yamlText(value: unknown): string {
  return stringify(value, widelyRead);
}
