import { DaemonSet } from "@pulumi/kubernetes/apps/v1/daemonSet";
import { Service } from "@pulumi/kubernetes/core/v1/service";
import { notAwaited } from "../add-on";
import type * as pulumi from "../../../sdk/pulumi";
import { dcgmExporter } from "../../versions";
import { takesTurns, type GpuGroup } from "./groups";
import { namespace, runtimeClass, virtualGpus } from "./place";
import { onNodesOf } from "./scheduling";

const labels = { app: "nvidia-dcgm-exporter" };
const port = 9400;

/** Metrics of the GPUs and of the pods that have them, in Prometheus' format: the Service `nvidia-dcgm-exporter` in kube-system, port 9400. */
export function gpuMetrics(
  name: string,
  groups: readonly GpuGroup[],
  options: pulumi.CustomResourceOptions,
): pulumi.Resource[] {
  const exporter = new DaemonSet(
    `${name}-metrics-exporter`,
    {
      metadata: { name: labels.app, namespace, labels, annotations: notAwaited },
      spec: { selector: { matchLabels: labels }, template: { metadata: { labels }, spec: podSpec(groups) } },
    },
    options,
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
  return [exporter, service];
}

function podSpec(groups: readonly GpuGroup[]) {
  return {
    automountServiceAccountToken: false,
    runtimeClassName: runtimeClass,
    ...onNodesOf(groups),
    containers: [
      {
        name: "exporter",
        image: dcgmExporter,
        env: [
          { name: "DCGM_EXPORTER_LISTEN", value: `:${port}` },
          { name: "DCGM_EXPORTER_KUBERNETES", value: "true" },
          { name: "NVIDIA_VISIBLE_DEVICES", value: "all" },
          ...(takesTurns(groups) ? virtualGpus : []),
        ],
        ports: [{ name: "metrics", containerPort: port }],
        // As of the device plugin: sees all GPUs, which only privileged containers may.
        securityContext: { privileged: true },
        resources: { requests: { cpu: "50m", memory: "256Mi" } },
        volumeMounts: [{ name: "pod-resources", mountPath: "/var/lib/kubelet/pod-resources", readOnly: true }],
      },
    ],
    volumes: [{ name: "pod-resources", hostPath: { path: "/var/lib/kubelet/pod-resources", type: "Directory" } }],
  };
}
