/** The request's fields by kind: a request is JSON that nobody has checked. Pure. */
import type { Problems } from "../errors";

type Kind = "string" | "int" | "bool" | "strings" | "labels" | "objects" | "object";

/** Kind by name; a name with `?` may be missing. */
export type Fields = Readonly<Record<string, Kind>>;

export const requestFields: Fields = {
  name: "string",
  description: "string",
  cloud_account_id: "int",
  cluster_type: "string",
  "secret?": "string",
  settings: "object",
};

export const taintFields: Fields = { key: "string", "value?": "string", effect: "string" };

const bounds: Fields = { role: "string", min_size: "int", max_size: "int", "labels?": "labels" };

export const settingsFields = {
  aws: {
    "region_name?": "string",
    key_pair: "string",
    "control_plane_instance_type?": "string",
    "vpc_id?": "string",
    "subnet_id?": "string",
    "autoscaler_node_groups?": "objects",
    "integrations?": "strings",
  },
  cudo: {
    "autoscaler_node_groups?": "objects",
    "control_plane_size?": "string",
    "instance_type?": "string",
    "ssh_public_key?": "string",
    "dev_mode?": "bool",
    "no_vault?": "bool",
  },
} as const satisfies Record<string, Fields>;

export const groupFields = {
  aws: { name: "string", ...bounds, instance_types: "strings", "taints?": "objects", "allocation_strategy?": "string" },
  cudo: {
    id: "string",
    ...bounds,
    vcpus: "int",
    memory_gib: "int",
    boot_disk_size_gib: "int",
    data_center_id: "string",
    machine_type: "string",
    "gpus?": "int",
    "gpu_model?": "string",
  },
} as const satisfies Record<string, Fields>;

const words: Record<Kind, string> = {
  string: "a text",
  int: "a whole number",
  bool: "true or false",
  strings: "a list of texts",
  labels: "an object of texts",
  objects: "a list of objects",
  object: "an object",
};

export function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

function isKind(value: unknown, kind: Kind): boolean {
  const text = (entry: unknown) => typeof entry === "string";
  switch (kind) {
    case "string":
      return text(value);
    case "int":
      return Number.isInteger(value);
    case "bool":
      return typeof value === "boolean";
    case "strings":
      return Array.isArray(value) && value.every(text);
    case "labels":
      return isObject(value) && Object.values(value).every(text);
    case "objects":
      return Array.isArray(value) && value.every(isObject);
    case "object":
      return isObject(value);
  }
}

/** Missing fields, fields of another kind, and fields that the request does not have. */
export function checkFields(path: string, value: Record<string, unknown>, fields: Fields, problems: Problems): void {
  const at = (field: string) => (path === "" ? field : `${path}.${field}`);
  for (const [name, kind] of Object.entries(fields)) {
    const [field, optional] = [name.replace("?", ""), name.endsWith("?")];
    const given = value[field];
    if (given === undefined || given === null) {
      if (!optional) problems.add(at(field), "is required");
    } else if (!isKind(given, kind)) {
      problems.add(at(field), `must be ${words[kind]}, is ${JSON.stringify(given)}`);
    }
  }
  const names = Object.keys(fields).map((name) => name.replace("?", ""));
  for (const field of Object.keys(value)) {
    if (!names.includes(field)) problems.add(at(field), `is not a field; the fields are: ${names.join(", ")}`);
  }
}
