/** Words that the definitions of played kinds are written in. */

export const text = { type: "string" };
export const texts = { type: "object", additionalProperties: text };
export const anything = { type: "object", "x-kubernetes-preserve-unknown-fields": true };
export const object = (properties: object, required: readonly string[] = []) => ({
  type: "object",
  properties,
  ...(required.length > 0 && { required }),
});
export const list = (items: object) => ({ type: "array", items });
export const choice = (...values: string[]) => ({ type: "string", enum: values });
export const flag = { type: "boolean" };

/** With a status of anything. */
export const kind = (
  group: string,
  version: string,
  names: { kind: string; plural: string },
  spec: object,
  scope: string,
) => ({
  apiVersion: "apiextensions.k8s.io/v1",
  kind: "CustomResourceDefinition",
  metadata: { name: `${names.plural}.${group}` },
  spec: {
    group,
    scope,
    names: { ...names, singular: names.kind.toLowerCase(), listKind: `${names.kind}List` },
    versions: [
      {
        name: version,
        served: true,
        storage: true,
        subresources: { status: {} },
        schema: { openAPIV3Schema: object({ spec, status: anything }) },
      },
    ],
  },
});
