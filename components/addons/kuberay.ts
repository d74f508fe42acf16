import { Namespace } from "@pulumi/kubernetes/core/v1/namespace";
import { Chart } from "@pulumi/kubernetes/helm/v4/chart";
import { ObjectsGone } from "../../sdk/kubernetes/objects-gone";
import * as pulumi from "../../sdk/pulumi";
import type { KubernetesCluster } from "../cluster";
import { Problems } from "../errors";
import { checkCluster } from "../handles";
import { bySchema, heldArgs } from "../schema-check";
import { checkOwnNamespace } from "../value-checks";
import { kuberayOperator } from "../versions";
import { chartPlace, chartSource, tellNeeds } from "./chart";
import { inCluster, onAnyNode } from "./in-cluster";
import { ownersIn, ownNamespace, type OneOfAKind } from "./one-of-a-kind";

export interface KubeRayArgs {
  /** The cluster that it runs in. */
  cluster: KubernetesCluster;
  /**
   * Version of the chart, in full, for a platform that wants another one: definitions differ between them.
   * Default: `1.7.0`.
   */
  version?: string;
  /**
   * Namespace that is made for the operator; Ray clusters are in any.
   * Default: `ray-system`.
   */
  namespace?: string;
}

/**
 * KubeRay, which makes Ray clusters (`RayCluster`), jobs (`RayJob`) and services (`RayService`) of pods: its operator and their definitions, by
 * its pinned Helm chart. One for a cluster: two would work against each other, and the definitions of another refuse to be taken over.
 *
 * The definitions are resources as the rest of the chart is, upgraded with it and deleted with it, and all Ray clusters, jobs and services of the cluster go before them,
 * whoever made them, while the operator can let them go: for up to five minutes, with an error that names what stays.
 *
 * Cost: none but 100m and 512 MiB of a node.
 *
 * @example
 * const ray = new KubeRay("ray", { cluster });
 * // new CustomResource("job", { apiVersion: "ray.io/v1", kind: "RayJob", … }, { provider: cluster.kubeProvider, dependsOn: [ray] });
 */
export class KubeRay extends pulumi.ComponentResource {
  static readonly __pulumiType = "gpu-clusters:addons:KubeRay";

  /** Known once the operator is there. */
  public readonly namespace: pulumi.Output<string>;

  constructor(name: string, given: KubeRayArgs, options?: pulumi.ComponentResourceOptions) {
    checkKubeRay(given).raise("KubeRay");
    const args = heldArgs(KubeRay.__pulumiType, given);
    const { cluster, namespace = defaultNamespace, version = kuberayOperator.version } = args;
    // Of the cluster its name: a component as an input would wait for all that the cluster makes.
    super(KubeRay.__pulumiType, name, { ...args, cluster: cluster.clusterName }, options);
    ownersIn(cluster).note(`KubeRay "${name}"`, kubeRayAlone(namespace));
    const pinned = { ...kuberayOperator, version };
    tellNeeds([`KubeRay ${version}, a chart of ${chartPlace(pinned)}; nodes fetch from quay.io`], this);
    const child = inCluster(cluster, this);
    const place = new Namespace(`${name}-namespace`, { metadata: { name: namespace } }, child);
    const chart = new Chart(
      `${name}-operator`,
      {
        name: pinned.chart,
        ...chartSource(pinned),
        namespace: place.metadata.name,
        // Reference: helm-chart/kuberay-operator/values.yaml of ray-project/kuberay, v1.7.0.
        values: { tolerations: onAnyNode },
      },
      { ...child, dependsOn: [place] },
    );
    // What only the operator lets go must have gone before it and the definitions do, which may go in one moment.
    new ObjectsGone(
      `${name}-objects`,
      { kubeconfig: cluster.kubeconfig, controller: "KubeRay's operator", kinds: rayKinds },
      { parent: this, dependsOn: chart.resources.apply((): pulumi.Resource[] => [chart]) },
    );
    this.namespace = pulumi.all([place.metadata.name, chart.resources]).apply(([made]) => made);
    this.registerOutputs({ namespace: this.namespace });
  }
}

const defaultNamespace = "ray-system";

/** A version of the chart may not have each of them. */
const rayKinds = ["RayCronJob", "RayJob", "RayService", "RayCluster"].map((kind) => ({
  apiVersion: "ray.io/v1",
  kind,
}));

/** What it has to itself in its cluster. */
export function kubeRayAlone(namespace = defaultNamespace): OneOfAKind[] {
  return [theKubeRay, ownNamespace(namespace)];
}

export const theKubeRay: OneOfAKind = {
  key: "KubeRay",
  path: "cluster",
  refusal: (owner) =>
    `has ${owner} already, whose operator looks after every namespace by definitions that are there once: a cluster takes one`,
};

export function checkKubeRay(given: KubeRayArgs): Problems {
  const problems = new Problems();
  const { cluster, namespace, version } = bySchema(KubeRay.__pulumiType, given, problems);
  checkCluster("cluster", cluster, problems);
  checkOwnNamespace("namespace", namespace, problems);
  ownersIn(cluster).check(kubeRayAlone(namespace), problems);
  // Helm takes ranges, too, and then whatever is the newest: another one with each `up`.
  if (version !== undefined && !/^v?(0|[1-9]\d*)(\.(0|[1-9]\d*)){2}(-[\w.-]+)?(\+[\w.-]+)?$/.test(version))
    problems.add(
      "version",
      `"${version}" must be one version of the chart in full, such as ${kuberayOperator.version}`,
    );
  return problems;
}
