/** YAML that others read: Go's and Python's libraries know YAML 1.1, where `no` is a boolean, `1:20` a number and `0o7` may be one. Pure. */
import { stringify, type DocumentOptions, type SchemaOptions, type ScalarTag, type ToStringOptions } from "yaml";

/** What some reader takes for a number or a date, beside what YAML 1.1 says: Go's libraries are more generous, and JavaScript's takes `e0`. */
const looksLikeNumber: ScalarTag = {
  tag: "tag:yaml.org,2002:float",
  default: true,
  test: /^[-+]?(\.?[0-9][0-9a-fA-F_.:xXoO+\-TZtz \t]*|\.[0-9_]*|(\.[0-9_]*)?[eE][-+]?[0-9]+|\.(inf|Inf|INF|nan|NaN|NAN))$/,
  resolve: (text) => text,
};

/** `=` and `<<` have meanings of their own in YAML 1.1, `~` and `null` in both. */
const reserved: ScalarTag = {
  tag: "tag:yaml.org,2002:value",
  default: true,
  test: /^(=|<<|~|[Nn]ull|NULL|[Yy]|[Nn]|[Yy]es|YES|[Nn]o|NO|[Oo]n|ON|[Oo]ff|OFF|[Tt]rue|TRUE|[Ff]alse|FALSE)$/,
  resolve: (text) => text,
};

/** For documents that are written: a text that another reader would not take for one is quoted. */
export const widelyRead: DocumentOptions & SchemaOptions & ToStringOptions = {
  compat: [looksLikeNumber, reserved],
  lineWidth: 0,
};

export function yamlText(value: unknown): string {
  return stringify(value, widelyRead);
}
