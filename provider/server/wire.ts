/**
 * Values between the engine and the handlers. On the wire secrets, unknowns and references are marked by magic keys;
 * handlers see plain values, and the places of the secrets travel beside them.
 */
import * as struct from "google-protobuf/google/protobuf/struct_pb";
import { formatPath, parsePath, valueAt, type PropertyPath } from "../../sdk/schema/property-path";
import { isRecord } from "../../sdk/schema/record";
import { isUnknown, Unknown } from "./values";

export { isRecord };

// reference: pulumi sdk/go/common/resource/sig and plugin/rpc.go
const UNKNOWN = "04da6b54-80e4-46f7-96ec-b56ff0331ba9";
const SIGNATURE = "4dabf18193072939515e22adb298388d";
const SECRET = "1b47061264138c4ac30d75fd1eb44270";
const OUTPUT = "d0e6a833031e9bbcd3f4e8bde6ca49a4";
const RESOURCE = "5cf8f73096256a8f31e491e813e4eb8e";

export type Properties = Record<string, unknown>;

/** Plain values, and the paths of those that are secret. A path below another secret path adds nothing. */
export interface WireValues {
  readonly values: Properties;
  readonly secrets: ReadonlySet<string>;
}

export const nothing: WireValues = { values: {}, secrets: new Set() };

export function containsUnknown(value: unknown): boolean {
  if (isUnknown(value)) return true;
  return typeof value === "object" && value !== null && Object.values(value).some(containsUnknown);
}

export function decode(message: struct.Struct | undefined): WireValues {
  if (!message) return nothing;
  const secrets = new Set<string>();
  const values = decodeRecord(message.toJavaScript(), [], secrets);
  return { values, secrets };
}

function decodeRecord(record: Record<string, unknown>, path: PropertyPath, secrets: Set<string>): Properties {
  const values: Properties = {};
  // A null says the same as an absent property; handlers need not know both.
  for (const [key, value] of Object.entries(record)) {
    const decoded = decodeValue(value, [...path, key], secrets);
    if (decoded !== null) values[key] = decoded;
  }
  return values;
}

function decodeValue(value: unknown, path: PropertyPath, secrets: Set<string>): unknown {
  if (value === UNKNOWN) return Unknown.value;
  if (Array.isArray(value)) return value.map((element, i) => decodeValue(element, [...path, i], secrets));
  if (!isRecord(value)) return value;
  switch (value[SIGNATURE]) {
    case SECRET:
      secrets.add(formatPath(path));
      return decodeValue(value.value, path, secrets);
    case OUTPUT:
      if (value.secret === true) secrets.add(formatPath(path));
      return "value" in value ? decodeValue(value.value, path, secrets) : Unknown.value;
    case RESOURCE:
      // A component has no id; its URN is all there is to refer to it by.
      if (value.id === undefined) return value.urn;
      return value.id === "" || value.id === UNKNOWN ? Unknown.value : value.id;
    default:
      return decodeRecord(value, path, secrets);
  }
}

export function encode({ values, secrets }: WireValues): struct.Struct {
  const record = encodeRecord(values, [], secrets);
  return struct.Struct.fromJavaScript(record as Parameters<typeof struct.Struct.fromJavaScript>[0]);
}

function encodeRecord(record: object, path: PropertyPath, secrets: ReadonlySet<string>): Record<string, unknown> {
  const encoded: Record<string, unknown> = {};
  for (const [key, value] of Object.entries(record)) {
    if (value !== undefined) encoded[key] = encodeValue(value, [...path, key], secrets);
  }
  return encoded;
}

function encodeValue(value: unknown, path: PropertyPath, secrets: ReadonlySet<string>): unknown {
  // Everything inside a secret is secret with it: one mark is enough, and old engines want no more.
  if (secrets.size > 0 && secrets.has(formatPath(path))) {
    return { [SIGNATURE]: SECRET, value: encodePlain(value) };
  }
  if (isUnknown(value)) return UNKNOWN;
  if (Array.isArray(value)) {
    return value.map((element, i) => (element === undefined ? null : encodeValue(element, [...path, i], secrets)));
  }
  if (value instanceof Date) return value.toISOString();
  if (isRecord(value)) return encodeRecord(value, path, secrets);
  return value;
}

function encodePlain(value: unknown): unknown {
  return encodeValue(value, [], new Set());
}

/** Every text inside the secret values, for keeping them out of messages. */
export function secretTexts({ values, secrets }: WireValues): string[] {
  const texts: string[] = [];
  const collect = (value: unknown): void => {
    if (typeof value === "string") texts.push(value);
    else if (typeof value === "number") texts.push(String(value));
    else if (typeof value === "object" && value !== null) Object.values(value).forEach(collect);
  };
  for (const path of secrets) collect(valueAt(values, parsePath(path)));
  return texts;
}
