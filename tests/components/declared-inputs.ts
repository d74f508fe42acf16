/** What components say that they take, and what they are handed in the scenes. */
import * as pulumi from "@pulumi/pulumi";
import { renderKubeconfig } from "../../sdk/kubernetes/kubeconfig";
import { componentsSchema } from "../../sdk/schema/committed";
import { childSpec, isEnum, namedType, type PropertySpec } from "../../sdk/schema/package-schema";
import type { PropertyPath } from "../../sdk/schema/property-path";
import { isRecord } from "../../sdk/schema/record";
import { clusterInHand } from "./cluster-in-hand";

const schema = componentsSchema();

/** `InferenceClass of devices` is an InferenceClass. */
export const componentOf = (scene: string) => scene.split(" ")[0]!;

export function typeOf(scene: string): string {
  return Object.keys(schema.resources!).find((token) => token.endsWith(`:${componentOf(scene)}`))!;
}

export interface DeclaredInput {
  path: PropertyPath;
  spec: PropertySpec;
}

/** All that the schema has, elements and entries too. */
export function declaredInputs(scene: string): DeclaredInput[] {
  const { inputProperties = {} } = schema.resources![typeOf(scene)]!;
  return Object.entries(inputProperties).flatMap(([name, spec]) => declared(spec, [name]));
}

function declared(spec: PropertySpec, path: PropertyPath): DeclaredInput[] {
  const named = namedType(schema, spec);
  const fields = named && !isEnum(named) ? Object.keys(named.properties ?? {}) : [];
  const parts = [...fields, ...(spec.items ? [0] : []), ...(spec.additionalProperties ? ["key"] : [])];
  const below = parts.flatMap((part) => declared(childSpec(schema, spec, part)!, [...path, part]));
  return [{ path, spec }, ...below];
}

/** What handles stand for in the scenes. */
export function handed(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(handed);
  if (isRecord(value)) return Object.fromEntries(Object.entries(value).map(([key, part]) => [key, handed(part)]));
  const isCluster = typeof value === "object" && value !== null && "sharedStorageClass" in value;
  return isCluster
    ? clusterInHand([{ name: "gpu" }], { sharedStorageClass: pulumi.output("shared"), kubeconfig })
    : value;
}
const kubeconfig = pulumi.output(
  renderKubeconfig({ clusterName: "train", endpoint: "https://192.0.2.7:443", credentials: { token: "T" } }),
);
