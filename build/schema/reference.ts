/** The package schema as pages for people, one for each room. Pure. */
import type { EnumSpec, ObjectSpec, PackageSchema, PropertySpec, TypeSpec } from "../../sdk/schema/package-schema";
import { isEnum, namedType } from "../../sdk/schema/package-schema";

interface Section {
  title: string;
  /** What it is, in a word: `component`. */
  kind: string;
  token?: string;
  description: string | undefined;
  lists: readonly PropertyList[];
}

interface PropertyList {
  heading?: string;
  properties: Readonly<Record<string, PropertySpec>>;
  required: readonly string[];
}

/** Markdown by room: `aws`, `cudo`, … What rooms share stands in `cluster`. */
export function referencePages(schema: PackageSchema): Map<string, string> {
  const rooms = new Map<string, Section[]>();
  for (const [token, section] of sections(schema)) {
    const room = roomOf(token);
    rooms.set(room, [...(rooms.get(room) ?? []), section]);
  }
  return new Map([...rooms].sort().map(([room, list]) => [room, page(schema, room, list)]));
}

function* sections(schema: PackageSchema): Generator<readonly [token: string, section: Section]> {
  const resources = Object.entries(schema.resources ?? {});
  for (const isComponent of [true, false]) {
    for (const [token, spec] of resources.filter(([, { isComponent: is = false }]) => is === isComponent)) {
      const lists = [
        { heading: "Inputs", properties: spec.inputProperties ?? {}, required: spec.requiredInputs ?? [] },
        { heading: "Outputs", properties: outputs(spec), required: Object.keys(spec.properties ?? {}) },
      ];
      const kind = isComponent ? "component" : "resource";
      yield [token, { title: nameOf(token), kind, token, description: spec.description, lists }];
    }
  }
  for (const [token, { description, inputs, outputs: results }] of Object.entries(schema.functions ?? {})) {
    const lists = [
      { heading: "Arguments", properties: inputs?.properties ?? {}, required: inputs?.required ?? [] },
      { heading: "Result", properties: results?.properties ?? {}, required: results?.required ?? [] },
    ];
    yield [token, { title: nameOf(token), kind: "function", token, description, lists }];
  }
  for (const [token, type] of Object.entries(schema.types ?? {})) {
    if (isEnum(type)) continue;
    const lists = [{ properties: type.properties ?? {}, required: type.required ?? [] }];
    yield [token, { title: nameOf(token), kind: "type", description: type.description, lists }];
  }
}

/** Outputs that only repeat an input say nothing new. */
function outputs({
  inputProperties = {},
  properties = {},
}: ObjectSpec & { inputProperties?: Record<string, PropertySpec> }): Record<string, PropertySpec> {
  const isNew = ([name, { description }]: [string, PropertySpec]) => !(name in inputProperties) || description;
  return Object.fromEntries(Object.entries(properties).filter(isNew));
}

function page(schema: PackageSchema, room: string, list: readonly Section[]): string {
  const config = schema.config?.variables?.[room];
  const head = [
    "<!-- Written by `npm run generate` from the docstrings. -->",
    `# ${room === "cluster" ? "Shared by all clouds" : room}`,
    ...(config
      ? [
          `Provider configuration \`${schema.name}:${room}\` (${typeText(schema, room, config)}): ${oneLine(config.description)}`,
        ]
      : []),
  ];
  return [...head, ...list.map((section) => sectionText(schema, room, section))].join("\n\n") + "\n";
}

function sectionText(schema: PackageSchema, room: string, { title, kind, token, description, lists }: Section): string {
  const parts = [
    `## ${title}`,
    `*${kind}${token === undefined ? "" : ` \`${token}\``}*`,
    ...(description === undefined ? [] : [description]),
  ];
  for (const { heading, properties, required } of lists) {
    const items = Object.entries(properties).map(([name, property]) =>
      propertyText(schema, room, name, property, required.includes(name)),
    );
    if (items.length > 0) parts.push(...(heading === undefined ? [] : [`**${heading}**`]), items.join("\n"));
  }
  return parts.join("\n\n");
}

function propertyText(
  schema: PackageSchema,
  room: string,
  name: string,
  property: PropertySpec,
  required: boolean,
): string {
  const { description, secret, willReplaceOnChanges, default: value } = property;
  const marks = [
    typeText(schema, room, property),
    !required && "optional",
    secret && "secret",
    willReplaceOnChanges && "replaces",
    value !== undefined && `default \`${JSON.stringify(value)}\``,
  ];
  return `- \`${name}\` (${marks.filter(Boolean).join(", ")})${description === undefined ? "" : `: ${oneLine(description)}`}`;
}

function typeText(schema: PackageSchema, room: string, spec: TypeSpec): string {
  const named = namedType(schema, spec);
  if (named && isEnum(named)) return values(named);
  if (spec.$ref !== undefined) return named ? link(room, spec.$ref) : "any";
  if (spec.oneOf) return spec.oneOf.map((one) => typeText(schema, room, one)).join(" or ");
  if (spec.type === "array") return `list of ${spec.items ? typeText(schema, room, spec.items) : "any"}`;
  if (spec.type === "object") {
    return `map of ${spec.additionalProperties ? typeText(schema, room, spec.additionalProperties) : "any"}`;
  }
  return spec.type ?? "any";
}

function values({ enum: list }: EnumSpec): string {
  return list.map(({ value }) => `\`${value}\``).join(" or ");
}

function link(room: string, reference: string): string {
  const token = decodeURIComponent(reference.slice("#/types/".length));
  const target = roomOf(token);
  return `[${nameOf(token)}](${target === room ? "" : `${target}.md`}#${nameOf(token).toLowerCase()})`;
}

function roomOf(token: string): string {
  return token.split(":")[1]!;
}

function nameOf(token: string): string {
  return token.split(":")[2]!;
}

function oneLine(text: string | undefined): string {
  return (text ?? "").replace(/\s*\n\s*/g, " ").trim();
}
