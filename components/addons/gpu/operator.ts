import * as pulumi from "../../../sdk/pulumi";
import { nvidiaGpuOperator } from "../../versions";
import type { Toleration } from "../in-cluster";
import { addOnNamespaces } from "../namespaces";
import type { ReleasePlace } from "../release";
import { gpuChart } from "./chart";
import { claims, readsSlices } from "./claimed-gpus";
import { takesTurns, type GpuGroup, type GpuMode } from "./groups";
import { virtualGpus } from "./place";
import { alsoOnControlPlane } from "./scheduling";

/**
 * NVIDIA's GPU operator by its pinned Helm chart: it brings driver, container toolkit, device plugin, node labels, metrics and partitions to nodes
 * that it finds GPUs in.
 */
export function operatorResources(
  name: string,
  groups: readonly GpuGroup[],
  mode: GpuMode,
  place: ReleasePlace,
  options: pulumi.CustomResourceOptions,
): pulumi.Resource[] {
  const chart = {
    pinned: nvidiaGpuOperator,
    release: nvidiaGpuOperator.chart,
    namespace: addOnNamespaces.nvidiaOperator,
    values: (tolerations: readonly Toleration[]) => operatorValues(groups, mode, tolerations),
  };
  const part = `${name}-operator`;
  const installed = gpuChart(part, chart, groups, place, options);
  return mode === "dra" ? [...installed, ...readsSlices(part, addOnNamespaces.nvidiaOperator, options)] : installed;
}

/** Reference: deployments/gpu-operator/values.yaml of NVIDIA/gpu-operator, v26.7.0. */
export function operatorValues(groups: readonly GpuGroup[], mode: GpuMode, tolerations: readonly Toleration[]) {
  const everywhere = alsoOnControlPlane(tolerations);
  const mig = groups.map(({ sharing }) => sharing.mig);
  return {
    driver: { enabled: groups.some(({ driver }) => driver === "operator") },
    // containerd's own dump has a newer version than the file, which it then refuses to read together with it.
    toolkit: { env: [{ name: "RUNTIME_CONFIG_SOURCE", value: "file" }] },
    daemonsets: { tolerations },
    operator: { tolerations: everywhere },
    "node-feature-discovery": {
      worker: { tolerations },
      master: { tolerations: everywhere },
      gc: { tolerations: everywhere },
    },
    mig: { strategy: mig.includes("mixed") ? "mixed" : "single" },
    ...partitioning(groups),
    devicePlugin: mode === "dra" ? { enabled: false } : timeSlicing(groups),
    ...metrics(groups, mode),
  };
}

function metrics(groups: readonly GpuGroup[], mode: GpuMode) {
  // The operator gives the exporter a token for the API only where it is to tell pods' UIDs.
  if (mode === "dra") return { dcgmExporter: { env: claims, enablePodUID: true } };
  return takesTurns(groups) ? { dcgmExporter: { env: virtualGpus } } : {};
}

/** Nodes name theirs by the label `nvidia.com/mig.config`. */
function partitioning(groups: readonly GpuGroup[]) {
  const partitioned = groups.filter(({ sharing }) => sharing.partitions !== undefined);
  if (partitioned.length === 0) return {};
  const configurations = partitioned.map(({ name, sharing }) => [
    name,
    [{ devices: "all", "mig-enabled": true, "mig-devices": sharing.partitions }],
  ]);
  const all = {
    version: "v1",
    "mig-configs": {
      "all-disabled": [{ devices: "all", "mig-enabled": false }],
      ...(Object.fromEntries(configurations) as Record<string, object>),
    },
  };
  return {
    migManager: {
      // Where a GPU cannot be reset, as an A100 in a VM, its mode is another after a restart only; others are not restarted.
      env: [{ name: "WITH_REBOOT", value: "true" }],
      config: { create: true, name: "gpu-clusters-partitions", data: { "config.yaml": JSON.stringify(all) } },
    },
  };
}

/** Nodes name theirs by the label `nvidia.com/device-plugin.config`; others get the first, in which nothing is shared. */
function timeSlicing(groups: readonly GpuGroup[]) {
  const slicing = groups.filter(({ sharing }) => sharing.timeSlicing !== undefined);
  if (slicing.length === 0) return {};
  const data = slicing.map(({ name, sharing }) => [
    name,
    JSON.stringify({
      version: "v1",
      sharing: { timeSlicing: { resources: [{ name: "nvidia.com/gpu", replicas: sharing.timeSlicing }] } },
    }),
  ]);
  const whole = "whole-gpus.default";
  return {
    config: {
      create: true,
      name: "gpu-clusters-sharing",
      default: whole,
      data: { [whole]: JSON.stringify({ version: "v1" }), ...(Object.fromEntries(data) as Record<string, string>) },
    },
  };
}
