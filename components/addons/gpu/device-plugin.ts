import { DaemonSet } from "@pulumi/kubernetes/apps/v1/daemonSet";
import { notAwaited } from "../add-on";
import type { GpuSharingArgs } from "../../../sdk/kubernetes/gpu-sharing";
import type * as pulumi from "../../../sdk/pulumi";
import { nvidiaDevicePlugin } from "../../versions";
import type { GpuGroup, GpuMode } from "./groups";
import { featureAccount } from "./node-features";
import { namespace, runtimeClass } from "./place";
import { onNodesOf } from "./scheduling";

/** Found by the wait for nodes, which says what its pods lack; NVIDIA's operator has the same on its own. */
const app = { app: "nvidia-device-plugin-daemonset" };
const configuration = "gpu-clusters/device-plugin";

/**
 * NVIDIA's device plugin on the groups' nodes, which advertises their GPUs and gives pods those that they asked for (by CDI), and GPU feature
 * discovery beside it, which tells their model, memory and driver. One for each way to share them. With DRA, feature discovery alone. Nothing is
 * awaited here: `NodesReady` waits for the GPUs themselves.
 */
export function devicePlugins(
  name: string,
  groups: readonly GpuGroup[],
  mode: GpuMode,
  options: pulumi.CustomResourceOptions,
): DaemonSet[] {
  const ways = new Map<string, GpuGroup[]>();
  for (const group of groups) {
    const way = wayOf(group.sharing);
    ways.set(way, [...(ways.get(way) ?? []), group]);
  }
  return [...ways].map(([way, alike]) => devicePlugin(`${name}-plugin${way}`, way, alike, mode, options));
}

/** Names a way to share GPUs; empty where each is one pod's. */
function wayOf({ timeSlicing, mig }: GpuSharingArgs): string {
  if (timeSlicing !== undefined) return `-time-slicing-${timeSlicing}`;
  return mig === undefined ? "" : `-mig-${mig}`;
}

function devicePlugin(
  name: string,
  way: string,
  groups: readonly GpuGroup[],
  mode: GpuMode,
  options: pulumi.CustomResourceOptions,
): DaemonSet {
  const labels = { ...(mode === "dra" ? { app: "gpu-feature-discovery" } : app), "gpu-clusters/sharing": way.slice(1) };
  const { sharing } = groups[0]!;
  return new DaemonSet(
    name,
    {
      metadata: {
        name: mode === "dra" ? labels.app : `nvidia-device-plugin${way}`,
        namespace,
        labels,
        annotations: notAwaited,
      },
      spec: {
        selector: { matchLabels: labels },
        template: {
          // The plugin reads its settings once: as the pod's own annotation, a change makes new pods.
          metadata: { labels, annotations: { [configuration]: JSON.stringify(pluginConfiguration(sharing)) } },
          spec: podSpec(sharing, groups, mode),
        },
      },
    },
    options,
  );
}

/** Reference: NVIDIA/k8s-device-plugin, "Configuring the NVIDIA device plugin binary". */
function pluginConfiguration({ mig, timeSlicing }: GpuSharingArgs): object {
  return {
    version: "v1",
    flags: {
      migStrategy: mig ?? "none",
      // One machine of a group may have lost its GPUs: it is told by the wait, not by a pod that begins again and again.
      failOnInitError: false,
      nvidiaDriverRoot: "/",
      useNodeFeatureAPI: true,
      plugin: { deviceListStrategy: ["cdi-cri"], nvidiaCTKPath: "/usr/bin/nvidia-cdi-hook" },
    },
    ...(timeSlicing !== undefined && {
      sharing: { timeSlicing: { resources: [{ name: "nvidia.com/gpu", replicas: timeSlicing }] } },
    }),
  };
}

function podSpec({ mig }: GpuSharingArgs, groups: readonly GpuGroup[], mode: GpuMode) {
  const common = {
    image: nvidiaDevicePlugin,
    // Only privileged containers are given GPUs that no device plugin gave them.
    securityContext: { privileged: true },
  };
  const env = [
    { name: "CONFIG_FILE", value: "/config/config.yaml" },
    { name: "NVIDIA_VISIBLE_DEVICES", value: "all" },
    { name: "NVIDIA_DRIVER_CAPABILITIES", value: "compute,utility" },
    ...(mig === undefined ? [] : [{ name: "NVIDIA_MIG_MONITOR_DEVICES", value: "all" }]),
  ];
  const field = (variable: string, fieldPath: string) => ({
    name: variable,
    valueFrom: { fieldRef: { apiVersion: "v1", fieldPath } },
  });
  const mount = (name: string, mountPath: string) => ({ name, mountPath });
  const driver = { ...mount("driver-root", "/driver-root"), readOnly: true };
  const config = { ...mount("config", "/config"), readOnly: true };
  const plugin = {
    ...common,
    name: "device-plugin",
    command: ["nvidia-device-plugin"],
    env,
    resources: { requests: { cpu: "20m", memory: "64Mi" } },
    volumeMounts: [
      mount("device-plugins", "/var/lib/kubelet/device-plugins"),
      driver,
      mount("cdi", "/var/run/cdi"),
      config,
    ],
  };
  return {
    serviceAccountName: featureAccount,
    priorityClassName: "system-node-critical",
    runtimeClassName: runtimeClass,
    hostNetwork: true,
    dnsPolicy: "ClusterFirstWithHostNet",
    ...onNodesOf(groups),
    containers: [
      ...(mode === "dra" ? [] : [plugin]),
      {
        ...common,
        name: "feature-discovery",
        command: ["gpu-feature-discovery"],
        env: [
          ...env,
          field("NODE_NAME", "spec.nodeName"),
          field("NAMESPACE", "metadata.namespace"),
          field("POD_NAME", "metadata.name"),
        ],
        resources: { requests: { cpu: "10m", memory: "64Mi" } },
        volumeMounts: [{ ...mount("sys", "/sys"), readOnly: true }, driver, config],
      },
    ],
    volumes: [
      { name: "device-plugins", hostPath: { path: "/var/lib/kubelet/device-plugins", type: "Directory" } },
      { name: "driver-root", hostPath: { path: "/", type: "Directory" } },
      { name: "sys", hostPath: { path: "/sys", type: "Directory" } },
      { name: "cdi", hostPath: { path: "/var/run/cdi", type: "DirectoryOrCreate" } },
      {
        name: "config",
        downwardAPI: {
          items: [
            {
              path: "config.yaml",
              fieldRef: { apiVersion: "v1", fieldPath: `metadata.annotations['${configuration}']` },
            },
          ],
        },
      },
    ],
  };
}
