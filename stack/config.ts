import type * as pulumi from "../sdk/pulumi";
import { allConfig } from "@pulumi/pulumi/runtime/config";
import { committedSchema } from "../sdk/schema/committed";
import { isEnum, namedType, type PackageSchema, type PropertySpec } from "../sdk/schema/package-schema";

/**
 * The config of a stack as the arguments of a component: each key is an input, and `cloud` says which component it is; `services` are components
 * of their own. What is no input, or of
 * another type, is left for the component to refuse, with everything else that is wrong.
 */
export function inputsOf<Args extends object>(config: pulumi.Config, type: string): Args {
  const schema = committedSchema();
  const inputs = schema.resources![type]!.inputProperties!;
  const prefix = `${config.name}:`;
  const keys = Object.keys(allConfig())
    .filter((key) => key.startsWith(prefix))
    .map((key) => key.slice(prefix.length));
  const entries = keys
    .filter((key) => key !== "cloud" && key !== "services")
    .map((key) => [
      key,
      // The component makes it a secret, and checks it with the rest: of an Output it would see nothing.
      inputs[key]?.secret ? allConfig()[prefix + key] : valueOf(config.get(key)!, kindOf(schema, inputs[key])),
    ]);
  return Object.fromEntries(entries) as Args;
}

/** An object or a list of the config; what is none comes as its text, for its own check to refuse. */
export function structureOf(config: pulumi.Config, key: string): unknown {
  const text = config.get(key);
  return text === undefined ? undefined : valueOf(text, "structure");
}

type Kind = "text" | "number" | "boolean" | "structure";

function kindOf(schema: PackageSchema, spec: PropertySpec | undefined): Kind {
  const named = spec && namedType(schema, spec);
  if (named) return isEnum(named) ? "text" : "structure";
  if (spec?.type === "integer" || spec?.type === "number") return "number";
  if (spec?.type === "boolean") return "boolean";
  return spec?.type === "array" || spec?.type === "object" ? "structure" : "text";
}

/** The engine hands all values over as texts, lists and objects as JSON. */
function valueOf(text: string, kind: Kind): unknown {
  if (kind === "text") return text;
  if (kind === "number") return /^-?\d+(\.\d+)?$/.test(text) ? Number(text) : text;
  if (kind === "boolean") return text === "true" ? true : text === "false" ? false : text;
  try {
    return JSON.parse(text) as unknown;
  } catch {
    return text;
  }
}
