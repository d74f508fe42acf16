import type * as pulumi from "../../../sdk/pulumi";
import { amdGpuOperator } from "../../versions";
import type { Toleration } from "../in-cluster";
import { addOnNamespaces } from "../namespaces";
import type { ReleasePlace } from "../release";
import { gpuChart } from "./chart";
import type { GpuGroup } from "./groups";
import { alsoOnControlPlane } from "./scheduling";

/**
 * AMD's GPU operator by its pinned Helm chart, with the driver that the images have: device plugin (`amd.com/gpu`), node labels and metrics. Its
 * builder of kernel modules, which needs a registry and cert-manager, stays away.
 */
export function amdResources(
  name: string,
  groups: readonly GpuGroup[],
  place: ReleasePlace,
  options: pulumi.CustomResourceOptions,
): pulumi.Resource[] {
  const chart = {
    pinned: amdGpuOperator,
    release: "amd-gpu-operator",
    namespace: addOnNamespaces.amdOperator,
    values: amdValues,
  };
  return gpuChart(`${name}-amd`, chart, groups, place, options);
}

/** Reference: helm-charts-k8s/values.yaml of ROCm/gpu-operator, v1.5.1. */
function amdValues(tolerations: readonly Toleration[]) {
  const everywhere = alsoOnControlPlane(tolerations);
  return {
    kmm: { enabled: false, watch: false },
    remediation: { enabled: false, installCRDs: false },
    controllerManager: { manager: { tolerations: everywhere } },
    "node-feature-discovery": {
      worker: { tolerations },
      master: { tolerations: everywhere },
      gc: { tolerations: everywhere },
    },
    deviceConfig: {
      spec: {
        driver: { enable: false },
        devicePlugin: {
          devicePluginImage: amdGpuOperator.devicePlugin,
          devicePluginTolerations: tolerations,
          nodeLabellerImage: amdGpuOperator.nodeLabeller,
          nodeLabellerTolerations: tolerations,
        },
        metricsExporter: { enable: true, image: amdGpuOperator.metricsExporter, tolerations },
      },
    },
  };
}
