import { DaemonSet } from "@pulumi/kubernetes/apps/v1/daemonSet";
import { Service } from "@pulumi/kubernetes/core/v1/service";
import { ServiceAccount } from "@pulumi/kubernetes/core/v1/serviceAccount";
import { notAwaited } from "../add-on";
import type * as pulumi from "../../../sdk/pulumi";
import { dcgmExporter } from "../../versions";
import { claims, exporterAccount, readsSlices } from "./claimed-gpus";
import { takesTurns, type GpuGroup, type GpuMode } from "./groups";
import { namespace, runtimeClass, virtualGpus } from "./place";
import { onNodesOf } from "./scheduling";

const labels = { app: "nvidia-dcgm-exporter" };
const port = 9400;

/** Metrics of the GPUs and of the pods that have them, in Prometheus' format: the Service `nvidia-dcgm-exporter` in kube-system, port 9400. */
export function gpuMetrics(
  name: string,
  groups: readonly GpuGroup[],
  mode: GpuMode,
  options: pulumi.CustomResourceOptions,
): pulumi.Resource[] {
  const rights = mode === "dra" ? claimRights(name, options) : [];
  const exporter = new DaemonSet(
    `${name}-metrics-exporter`,
    {
      metadata: { name: labels.app, namespace, labels, annotations: notAwaited },
      spec: { selector: { matchLabels: labels }, template: { metadata: { labels }, spec: podSpec(groups, mode) } },
    },
    { ...options, dependsOn: [...([options.dependsOn ?? []].flat() as pulumi.Resource[]), ...rights] },
  );
  const service = new Service(
    `${name}-metrics`,
    {
      metadata: {
        name: labels.app,
        namespace,
        labels,
        annotations: {
          "prometheus.io/scrape": "true",
          "prometheus.io/port": String(port),
          // Endpoints come with nodes that have GPUs, and there may be none yet.
          "pulumi.com/skipAwait": "true",
        },
      },
      spec: { clusterIP: "None", selector: labels, ports: [{ name: "metrics", port, targetPort: "metrics" }] },
    },
    options,
  );
  return [...rights, exporter, service];
}

function claimRights(name: string, options: pulumi.CustomResourceOptions): pulumi.Resource[] {
  const metadata = { name: exporterAccount, namespace };
  const account = new ServiceAccount(`${name}-metrics-account`, { metadata }, options);
  return [account, ...readsSlices(`${name}-metrics`, namespace, options)];
}

function podSpec(groups: readonly GpuGroup[], mode: GpuMode) {
  const byClaims = mode === "dra";
  return {
    ...(byClaims && { serviceAccountName: exporterAccount }),
    // Of GPUs that the device plugin gives, kubelet alone tells all.
    automountServiceAccountToken: byClaims,
    runtimeClassName: runtimeClass,
    ...onNodesOf(groups),
    containers: [
      {
        name: "exporter",
        image: dcgmExporter,
        env: [
          { name: "DCGM_EXPORTER_LISTEN", value: `:${port}` },
          { name: "DCGM_EXPORTER_KUBERNETES", value: "true" },
          // Its label `Hostname`, which would be this pod's own name.
          { name: "NODE_NAME", valueFrom: { fieldRef: { apiVersion: "v1", fieldPath: "spec.nodeName" } } },
          { name: "NVIDIA_VISIBLE_DEVICES", value: "all" },
          ...(byClaims ? claims : []),
          ...(takesTurns(groups) ? virtualGpus : []),
        ],
        ports: [{ name: "metrics", containerPort: port }],
        // As of the device plugin: sees all GPUs, which only privileged containers may.
        securityContext: { privileged: true },
        resources: { requests: { cpu: "50m", memory: "512Mi" } },
        volumeMounts: [{ name: "pod-resources", mountPath: "/var/lib/kubelet/pod-resources", readOnly: true }],
      },
    ],
    volumes: [{ name: "pod-resources", hostPath: { path: "/var/lib/kubelet/pod-resources", type: "Directory" } }],
  };
}
