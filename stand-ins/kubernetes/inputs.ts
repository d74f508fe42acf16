/** The user's inputs, completed: apiVersion and kind from the type, a namespace, a name. */
import { createHash, randomBytes } from "node:crypto";
import { valueAt } from "../../sdk/schema/property-path";
import type { CheckFailure } from "../../provider/server/resource";
import { isUnknown } from "../../provider/server/values";
import { isRecord, type Properties } from "../../provider/server/wire";
import { autonamed } from "./annotations";
import type { KubernetesType } from "./type-token";

export interface InputsQuestion {
  readonly type: KubernetesType;
  /** The resource's name in the program. */
  readonly name: string;
  /** The same at preview and update, another for a replacement. */
  readonly seed: Uint8Array;
  readonly before: Properties;
  readonly given: Properties;
  /** Undefined for kinds without namespaces, or where none is configured. */
  readonly defaultNamespace: string | undefined;
}

export function completeInputs(question: InputsQuestion): { inputs: Properties; failures: CheckFailure[] } {
  const { type, given, defaultNamespace } = question;
  const failures: CheckFailure[] = [];
  for (const property of ["apiVersion", "kind"] as const) {
    const value = given[property];
    if (value !== undefined && !isUnknown(value) && value !== type[property]) {
      failures.push({
        property,
        reason: `is ${JSON.stringify(value)}, but the resource's type says ${JSON.stringify(type[property])}`,
      });
    }
  }
  const inputs: Properties = { ...given, apiVersion: type.apiVersion, kind: type.kind };
  const metadata = given["metadata"] ?? {};
  if (isUnknown(metadata)) return { inputs, failures };
  if (!isRecord(metadata)) {
    failures.push({ property: "metadata", reason: "must be an object" });
    return { inputs, failures };
  }
  const completed = (inputs["metadata"] = { ...metadata });
  if (defaultNamespace !== undefined) completed["namespace"] ??= defaultNamespace;
  if (completed["name"] === undefined) failures.push(...giveName(completed, question));
  return { inputs, failures };
}

function giveName(metadata: Record<string, unknown>, { type, name, seed, before }: InputsQuestion): CheckFailure[] {
  if (type.isPatch)
    return [{ property: "metadata.name", reason: "a patch needs the name of the object that it changes" }];
  if (metadata["generateName"] !== undefined) {
    return [{ property: "metadata.generateName", reason: "the simulator's stand-in needs metadata.name instead" }];
  }
  const annotations = metadata["annotations"] ?? {};
  // Without its annotation the name could not be told from a chosen one: wait until the annotations are known.
  if (!isRecord(annotations)) return [];
  metadata["annotations"] = { ...annotations, [autonamed]: "true" };
  metadata["name"] = wasAutonamed(before) ? valueAt(before, ["metadata", "name"]) : `${name}-${suffix(name, seed)}`;
  return [];
}

export function wasAutonamed(inputs: Properties): boolean {
  return valueAt(inputs, ["metadata", "annotations", autonamed]) === "true";
}

function suffix(name: string, seed: Uint8Array): string {
  const hex =
    seed.length > 0 ? createHash("sha256").update(seed).update(name).digest("hex") : randomBytes(4).toString("hex");
  return hex.slice(0, 7);
}
