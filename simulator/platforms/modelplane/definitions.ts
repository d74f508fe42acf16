/** The two kinds that clusters are registered by, and that of what runs on them, written from their description: fields, limits, defaults, what must come together. */

const text = (maxLength: number, more: object = {}) => ({ type: "string", minLength: 1, maxLength, ...more });
const whole = (minimum: number, maximum?: number, more: object = {}) => ({
  type: "integer",
  minimum,
  ...(maximum !== undefined && { maximum }),
  ...more,
});
const choice = (values: readonly string[], more: object = {}) => ({ type: "string", enum: values, ...more });
const object = (properties: object, required: readonly string[] = []) => ({
  type: "object",
  properties,
  ...(required.length > 0 && { required }),
});
const list = (items: object, key: string | readonly string[], maxItems: number) => ({
  type: "array",
  items,
  minItems: 1,
  maxItems,
  "x-kubernetes-list-type": "map",
  "x-kubernetes-list-map-keys": [key].flat(),
});
const rule = (text: string, message: string) => ({ rule: text, message });

const clouds = { GKE: "gke", EKS: "eks", AKS: "aks", Nebius: "nebius", Vultr: "vultr" } as const;
const providers = Object.keys(clouds);

const blockOf = (field: string, blocks: Readonly<Record<string, string>>) =>
  Object.entries(blocks).map(([name, block]) =>
    rule(`self.${field} != '${name}' || has(self.${block})`, `${block} is required when ${field} is ${name}`),
  );

const conditions = {
  type: "array",
  items: object(
    {
      type: { type: "string" },
      status: { type: "string" },
      reason: { type: "string" },
      message: { type: "string" },
      lastTransitionTime: { type: "string", format: "date-time" },
      observedGeneration: { type: "integer" },
    },
    ["type", "status"],
  ),
  "x-kubernetes-list-type": "map",
  "x-kubernetes-list-map-keys": ["type"],
};
/** Crossplane's own, which is nobody else's business. */
const crossplane = { type: "object", "x-kubernetes-preserve-unknown-fields": true };

const provisioned = (place: Record<string, object>, kubernetesVersion: string) =>
  object(
    {
      ...place,
      kubernetesVersion: { type: "string", default: kubernetesVersion },
      credentials: object({
        type: choice(["ClusterProviderConfig", "ProviderConfig"], { default: "ClusterProviderConfig" }),
        name: text(253, { default: "default" }),
      }),
    },
    Object.keys(place),
  );

const cluster = {
  ...object(
    {
      source: choice([...providers, "Existing"]),
      existing: object(
        {
          secretRef: object({ name: text(253), key: text(253, { default: "kubeconfig" }) }, ["name"]),
          identitySecretRef: object(
            {
              name: text(253),
              key: text(253, { default: "private_key" }),
              type: choice(
                ["GoogleApplicationCredentials", "AWSWebIdentityCredentials", "NebiusServiceAccountCredentials"],
                { default: "GoogleApplicationCredentials" },
              ),
            },
            ["name"],
          ),
          cache: object({ storageClassName: text(253) }),
        },
        ["secretRef"],
      ),
      eks: provisioned({ region: text(32) }, "1.36"),
      gke: provisioned({ region: text(32) }, "1.35"),
      aks: provisioned({ location: text(32) }, "1.34"),
      nebius: provisioned({}, "1.34"),
      vultr: provisioned({ region: text(32) }, "v1.36.1+3"),
    },
    ["source"],
  ),
  "x-kubernetes-validations": blockOf("source", { ...clouds, Existing: "existing" }),
};

const nodePool = object(
  {
    name: text(40),
    className: text(253),
    nodeCount: whole(0, undefined, { default: 1 }),
    minNodeCount: whole(0),
    maxNodeCount: whole(1),
    zones: { type: "array", items: { type: "string" } },
    capacityBlock: object({ capacityReservationId: text(64, { pattern: "^cr-[0-9a-f]+$" }) }, [
      "capacityReservationId",
    ]),
    fabric: object({
      type: choice(["None", "EFA", "InfiniBand"], { default: "None" }),
      infiniband: object({ fabric: text(63) }, ["fabric"]),
    }),
  },
  ["name", "className"],
);

const device = {
  ...object(
    {
      name: text(63),
      claim: choice(["DRA", "Synthetic"], { default: "DRA" }),
      driver: text(253),
      deviceClassName: text(253),
      count: whole(1, 64, { default: 1 }),
      attributes: {
        type: "object",
        maxProperties: 32,
        additionalProperties: object({
          string: { type: "string", maxLength: 253 },
          version: { type: "string", maxLength: 32 },
          bool: { type: "boolean" },
          int: { type: "integer" },
        }),
      },
      capacity: {
        type: "object",
        maxProperties: 32,
        additionalProperties: object({ value: text(32) }, ["value"]),
      },
    },
    ["name", "driver"],
  ),
  "x-kubernetes-validations": [
    rule("self.claim != 'DRA' || has(self.deviceClassName)", "deviceClassName is required when claim is DRA"),
  ],
};

const accelerator = object({ type: text(63), count: whole(1, 16) }, ["type", "count"]);
const machines = (fields: Record<string, object>, optional: Record<string, object> = {}) =>
  object({ ...fields, ...optional, diskSizeGb: whole(10, undefined, { default: 100 }), accelerator }, [
    ...Object.keys(fields),
    "accelerator",
  ]);
const plain = { type: "string" };

const provisioning = {
  ...object(
    {
      provider: choice(providers),
      eks: machines({ instanceType: plain }),
      gke: machines({ machineType: plain }),
      aks: machines({ vmSize: plain }),
      nebius: machines({ platform: plain, preset: plain }, { driversPreset: { ...plain, default: "cuda13.0" } }),
      vultr: object({ plan: plain, accelerator }, ["plan", "accelerator"]),
    },
    ["provider"],
  ),
  "x-kubernetes-validations": blockOf("provider", clouds),
};

function definition(
  kind: string,
  plural: string,
  spec: object,
  status: Record<string, object>,
  scope: "Cluster" | "Namespaced" = "Cluster",
): object {
  return {
    apiVersion: "apiextensions.k8s.io/v1",
    kind: "CustomResourceDefinition",
    metadata: { name: `${plural}.modelplane.ai` },
    spec: {
      group: "modelplane.ai",
      names: { kind, listKind: `${kind}List`, plural, singular: kind.toLowerCase() },
      scope,
      versions: [
        {
          name: "v1alpha1",
          served: true,
          storage: true,
          subresources: { status: {} },
          schema: {
            openAPIV3Schema: object(
              {
                metadata: object({ name: { type: "string", maxLength: 63 } }),
                spec,
                status: object({ ...status, conditions }),
              },
              ["spec"],
            ),
          },
        },
      ],
    },
  };
}

export const modelplaneDefinitions = [
  definition(
    "InferenceCluster",
    "inferenceclusters",
    object(
      {
        crossplane,
        cluster,
        taints: list(
          object({ key: plain, value: plain, effect: choice(["NoSchedule", "NoExecute"]) }, ["key", "effect"]),
          ["key", "effect"],
          32,
        ),
        nodePools: list(nodePool, "name", 8),
      },
      ["cluster"],
    ),
    { gateway: object({ address: plain }), cache: object({ storageClassName: plain }), namespace: plain },
  ),
  definition(
    "InferenceClass",
    "inferenceclasses",
    object({ crossplane, description: plain, provisioning, devices: list(device, "name", 16) }, ["devices"]),
    {},
  ),
  // Modelplane makes these by itself: here they only are there.
  definition("ModelReplica", "modelreplicas", crossplane, {}, "Namespaced"),
];
