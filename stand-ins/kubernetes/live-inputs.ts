/** The inputs that a live object would have, for refresh and import. */
import { isDeepStrictEqual } from "node:util";
import type { KubernetesObject } from "../../provider/kubernetes/api";
import { isRecord, type Properties } from "../../provider/server/wire";

const serverMetadata = [
  "uid",
  "resourceVersion",
  "generation",
  "creationTimestamp",
  "deletionTimestamp",
  "managedFields",
  "selfLink",
];

/** An imported object's inputs: all of it that the API server did not add by itself. */
export function importedInputs(live: KubernetesObject): Properties {
  return { ...without(live, ["status"]), metadata: without(live.metadata, serverMetadata) };
}

/** What state keeps of a live object. */
export function outputsOf(live: KubernetesObject): Properties {
  return { ...live, metadata: without(live.metadata, ["managedFields"]) };
}

/** A rehearsed new object, without the addresses and ids that a dry run allots and the real run will not. */
export function foreseenOutputs(rehearsed: KubernetesObject, inputs: Properties): Properties {
  const outputs: Properties = { ...rehearsed, metadata: without(rehearsed.metadata, serverMetadata) };
  if (rehearsed.kind === "Service" && isRecord(rehearsed["spec"])) {
    const given = isRecord(inputs["spec"]) ? inputs["spec"] : {};
    outputs["spec"] = { ...without(rehearsed["spec"], ["clusterIP", "clusterIPs", "ports"]), ...given };
  }
  return outputs;
}

function without(object: object, fields: readonly string[]): Properties {
  return Object.fromEntries(Object.entries(object).filter(([field]) => !fields.includes(field)));
}

/**
 * The stored inputs with what somebody else has changed in the cluster. `wanted` is what the API server makes of the stored inputs: a field
 * where it differs from the live object has drifted, and one that only looks different (`1000m`, `1`) has not.
 */
export function driftedInputs(stored: Properties, wanted: KubernetesObject, live: KubernetesObject): Properties {
  const { stringData } = stored;
  // The API server keeps stringData in data only.
  const asText = (object: KubernetesObject): KubernetesObject =>
    isRecord(stringData) ? { ...object, stringData: decoded(object["data"], Object.keys(stringData)) } : object;
  return drifted(stored, asText(wanted), asText(live)) as Properties;
}

function decoded(data: unknown, keys: readonly string[]): Properties {
  const encoded = isRecord(data) ? data : {};
  const present = keys.filter((key) => typeof encoded[key] === "string");
  return Object.fromEntries(
    present.map((key) => [key, Buffer.from(encoded[key] as string, "base64").toString("utf8")]),
  );
}

function drifted(stored: unknown, wanted: unknown, live: unknown): unknown {
  if (isDeepStrictEqual(wanted, live)) return stored;
  if (!isRecord(stored) || !isRecord(wanted) || !isRecord(live)) return live;
  const inputs: Properties = {};
  for (const [key, value] of Object.entries(stored)) {
    const input = drifted(value, wanted[key], live[key]);
    if (input !== undefined) inputs[key] = input;
  }
  return inputs;
}
