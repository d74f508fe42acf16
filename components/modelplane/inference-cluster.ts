import { CustomResource } from "@pulumi/kubernetes/apiextensions/customResource";
import { LastingChoices } from "../../sdk/kubernetes/lasting-choices";
import { ObjectReady } from "../../sdk/kubernetes/object-ready";
import * as pulumi from "../../sdk/pulumi";
import { ownersIn } from "../addons/one-of-a-kind";
import { heldArgs } from "../schema-check";
import type { ExistingSourceArgs, InferenceClusterArgs } from "./args";
import { attach, type Attachment } from "./attachment";
import { checkInferenceCluster } from "./cluster-checks";
import { apiVersion } from "./inference-class";
import { ownInferenceCluster } from "./names";
import { nodePool } from "./pools";
import { regionOf, sourceOf, sources, type SourceKey } from "./source";
import { ofAllThere } from "../left-out";

const kind = "InferenceCluster";

/** Whose change makes another cluster. Modelplane itself would take them, and delete what it had made without a word. */
const lasting = [
  "spec.cluster.source",
  "spec.cluster.eks.region",
  "spec.cluster.gke.region",
  "spec.cluster.aks.location",
  "spec.cluster.vultr.region",
];

/**
 * A cluster that Modelplane serves models on: one that is there, from any cloud, or one that Modelplane makes. `pulumi up` waits until it is `Ready` and
 * its gateway has an address, and says with the object's conditions why it is not.
 *
 * A cluster that is there gets a ServiceAccount with `cluster-admin`, because Modelplane installs definitions, roles and webhooks in it; its token's
 * kubeconfig is a Secret in Modelplane's namespace (`identity`: a cloud's account, and no token). It must have DRA, no device plugin, nodes with the pools' labels, one node without a
 * GPU and a taint, and load balancers: what is missing is told before Modelplane hears of it.
 *
 * Another source, region or name of a pool makes another cluster: the preview warns of it, and the old one goes first. Pools come and go, and may stand in
 * another order. Deleting it waits until Modelplane
 * has taken down what it made; its access goes last.
 *
 * Cost: none for a cluster that is there, save what Modelplane installs; else all that Modelplane makes in the cloud.
 *
 * @example
 * const served = new InferenceCluster("us-east", {
 *   controlPlane,
 *   existing: { cluster },
 *   nodePools: [{ name: "gpu" }],
 *   labels: { "example.com/region": "us-east" },
 * });
 */
export class InferenceCluster extends pulumi.ComponentResource {
  static readonly __pulumiType = "gpu-clusters:modelplane:InferenceCluster";

  /** Name of the object. */
  public readonly clusterName: pulumi.Output<string>;
  /** Where the cluster's models are served, for Modelplane's own gateway; known once it is ready. */
  public readonly gatewayAddress: pulumi.Output<string>;
  /** `ready`; unknown until then. */
  public readonly status: pulumi.Output<string>;

  constructor(name: string, given: InferenceClusterArgs, options?: pulumi.ComponentResourceOptions) {
    checkInferenceCluster(name, given).raise(kind);
    const args = heldArgs(InferenceCluster.__pulumiType, given);
    const { controlPlane, clusterName = name, existing } = args;
    const source = sourceOf(args)!;
    // Of clusters their names: a component as an input would wait for all that the cluster makes.
    super(
      InferenceCluster.__pulumiType,
      name,
      {
        ...args,
        controlPlane: controlPlane.clusterName,
        ...(existing && { existing: shown(existing) }),
        nodePools: args.nodePools.map(({ class: given, ...pool }) => ({
          ...pool,
          class: typeof given === "object" ? given.className : given,
        })),
      },
      options,
    );
    ownersIn(controlPlane).note(`InferenceCluster "${name}"`, [ownInferenceCluster(clusterName)]);
    const platform = platformReady(name, args, this);
    const after = [platform];
    const attachment = existing && attach(existing, { ...args, name, clusterName, parent: this, after });
    const pools = args.nodePools.map((pool, index) =>
      nodePool(index, pool, { name, clusterName, controlPlane, existing, parent: this, after }),
    );
    const spec = {
      cluster: sourceSpec(source, args, attachment),
      ...(args.taints && { taints: args.taints }),
      nodePools: pools.map((pool) => pool.spec),
    };
    // Looked at before the object, or nobody would be told before it goes.
    const choices = new LastingChoices(
      `${name}-choices`,
      { clusterName, choices: choicesOf(source, args), parts: partsOf(source, args), onChange: "warn" },
      { parent: this },
    );
    const object = new CustomResource(
      `${name}-cluster`,
      {
        apiVersion,
        kind,
        metadata: { name: clusterName, labels: args.labels, annotations },
        spec,
      },
      {
        parent: this,
        provider: controlPlane.kubeProvider,
        dependsOn: [platform, choices, ...(attachment?.resources ?? []), ...pools.flatMap(({ made }) => made)],
        replaceOnChanges: lasting,
        // Pools have names and no order: another one is no change of the list's first.
        replaceWith: [choices],
        // There is one of its name.
        deleteBeforeReplace: true,
      },
    );
    const ready = new ObjectReady(
      `${name}-ready`,
      {
        kubeconfig: controlPlane.kubeconfig,
        apiVersion,
        kind,
        name: clusterName,
        uid: object.metadata.apply((metadata) => metadata?.uid ?? ""),
        conditions: [{ type: "Synced" }, { type: "Ready" }],
        fields: { gatewayAddress: "status.gateway.address" },
        triggers: { spec: pulumi.jsonStringify(spec) },
        deletes: true,
        users: { apiVersion, kind: "ModelReplica", labelSelector: `modelplane.ai/cluster=${clusterName}` },
        hint: existing
          ? existing.cluster.endpoint.apply((endpoint) => hintOf(clusterName, endpoint))
          : hintOf(clusterName),
        timeoutSeconds: 60 * (args.timeoutMinutes ?? (existing ? 20 : 60)),
      },
      { parent: this, dependsOn: [object] },
    );
    this.clusterName = pulumi.output(clusterName);
    this.gatewayAddress = ofAllThere([ready.values], (values) => values["gatewayAddress"]!);
    this.status = ready.status;
    this.registerOutputs({
      clusterName: this.clusterName,
      gatewayAddress: this.gatewayAddress,
      status: this.status,
    });
  }
}

function shown({ cluster, identity, ...rest }: ExistingSourceArgs): object {
  const secretly = identity && { ...identity, credentials: pulumi.secret(identity.credentials) };
  return { ...rest, cluster: cluster.clusterName, ...(secretly && { identity: secretly }) };
}

/** Its readiness, and its end, are another resource's to wait for, which can say why. */
const annotations = { "pulumi.com/skipAwait": "true", "pulumi.com/deletionPropagationPolicy": "foreground" };

function platformReady(name: string, { controlPlane }: InferenceClusterArgs, parent: pulumi.Resource): ObjectReady {
  return new ObjectReady(
    `${name}-platform`,
    {
      kubeconfig: controlPlane.kubeconfig,
      apiVersion: "apiextensions.k8s.io/v1",
      kind: "CustomResourceDefinition",
      name: "inferenceclusters.modelplane.ai",
      conditions: [{ type: "Established" }],
      hint:
        "Modelplane does not run in the cluster of controlPlane: `kubectl get configuration.pkg.crossplane.io modelplane` there must show it " +
        "HEALTHY. Nothing was written.",
      timeoutSeconds: 120,
    },
    { parent, dependsOn: [controlPlane.kubeProvider] },
  );
}

function sourceSpec(source: SourceKey, args: InferenceClusterArgs, attachment: Attachment | undefined): object {
  if (attachment === undefined) return { source: sources[source], [source]: args[source] };
  return { source: sources.existing, existing: attachment.spec };
}

function choicesOf(source: SourceKey, args: InferenceClusterArgs): Record<string, string> {
  const place = regionOf(args);
  return { source, ...(place && { [place.path]: place.region }) };
}

function partsOf(source: SourceKey, { nodePools }: InferenceClusterArgs): Record<string, string> {
  const loss =
    source === "existing"
      ? "Modelplane ends what it serves on its nodes, which stay"
      : "Modelplane takes its nodes away, and what it serves on them ends";
  return Object.fromEntries(nodePools.map(({ name }) => [`nodePools "${name}"`, loss]));
}

/** @param endpoint of a cluster that is there */
function hintOf(clusterName: string, endpoint?: string): string {
  const made =
    endpoint === undefined
      ? ", and at the cloud's own messages in `kubectl get managed`"
      : `, and whether its pods reach the cluster at ${endpoint}, of which ClusterReady says nothing`;
  return (
    `Look at \`kubectl describe inferencecluster ${clusterName}\` in Modelplane's cluster${made}. While ModelReplicas run on it, Modelplane does not ` +
    "let it go: delete their ModelDeployments, or give these a `clusterSelector` that does not choose it, and go on once the replicas are gone. Where Modelplane is gone for good, nobody takes its finalizers off: do so with `kubectl patch`, " +
    "and look for what it left in the cloud."
  );
}
