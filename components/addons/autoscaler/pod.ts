/** The pod: cluster-autoscaler, and our server, which it asks over a socket that they share. */
import * as pulumi from "../../../sdk/pulumi";
import { autoscalerBundle } from "../../../sdk/plugin/package";
import { controlPlaneLabel, onControlPlanes } from "../in-cluster";
import { healthPort, socket } from "./groups";

export interface PodParts {
  /** Of cluster-autoscaler. */
  image: pulumi.Input<string>;
  /** That runs our server: Node's own with the code from a ConfigMap, or ours, which has it inside. */
  server: { image: string; codeFrom?: string };
  account: string;
  /** Names of what it reads. */
  configSecret: pulumi.Input<string>;
  cloudConfig: pulumi.Input<string>;
  /** Changes when it must start anew. */
  mark: pulumi.Input<string>;
  /** It acts with the role of its machine, which only the control plane's have, and only on their own network. */
  usesMachineRole: boolean;
  /** How long nobody has needed a node that then goes. */
  scaleDownAfter: string;
  labels: Record<string, string>;
}

/** Of cluster-autoscaler's own port. */
const autoscalerPort = 8085;
const user = 65532;

/** First minor of version 1 that knows `--force-delete-unregistered-nodes`; another would end at once. */
const forcesFrom = 32;

/** Reference: cluster-autoscaler 1.29 and 1.34 to 1.36, flags. */
function flags({ scaleDownAfter }: PodParts, image: string): string[] {
  const minor = Number(/:v1\.(\d+)/.exec(image)?.[1]);
  return [
    "--cloud-provider=externalgrpc",
    "--cloud-config=/etc/autoscaler/cloud-config",
    "--namespace=kube-system",
    "--expander=priority,least-waste",
    "--enforce-node-group-min-size=true",
    // As long as `up` waits for nodes: machines with eight GPUs take up to 25 minutes at some clouds, and another would take as long.
    "--max-node-provision-time=30m",
    // A machine that does not become a node costs as much as one that does, also where the group is as small as it may be.
    ...(minor >= forcesFrom ? ["--force-delete-unregistered-nodes=true"] : []),
    // Machines that go together are one change of their group.
    "--node-deletion-batcher-interval=15s",
    // Cilium's, on a node that is Ready before its network is: taken for one of the group's own, another machine were bought beside it.
    "--startup-taint=node.cilium.io/agent-not-ready",
    // The cluster's own name servers move as other pods do; what must stay says so itself (`safe-to-evict`).
    "--skip-nodes-with-system-pods=false",
    `--scale-down-unneeded-time=${scaleDownAfter}`,
    `--scale-down-delay-after-add=${scaleDownAfter}`,
    `--address=:${autoscalerPort}`,
    "--v=2",
  ];
}

function serverCommand({ server }: PodParts): { command?: string[] } {
  if (server.codeFrom === undefined) return {};
  const unpacked = "/tmp/autoscaler.cjs";
  return {
    command: [
      "sh",
      "-c",
      `gzip -dc /opt/autoscaler/${autoscalerBundle} > ${unpacked} && exec node ${unpacked} /etc/gpu-clusters/config.json`,
    ],
  };
}

const container = {
  securityContext: {
    allowPrivilegeEscalation: false,
    readOnlyRootFilesystem: true,
    capabilities: { drop: ["ALL"] },
  },
};

const probe = (path: string, port: number) => ({ httpGet: { path, port }, periodSeconds: 10, failureThreshold: 6 });

export function podTemplate(parts: PodParts) {
  const { image, server, account, configSecret, cloudConfig, mark, usesMachineRole, labels } = parts;
  return {
    metadata: {
      labels,
      annotations: {
        "gpu-clusters/configuration": mark,
        "cluster-autoscaler.kubernetes.io/safe-to-evict": "false",
      },
    },
    spec: {
      serviceAccountName: account,
      priorityClassName: "system-cluster-critical",
      securityContext: {
        runAsNonRoot: true,
        runAsUser: user,
        runAsGroup: user,
        fsGroup: user,
        seccompProfile: { type: "RuntimeDefault" },
      },
      // Machines that it made must not hold it; where the control plane has machines of its own, they are the place.
      affinity: { nodeAffinity: controlPlaneFirst(usesMachineRole) },
      tolerations: [
        { ...onControlPlanes, effect: "NoSchedule" },
        { key: "gpu-clusters/role", operator: "Equal", value: "control", effect: "NoSchedule" },
      ],
      ...(usesMachineRole && { hostNetwork: true }),
      // The cluster's own name servers may wait for a node that it is to bring.
      dnsPolicy: "Default",
      containers: [
        {
          ...container,
          name: "server",
          image: server.image,
          ...serverCommand(parts),
          resources: { requests: { cpu: "50m", memory: "128Mi" }, limits: { memory: "512Mi" } },
          readinessProbe: probe("/readyz", healthPort),
          livenessProbe: probe("/healthz", healthPort),
          volumeMounts: [
            { name: "socket", mountPath: socket.folder },
            { name: "config", mountPath: "/etc/gpu-clusters", readOnly: true },
            { name: "tmp", mountPath: "/tmp" },
            ...(server.codeFrom === undefined ? [] : [{ name: "code", mountPath: "/opt/autoscaler", readOnly: true }]),
          ],
        },
        {
          ...container,
          name: "cluster-autoscaler",
          image,
          command: pulumi.output(image).apply((image) => ["./cluster-autoscaler", ...flags(parts, image)]),
          resources: { requests: { cpu: "100m", memory: "256Mi" } },
          livenessProbe: { ...probe("/health-check", autoscalerPort), initialDelaySeconds: 60 },
          volumeMounts: [
            { name: "socket", mountPath: socket.folder },
            { name: "cloud-config", mountPath: "/etc/autoscaler", readOnly: true },
          ],
        },
      ],
      volumes: [
        { name: "socket", emptyDir: { medium: "Memory" } },
        { name: "tmp", emptyDir: {} },
        { name: "config", secret: { secretName: configSecret } },
        { name: "cloud-config", configMap: { name: cloudConfig } },
        ...(server.codeFrom === undefined ? [] : [{ name: "code", configMap: { name: server.codeFrom } }]),
      ],
    },
  };
}

function controlPlaneFirst(required: boolean) {
  const term = { matchExpressions: [{ key: controlPlaneLabel, operator: "Exists" }] };
  return required
    ? { requiredDuringSchedulingIgnoredDuringExecution: { nodeSelectorTerms: [term] } }
    : { preferredDuringSchedulingIgnoredDuringExecution: [{ weight: 100, preference: term }] };
}
