/**
 * The kinds of Cluster API and of its provider for Metal3 that a cluster is made of, in the API v1beta2, written from their description: what is required, and
 * the words that fields may have. What nobody here writes is left out.
 */
import { anything, choice, flag, kind, list, object, text, texts } from "../schemas";
import { metal3Definition } from "./definition";

const whole = { type: "integer" };
const wholeOrShare = { "x-kubernetes-int-or-string": true };
const short = { type: "string", minLength: 1, maxLength: 63 };
const long = { type: "string", minLength: 1, maxLength: 512 };
const some = (items: object) => ({ ...list(items), minItems: 1 });
const reference = object({ apiGroup: short, kind: short, name: long }, ["apiGroup", "kind", "name"]);
const ranges = object({ cidrBlocks: some(text) }, ["cidrBlocks"]);
const labelled = { ...object({ labels: texts, annotations: texts }), minProperties: 1 };
const endpoint = { ...object({ host: long, port: { ...whole, minimum: 1, maximum: 65_535 } }), minProperties: 1 };

const cluster = object({
  clusterNetwork: object({ pods: ranges, services: ranges, serviceDomain: short }),
  controlPlaneEndpoint: endpoint,
  controlPlaneRef: reference,
  infrastructureRef: reference,
  paused: flag,
});

const extraArgs = {
  ...some(object({ name: short, value: { type: "string", maxLength: 1024 } }, ["name", "value"])),
  "x-kubernetes-list-type": "map",
  "x-kubernetes-list-map-keys": ["name", "value"],
};
const registration = object({
  name: text,
  kubeletExtraArgs: extraArgs,
  taints: list(object({ key: text, value: text, effect: text }, ["key", "effect"])),
});
const file = object(
  {
    path: long,
    owner: text,
    permissions: text,
    encoding: choice("base64", "gzip", "gzip+base64"),
    content: text,
    contentFrom: object({ secret: object({ name: text, key: text }, ["name", "key"]) }, ["secret"]),
  },
  ["path"],
);
const kubeadm = object({
  files: some(file),
  clusterConfiguration: object({ apiServer: object({ extraArgs }) }),
  initConfiguration: object({ nodeRegistration: registration }),
  joinConfiguration: object({ nodeRegistration: registration }),
  preKubeadmCommands: some(text),
  postKubeadmCommands: some(text),
});

const rolling = (...fields: string[]) =>
  object({
    strategy: object(
      {
        type: choice("RollingUpdate", "OnDelete"),
        rollingUpdate: object(Object.fromEntries(fields.map((field) => [field, wholeOrShare]))),
      },
      ["type"],
    ),
  });

const controlPlane = object(
  {
    replicas: whole,
    version: text,
    kubeadmConfigSpec: kubeadm,
    rollout: rolling("maxSurge"),
    machineTemplate: object(
      { metadata: labelled, spec: object({ infrastructureRef: reference }, ["infrastructureRef"]) },
      ["spec"],
    ),
  },
  ["machineTemplate", "version"],
);

const machine = object(
  {
    clusterName: short,
    version: text,
    providerID: text,
    infrastructureRef: reference,
    bootstrap: object({ configRef: reference, dataSecretName: text }),
  },
  ["bootstrap", "clusterName", "infrastructureRef"],
);

const deployment = object(
  {
    clusterName: short,
    replicas: whole,
    selector: object({ matchLabels: texts }),
    template: object({ metadata: labelled, spec: machine }, ["spec"]),
    rollout: rolling("maxSurge", "maxUnavailable"),
  },
  ["clusterName", "selector", "template"],
);

const metal3Cluster = object({ controlPlaneEndpoint: endpoint, cloudProviderEnabled: flag });

const metal3Machine = object({
  image: object(
    { url: long, checksum: { type: "string", maxLength: 512 }, checksumType: choice("md5", "sha256", "sha512") },
    ["url", "checksum"],
  ),
  hostSelector: object({ matchLabels: texts, matchExpressions: list(anything) }),
  automatedCleaningMode: choice("metadata", "disabled"),
  providerID: text,
});

const templateOf = (spec: object) => object({ template: object({ metadata: labelled, spec }, ["spec"]) }, ["template"]);

const core = "cluster.x-k8s.io";
const namespaced = (prefix: string, name: string, spec: object) =>
  kind(`${prefix}${core}`, "v1beta2", { kind: name, plural: `${name.toLowerCase()}s` }, spec, "Namespaced");

/** By it Cluster API knows how to talk to a provider's kinds. */
const contract = { [`${core}/v1beta2`]: "v1beta2" };

/** What Metal3 and its provider bring. */
export const metal3Definitions: readonly object[] = [
  metal3Definition,
  ...[
    namespaced("infrastructure.", "Metal3Cluster", metal3Cluster),
    namespaced("infrastructure.", "Metal3Machine", metal3Machine),
    namespaced("infrastructure.", "Metal3MachineTemplate", templateOf(metal3Machine)),
  ].map(({ metadata, ...definition }) => ({ ...definition, metadata: { ...metadata, labels: contract } })),
];

export const clusterApiDefinitions: readonly object[] = [
  ...metal3Definitions,
  namespaced("", "Cluster", cluster),
  namespaced("", "Machine", machine),
  namespaced("", "MachineDeployment", deployment),
  namespaced("controlplane.", "KubeadmControlPlane", controlPlane),
  namespaced("bootstrap.", "KubeadmConfig", kubeadm),
  namespaced("bootstrap.", "KubeadmConfigTemplate", templateOf(kubeadm)),
];
