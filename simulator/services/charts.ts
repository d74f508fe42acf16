/**
 * Charts that stand in for publishers' own: they have the names and the versions that our add-ons ask for, take the values that our add-ons give,
 * and no others, and make a workload of them. What theirs make of the values besides is theirs.
 */
import * as versions from "../../components/versions";
import { busyboxImage } from "../machines/nspawn/image/container-images";
import type { ServedChart } from "./chart-archives";

interface PinnedChart {
  /** Its name, or `oci://…/<name>`. */
  readonly chart: string;
  readonly version: string;
}

/** Of an image that machines which boot have. */
const container = JSON.stringify({
  name: "main",
  image: busyboxImage,
  command: ["sh", "-c", 'trap "exit 0" TERM; sleep 1000000 & wait'],
});

/** The places that values may have: `*` is any key, and what lies below a place is free. */
const charts: readonly { pinned: PinnedChart; values: readonly string[]; files?: Record<string, string> }[] = [
  { pinned: versions.cilium, values: ["ipam.mode", "operator", "tolerations", "envoy"] },
  {
    pinned: versions.nvidiaGpuOperator,
    values: [
      "driver.enabled",
      "toolkit.env",
      "daemonsets.tolerations",
      "operator.tolerations",
      "mig.strategy",
      "node-feature-discovery.worker",
      "node-feature-discovery.master",
      "node-feature-discovery.gc",
      "devicePlugin.enabled",
      "devicePlugin.config",
      "migManager.config",
      "migManager.env",
      "dcgmExporter.env",
      "dcgmExporter.enablePodUID",
    ],
  },
  {
    pinned: versions.nvidiaDraDriver,
    values: [
      "gpuResourcesEnabledOverride",
      "nvidiaDriverRoot",
      "resources.computeDomains",
      "kubeletPlugin.tolerations",
    ],
  },
  {
    pinned: versions.amdGpuOperator,
    values: [
      "kmm.enabled",
      "kmm.watch",
      "remediation.enabled",
      "remediation.installCRDs",
      "deviceConfig.spec",
      "node-feature-discovery.worker",
      "node-feature-discovery.master",
      "node-feature-discovery.gc",
      "controllerManager.manager",
    ],
  },
  {
    pinned: versions.efsCsiDriver,
    values: [
      "controller.hostNetwork",
      "controller.replicaCount",
      "controller.rollingUpdate",
      "controller.tolerations",
      "controller.affinity",
      "controller.tags",
    ],
  },
  { pinned: versions.nfsCsiDriver, values: ["controller.replicas", "controller.tolerations", "node.tolerations"] },
  {
    pinned: versions.kuberayOperator,
    values: ["tolerations"],
    files: { "crds/rayclusters.yaml": definition("ray.io", "v1", "rayclusters", "RayCluster") },
  },
  {
    pinned: versions.jupyterhub,
    values: [
      "hub.config",
      "hub.db",
      "hub.networkPolicy",
      "hub.nodeSelector",
      "hub.tolerations",
      "proxy.service",
      "singleuser.storage",
      "singleuser.startTimeout",
      "singleuser.profileList",
      "cull",
      "prePuller.hook",
      "prePuller.continuous",
      "scheduling.userScheduler",
      "scheduling.corePods",
    ],
  },
  {
    pinned: versions.slurmOperatorDefinitions,
    values: [],
    files: {
      "templates/controllers.yaml": definition("slinky.slurm.net", "v1beta1", "controllers", "Controller"),
      "templates/workload.yaml": "",
    },
  },
  {
    pinned: versions.slurmOperator,
    values: ["operator.tolerations", "webhook.tolerations", "webhook.namespaces", "certManager.enabled"],
  },
  {
    pinned: versions.slurm,
    values: [
      "clusterName",
      "slurmKey.create",
      "slurmKey.secretRef",
      "jwtKey.create",
      "jwtKey.secretRef",
      "configFiles",
      "controller.logfile",
      "controller.persistence",
      "controller.podSpec",
      "restapi.podSpec",
      "accounting",
      "loginsets",
      "nodesetDefaults.logfile",
      "nodesetDefaults.slurmd",
      "nodesetDefaults.podSpec",
      "nodesets",
      "partitions",
    ],
    files: { "templates/workload.yaml": controller() },
  },
  {
    pinned: versions.vcluster,
    values: [
      "privateNodes.enabled",
      "privateNodes.autoNodes",
      "privateNodes.vpn",
      "controlPlane.service.spec",
      "controlPlane.endpoint",
      "controlPlane.proxy.extraSANs",
      "networking.podCIDR",
      "networking.serviceCIDR",
      "exportKubeConfig.server",
      "exportKubeConfig.serviceAccount",
    ],
    files: { "templates/workload.yaml": tenant() },
  },
];

export const chartsOfOurs: readonly ServedChart[] = charts.map(({ pinned: { chart, version }, values, files }) => ({
  name: chart.split("/").at(-1)!,
  version,
  files: {
    "values.yaml": "{}",
    "values.schema.json": JSON.stringify(schemaOf(values)),
    "templates/workload.yaml": workload(),
    ...files,
  },
}));

interface Schema {
  type: "object";
  properties: Record<string, Schema | object>;
  additionalProperties: false;
}

function schemaOf(places: readonly string[]): Schema {
  const schema: Schema = { type: "object", properties: { global: {} }, additionalProperties: false };
  for (const place of places) {
    const parts = place.split(".");
    let at = schema;
    for (const part of parts.slice(0, -1))
      at = (at.properties[part] ??= { type: "object", properties: {}, additionalProperties: false }) as Schema;
    at.properties[parts.at(-1)!] = {};
  }
  return schema;
}

function workload(): string {
  return `apiVersion: apps/v1
kind: Deployment
metadata:
  name: {{ .Chart.Name }}
  namespace: {{ .Release.Namespace }}
  annotations: { values: {{ .Values | toJson | sha256sum | quote }} }
spec:
  replicas: 1
  selector: { matchLabels: { app: {{ .Chart.Name }} } }
  template:
    metadata: { labels: { app: {{ .Chart.Name }} } }
    spec:
      tolerations: [{ operator: Exists }]
      containers: [${container}]
`;
}

/** In the place of Slinky's operator, which makes one of its Controller. */
function controller(): string {
  return `apiVersion: apps/v1
kind: StatefulSet
metadata: { name: {{ .Release.Name }}-controller, namespace: {{ .Release.Namespace }} }
spec:
  serviceName: controller
  selector: { matchLabels: { app: controller } }
  template:
    metadata: { labels: { app: controller } }
    spec:
      tolerations: [{ operator: Exists }]
      containers: [${container}]
      volumes: [{ name: key, secret: { secretName: {{ .Values.slurmKey.secretRef.name }} } }]
---
apiVersion: slinky.slurm.net/v1beta1
kind: Controller
metadata: { name: {{ .Release.Name }}, namespace: {{ .Release.Namespace }} }
spec: { clusterName: {{ .Values.clusterName | quote }} }
`;
}

/**
 * In the place of vCluster, whose control plane it is not: it needs the platform's Secret, and gives out as the tenant's the kubeconfig that the Secret
 * `default/tenant` has.
 */
function tenant(): string {
  return `{{- $platform := lookup "v1" "Secret" .Release.Namespace "vcluster-platform-api-key" }}
{{- range list "accessKey" "host" "project" }}{{ $_ := required . (get (default dict $platform.data) .) }}{{ end }}
{{- $tenant := lookup "v1" "Secret" "default" "tenant" }}
apiVersion: v1
kind: Secret
metadata: { name: vc-{{ .Release.Name }}, namespace: {{ .Release.Namespace }} }
data: { config: {{ if $tenant }}{{ $tenant.data.config | quote }}{{ end }} }
---
apiVersion: v1
kind: Service
metadata: { name: {{ .Release.Name }}, namespace: {{ .Release.Namespace }} }
spec: { type: {{ .Values.controlPlane.service.spec.type }}, ports: [{ port: 443, targetPort: 8443 }] }
`;
}

function definition(group: string, version: string, plural: string, kind: string): string {
  return JSON.stringify({
    apiVersion: "apiextensions.k8s.io/v1",
    kind: "CustomResourceDefinition",
    metadata: { name: `${plural}.${group}` },
    spec: {
      group,
      scope: "Namespaced",
      names: { kind, plural, singular: kind.toLowerCase(), listKind: `${kind}List` },
      versions: [
        {
          name: version,
          served: true,
          storage: true,
          schema: { openAPIV3Schema: { type: "object", "x-kubernetes-preserve-unknown-fields": true } },
        },
      ],
    },
  });
}
