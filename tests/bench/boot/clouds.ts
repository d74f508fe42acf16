/** On each cloud, a control plane and a worker, as config of the default program. */
import type { Simulator } from "../../../simulator/server";
import { mithrilConfig, spotGroup } from "../../engine/mithril-config";

export interface BootCloud {
  readonly usesAws: boolean;
  config(simulator: Simulator): Record<string, unknown>;
}

const clusterName = "boot";

export const clouds: Readonly<Record<string, BootCloud>> = {
  aws: {
    usesAws: true,
    config: () => ({
      "pulumi-gpu-clusters:cloud": "aws",
      "pulumi-gpu-clusters:clusterName": clusterName,
      "pulumi-gpu-clusters:cni": "none", // The machines' image has one.
      "pulumi-gpu-clusters:keyPair": "ops",
      "pulumi-gpu-clusters:nodeGroups": [
        { name: "workers", role: "worker", minSize: 1, maxSize: 1, instanceTypes: ["m5.large"] },
      ],
    }),
  },
  cudo: {
    usesAws: false,
    config: () => ({
      "pulumi-gpu-clusters:cloud": "cudo",
      "pulumi-gpu-clusters:noVault": true,
      "pulumi-gpu-clusters:clusterName": clusterName,
      "pulumi-gpu-clusters:cni": "none",
      "pulumi-gpu-clusters:controlPlane": { size: "sm" },
      "pulumi-gpu-clusters:nodeGroups": [
        {
          name: "workers",
          role: "worker",
          minSize: 1,
          maxSize: 1,
          vcpus: 4,
          memoryGib: 16,
          diskSizeGib: 50,
          dataCenterId: "us-newyork-1",
          machineType: "intel-broadwell-v100",
        },
      ],
    }),
  },
  /** The control plane is a machine too, which Mithril boots for the user; it joins its workers itself. */
  mithril: {
    usesAws: false,
    config: (simulator) => mithrilConfig(simulator, clusterName, [spotGroup]),
  },
};
