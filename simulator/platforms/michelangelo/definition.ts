/** The kind by which compute clusters are registered, written from its description: field names, texts, enumerations; nothing is required. */

const text = { type: "string" };
const whole = { type: "integer", format: "int32" };
/** 64 bits, as protocol buffers put them into JSON. */
const long = { type: "string", format: "int64", pattern: "^[-]?\\d{1,19}$" };
const object = (properties: object) => ({ type: "object", properties });
const list = (items: object) => ({ type: "array", items });
const choice = (...values: string[]) => ({ type: "string", enum: values });

const spec = object({
  region: text,
  zone: text,
  dc: choice("DC_TYPE_INVALID", "DC_TYPE_ON_PREM", "DC_TYPE_CLOUD_GCP", "DC_TYPE_CLOUD_OCI"),
  sla: choice("SLA_TYPE_INVALID", "SLA_TYPE_PRODUCTION", "SLA_TYPE_EPHEMERAL"),
  kubernetes: object({
    rest: object({ host: text, port: text, tokenTag: text, caDataTag: text }),
    skus: list(object({ cpu: whole, memoryGb: text, diskSizeGb: text, gpu: whole, gpuSku: text })),
  }),
});

const status = object({
  statusConditions: list(
    object({
      type: text,
      status: choice("CONDITION_STATUS_UNKNOWN", "CONDITION_STATUS_TRUE", "CONDITION_STATUS_FALSE"),
      reason: text,
      message: text,
      lastUpdatedTimestamp: long,
      observedGeneration: long,
      metadata: object({ "@type": text, value: { type: "string", format: "byte" } }),
    }),
  ),
});

export const clusterDefinition = {
  apiVersion: "apiextensions.k8s.io/v1",
  kind: "CustomResourceDefinition",
  metadata: { name: "clusters.michelangelo.api" },
  spec: {
    group: "michelangelo.api",
    names: { kind: "Cluster", listKind: "ClusterList", plural: "clusters", singular: "cluster" },
    scope: "Namespaced",
    versions: [
      {
        name: "v2",
        served: true,
        storage: true,
        subresources: { status: {} },
        schema: { openAPIV3Schema: object({ spec, status }) },
      },
    ],
  },
};
