/** The kinds that servers are kept by, written from their description: what is required, and the words that fields may have. */

const text = { type: "string" };
const texts = { type: "object", additionalProperties: text };
const anything = { type: "object", "x-kubernetes-preserve-unknown-fields": true };
const object = (properties: object, required: readonly string[] = []) => ({
  ...{ type: "object", properties },
  ...(required.length > 0 && { required }),
});
const list = (items: object) => ({ type: "array", items });
const choice = (...values: string[]) => ({ type: "string", enum: values });
const flag = { type: "boolean" };

const installed = object({ enabled: flag, chartRepo: text, chart: text, version: text, helmValues: text }, ["enabled"]);

const nodeProvider = object({
  displayName: text,
  properties: texts,
  metal3: object({
    clusterRef: object({ cluster: text, namespace: text }, ["cluster"]),
    deploy: object({ metal3: installed, dhcp: installed, multus: installed }),
    nodeTypes: list(
      object(
        {
          ...{ name: text, displayName: text, properties: texts },
          resources: { type: "object", additionalProperties: { "x-kubernetes-int-or-string": true } },
          bareMetalHosts: object({ selector: anything }),
        },
        ["name"],
      ),
    ),
  }),
});

const osImage = object({ displayName: text, description: text, properties: texts });

const nodeClaim = object({ providerRef: text, typeRef: text, vClusterRef: text, properties: texts }, ["providerRef"]);

const bareMetalHost = object(
  {
    online: flag,
    bmc: object({ address: text, credentialsName: text, disableCertificateVerification: flag }, [
      "address",
      "credentialsName",
    ]),
    bootMACAddress: { type: "string", pattern: "[0-9a-fA-F]{2}(:[0-9a-fA-F]{2}){5}" },
    bootMode: choice("UEFI", "UEFISecureBoot", "legacy"),
    rootDeviceHints: object({
      ...{ deviceName: text, serialNumber: text, rotational: flag },
      minSizeGigabytes: { type: "integer", minimum: 0 },
    }),
    image: object({ url: text, checksum: text, checksumType: choice("md5", "sha256", "sha512", "auto") }, ["url"]),
    consumerRef: object({ apiVersion: text, kind: text, name: text, namespace: text }),
  },
  ["online"],
);

const kind = (
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
    ...{ group, scope },
    names: { ...names, singular: names.kind.toLowerCase(), listKind: `${names.kind}List` },
    versions: [
      {
        ...{ name: version, served: true, storage: true, subresources: { status: {} } },
        schema: { openAPIV3Schema: object({ spec, status: anything }) },
      },
    ],
  },
});

const platform = "management.loft.sh";

export const vmetalDefinitions: readonly object[] = [
  kind(platform, "v1", { kind: "NodeProvider", plural: "nodeproviders" }, nodeProvider, "Cluster"),
  kind(platform, "v1", { kind: "OSImage", plural: "osimages" }, osImage, "Cluster"),
  kind(platform, "v1", { kind: "NodeClaim", plural: "nodeclaims" }, nodeClaim, "Namespaced"),
  kind(
    "simulator.gpu-clusters.example",
    "v1",
    { kind: "PlayedRelease", plural: "playedreleases" },
    anything,
    "Namespaced",
  ),
  kind("metal3.io", "v1alpha1", { kind: "BareMetalHost", plural: "baremetalhosts" }, bareMetalHost, "Namespaced"),
];
