/** The pods of AWS's driver for EBS. Reference: kubernetes-sigs/aws-ebs-csi-driver 1.64, docs/install.md and options.md. */
import * as pulumi from "../../../sdk/pulumi";
import { ebsCsiDriver } from "../../versions";
import { controlPlaneNodes } from "../in-cluster";

export const driverName = "ebs.csi.aws.com";
export const controllerLabels = { app: "ebs-csi-controller" };
export const nodeLabels = { app: "ebs-csi-node" };

const kubelet = "/var/lib/kubelet";
/** The machine's own, and both may be on one. */
const healthPorts = { controller: 9818, node: 9819 } as const;
const socket = { name: "socket", mountPath: "/csi" };
const address = "--csi-address=/csi/csi.sock";

export interface ControllerOptions {
  account: string;
  region: pulumi.Input<string>;
  /** `key=value,key=value`. */
  tags: pulumi.Input<string>;
}

/** It makes, attaches, grows and deletes volumes, with the role of the control plane's machine. */
export function controllerPod({ account, region, tags }: ControllerOptions) {
  const side = (name: string, image: string, args: string[]) => ({
    name,
    image,
    args: [address, "--leader-election=true", "--v=2", ...args],
    securityContext: unprivileged,
    resources: modest,
    volumeMounts: [socket],
  });
  return {
    serviceAccountName: account,
    automountServiceAccountToken: true,
    priorityClassName: "system-cluster-critical",
    nodeSelector: controlPlaneNodes,
    // From a machine that is gone it moves to another.
    tolerations: [{ operator: "Exists", effect: "NoSchedule" }],
    // Pods of their own network are too far away for the metadata service, whose answers take one hop.
    hostNetwork: true,
    // The cluster's own name servers run on nodes, which go before it.
    dnsPolicy: "Default",
    securityContext: { runAsNonRoot: true, runAsUser: 1000, runAsGroup: 1000, fsGroup: 1000 },
    containers: [
      {
        name: "ebs-plugin",
        image: ebsCsiDriver.driver,
        args: [
          "controller",
          "--endpoint=unix:///csi/csi.sock",
          "--batching=true",
          "--v=2",
          pulumi.interpolate`--extra-tags=${tags}`,
        ],
        env: [{ name: "AWS_REGION", value: region }],
        livenessProbe: { ...health(healthPorts.controller), timeoutSeconds: 60, failureThreshold: 10 },
        securityContext: unprivileged,
        resources: modest,
        volumeMounts: [socket],
      },
      side("csi-provisioner", ebsCsiDriver.provisioner, [
        "--timeout=60s",
        "--feature-gates=Topology=true",
        "--extra-create-metadata",
        "--default-fstype=ext4",
      ]),
      side("csi-attacher", ebsCsiDriver.attacher, ["--timeout=6m"]),
      side("csi-resizer", ebsCsiDriver.resizer, ["--timeout=60s", "--handle-volume-inuse-error=false"]),
      livenessProbe(healthPorts.controller),
    ],
    volumes: [{ name: socket.name, emptyDir: {} }],
  };
}

/** It formats and mounts. It asks the machine's metadata service for the zone and for how many volumes have room, and the cluster for nothing. */
export function nodePod(account: string) {
  const plugin = `${kubelet}/plugins/${driverName}`;
  return {
    serviceAccountName: account,
    priorityClassName: "system-node-critical",
    tolerations: [{ operator: "Exists" }],
    hostNetwork: true,
    containers: [
      {
        name: "ebs-plugin",
        image: ebsCsiDriver.driver,
        args: [
          "node",
          "--endpoint=unix:/csi/csi.sock",
          `--csi-mount-point-prefix=${kubelet}/plugins/kubernetes.io/csi/${driverName}/`,
          "--metadata-sources=imds",
          "--v=2",
        ],
        env: [{ name: "DISABLE_TAINT_WATCHER", value: "true" }],
        livenessProbe: { ...health(healthPorts.node), timeoutSeconds: 3, failureThreshold: 5 },
        securityContext: { privileged: true, readOnlyRootFilesystem: true },
        resources: modest,
        volumeMounts: [
          { name: "kubelet", mountPath: kubelet, mountPropagation: "Bidirectional" },
          { name: "devices", mountPath: "/dev" },
          socket,
        ],
      },
      {
        name: "node-driver-registrar",
        image: ebsCsiDriver.registrar,
        args: [address, `--kubelet-registration-path=${plugin}/csi.sock`, "--v=2"],
        securityContext: { allowPrivilegeEscalation: false, readOnlyRootFilesystem: true },
        resources: modest,
        volumeMounts: [{ name: "registration", mountPath: "/registration" }, socket],
      },
      livenessProbe(healthPorts.node),
    ],
    volumes: [
      { name: socket.name, hostPath: { path: plugin, type: "DirectoryOrCreate" } },
      { name: "registration", hostPath: { path: `${kubelet}/plugins_registry`, type: "Directory" } },
      { name: "kubelet", hostPath: { path: kubelet, type: "Directory" } },
      { name: "devices", hostPath: { path: "/dev", type: "Directory" } },
    ],
  };
}

const unprivileged = {
  allowPrivilegeEscalation: false,
  readOnlyRootFilesystem: true,
  seccompProfile: { type: "RuntimeDefault" },
};
const modest = { requests: { cpu: "10m", memory: "40Mi" } };

/** On loopback, so that no port of the machine's is open for it. */
function health(port: number) {
  return { httpGet: { host: "127.0.0.1", path: "/healthz", port }, initialDelaySeconds: 10, periodSeconds: 10 };
}

function livenessProbe(port: number) {
  return {
    name: "liveness-probe",
    image: ebsCsiDriver.livenessProbe,
    args: [address, `--http-endpoint=127.0.0.1:${port}`, "--probe-timeout=60s"],
    securityContext: { allowPrivilegeEscalation: false, readOnlyRootFilesystem: true },
    resources: modest,
    volumeMounts: [socket],
  };
}
