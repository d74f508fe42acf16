import { Deployment } from "@pulumi/kubernetes/apps/v1/deployment";
import { ConfigMap } from "@pulumi/kubernetes/core/v1/configMap";
import { Secret } from "@pulumi/kubernetes/core/v1/secret";
import { ServiceAccount } from "@pulumi/kubernetes/core/v1/serviceAccount";
import { ClusterRole } from "@pulumi/kubernetes/rbac/v1/clusterRole";
import { ClusterRoleBinding } from "@pulumi/kubernetes/rbac/v1/clusterRoleBinding";
import { Role } from "@pulumi/kubernetes/rbac/v1/role";
import { RoleBinding } from "@pulumi/kubernetes/rbac/v1/roleBinding";
import { createHash } from "node:crypto";
import { autoscalerBundle } from "../../../sdk/plugin/package";
import { DeploymentStopped } from "../../../sdk/kubernetes/deployment-stopped";
import * as pulumi from "../../../sdk/pulumi";
import { ofAllThere } from "../../left-out";
import { clusterAutoscaler, nodeImage } from "../../versions";
import type { AddOnPlace } from "../add-on";
import { readBundle } from "./bundle";
import { expanderPriorities, serverConfiguration, socket, type ServerConfigurationParts } from "./groups";
import { podTemplate } from "./pod";
import { clusterRules, namespaceRules } from "./rights";

/** How the pod acts, which each cloud's cluster knows. */
export interface AutoscalerRights {
  /** In the cloud by the role of its machine, and not by a key. */
  usesMachineRole?: boolean;
  /** In the cluster by bootstrap tokens that it makes for machines, which cannot join without. */
  mintsTokens?: boolean;
}

export interface AutoscalerOptions extends ServerConfigurationParts, AutoscalerRights {
  /** What the API server runs, `1.36.3`: each minor has a release of its own. */
  kubernetesVersion: pulumi.Input<string>;
  /**
   * An image made by build/autoscaler/Dockerfile.
   * Default: Node's own, with the code from a ConfigMap.
   */
  serverImage?: string;
  /**
   * How long nobody has needed a node that then goes: a Go duration.
   * Default: `10m`.
   */
  scaleDownAfter?: string | undefined;
}

const namespace = "kube-system";
const account = "cluster-autoscaler";
const labels = { app: "gpu-clusters-autoscaler" };
const rbac = "rbac.authorization.k8s.io";

/**
 * Kubernetes' cluster-autoscaler, unmodified, and the server that runs the node groups for it, in one pod.
 *
 * It must be gone before any of the groups goes: make it with `dependsOn` the groups. What is returned stops it then.
 */
export function autoscalerResources(
  name: string,
  args: AutoscalerOptions,
  { kubeconfig, own }: Pick<AddOnPlace, "kubeconfig" | "own">,
  options: pulumi.CustomResourceOptions,
): pulumi.Resource[] {
  const part = (suffix: string) => `${name}-autoscaler${suffix}`;
  const subjects = [{ kind: "ServiceAccount", name: account, namespace }];
  const role = (kind: "Role" | "ClusterRole") => ({ apiGroup: rbac, kind, name: account });
  const metadata = { name: account, namespace };
  const rights = [
    new ServiceAccount(part("-account"), { metadata }, options),
    new ClusterRole(part("-role"), { metadata: { name: account }, rules: clusterRules }, options),
    new Role(part("-namespace-role"), { metadata, rules: namespaceRules(args.mintsTokens ?? false) }, options),
    new ClusterRoleBinding(
      part("-binding"),
      { metadata: { name: account }, roleRef: role("ClusterRole"), subjects },
      options,
    ),
    new RoleBinding(part("-namespace-binding"), { metadata, roleRef: role("Role"), subjects }, options),
  ];
  const text = serverConfiguration(args);
  const cloudConfig = `address: unix://${socket.path}\ngrpc_timeout: 30s\n`;
  const mark = markOf(text, cloudConfig);
  const config = new Secret(
    part("-config"),
    {
      // Another for other contents: the pod that runs keeps its own.
      metadata: { name: pulumi.interpolate`${labels.app}-config-${mark}`, namespace },
      stringData: { "config.json": text },
    },
    options,
  );
  const connection = new ConfigMap(
    part("-cloud-config"),
    { metadata: { name: `${labels.app}-cloud-config`, namespace }, data: { "cloud-config": cloudConfig } },
    options,
  );
  const expander = new ConfigMap(
    part("-priorities"),
    {
      metadata: { name: "cluster-autoscaler-priority-expander", namespace },
      data: { priorities: expanderPriorities(args.groups) },
    },
    options,
  );
  const code = args.serverImage === undefined ? serverCode(part("-code"), options) : undefined;
  const deployment = new Deployment(
    part(""),
    {
      // It is there when the machines that it may run on are nodes, which nobody need wait for here.
      metadata: { name: labels.app, namespace, labels, annotations: { "pulumi.com/skipAwait": "true" } },
      spec: {
        replicas: 1,
        // One writer for each group: the old one ends first.
        strategy: { type: "Recreate" },
        selector: { matchLabels: labels },
        template: podTemplate({
          image: ofAllThere([args.kubernetesVersion], imageFor),
          server: { image: args.serverImage ?? nodeImage, ...(code && { codeFrom: code.name }) },
          account,
          configSecret: config.metadata.name,
          cloudConfig: connection.metadata.name,
          mark,
          usesMachineRole: args.usesMachineRole ?? false,
          scaleDownAfter: args.scaleDownAfter ?? "10m",
          labels,
        }),
      },
    },
    {
      ...options,
      dependsOn: [
        ...rights,
        expander,
        ...(code ? [code.resource] : []),
        ...([options.dependsOn ?? []].flat() as pulumi.Resource[]),
      ],
    },
  );
  const stopped = new DeploymentStopped(
    part("-stopped"),
    { kubeconfig, namespace, name: labels.app, labelSelector: `app=${labels.app}` },
    // Pulumi asks nothing to go whose cluster goes too: without this the autoscaler would act until its machine is off.
    { ...own, dependsOn: [deployment] },
  );
  return [stopped];
}

/** Immutable, so that kubelets need not watch it; another release of ours has another name. */
function serverCode(name: string, options: pulumi.CustomResourceOptions): { name: string; resource: ConfigMap } {
  const { base64, mark } = readBundle();
  const metadata = { name: `${labels.app}-code-${mark}`, namespace };
  const resource = new ConfigMap(
    name,
    { metadata, immutable: true, binaryData: { [autoscalerBundle]: base64 } },
    options,
  );
  return { name: metadata.name, resource };
}

/** A hash says nothing of the keys that went into it. */
function markOf(config: pulumi.Output<string>, cloudConfig: string): pulumi.Output<string> {
  const mark = config.apply((text) => createHash("sha256").update(text).update(cloudConfig).digest("hex").slice(0, 16));
  return pulumi.unsecret(mark);
}

/** For minors that came after this release, the newest there was. */
function imageFor(kubernetesVersion: string): string {
  const minor = kubernetesVersion.replace(/^v/, "").split(".").slice(0, 2).join(".");
  const { image, tags } = clusterAutoscaler;
  return `${image}:${tags[minor] ?? Object.values(tags).at(-1)}`;
}
