import { ConfigMap } from "@pulumi/kubernetes/core/v1/configMap";
import { Secret } from "@pulumi/kubernetes/core/v1/secret";
import { ServiceAccount } from "@pulumi/kubernetes/core/v1/serviceAccount";
import { ClusterRole } from "@pulumi/kubernetes/rbac/v1/clusterRole";
import { ClusterRoleBinding } from "@pulumi/kubernetes/rbac/v1/clusterRoleBinding";
import * as pulumi from "../../sdk/pulumi";
import {
  clusterRole,
  clusterRoleBinding,
  computeNamespace as namespace,
  rayRights,
  serviceAccount,
  storageConfigMap,
  storageSecret,
} from "../../sdk/michelangelo/names";
import { Registration } from "../../sdk/michelangelo/registration";
import { warnOfOtherGpus } from "../addons/groups";
import { inCluster } from "../addons/in-cluster";
import { ownersIn } from "../addons/one-of-a-kind";
import { KubeRay } from "../addons/kuberay";
import { checked } from "../errors";
import { known } from "../inputs";
import { claimPlatform } from "../platforms";
import { ExistingCluster } from "../existing/cluster";
import { heldArgs } from "../schema-check";
import type { ComputeClusterArgs, ComputeStorageArgs } from "./args";
import { checkComputeCluster, checkKeys, ownCluster } from "./validate";

/** Michelangelo's own sandbox has this one; it knows Ray's kinds of that time. */
const kubeRayVersion = "1.4.2";
const rbac = "rbac.authorization.k8s.io";

/**
 * A cluster as Michelangelo's compute cluster, in which it runs Ray jobs: KubeRay's operator, the ServiceAccount `ray-manager` with its rights, the
 * storage's settings, and the registration with the control plane. `pulumi up` ends when Michelangelo itself reports the cluster as ready.
 *
 * Michelangelo puts its jobs into the namespace `default` and asks for `nvidia.com/gpu`; it keeps credentials in Secrets of its control plane's
 * `default`. A cluster is registered with one platform only.
 *
 * Cost: none but KubeRay's operator, 100m and 512 MiB of a node.
 *
 * @example
 * const controlPlane = new ExistingCluster("michelangelo", { kubeconfig: config.requireSecret("michelangelo") });
 * new ComputeCluster("train", { cluster, controlPlane, storage: { fileSystem: "s3://michelangelo" } });
 */
export class ComputeCluster extends pulumi.ComponentResource {
  static readonly __pulumiType = "gpu-clusters:michelangelo:ComputeCluster";

  /** Name in Michelangelo. */
  public readonly clusterName: pulumi.Output<string>;
  /** At which Michelangelo reaches the cluster. */
  public readonly apiServer: pulumi.Output<string>;
  /** When the token that Michelangelo uses was made, RFC 3339. */
  public readonly tokenIssuedAt: pulumi.Output<string>;
  /** `ready` once Michelangelo reports it so; unknown before that. */
  public readonly status: pulumi.Output<string>;

  constructor(name: string, given: ComputeClusterArgs, options?: pulumi.ComponentResourceOptions) {
    checkComputeCluster(given).raise("ComputeCluster");
    const args = heldArgs(ComputeCluster.__pulumiType, given);
    const { cluster, controlPlane, storage, rotation, kubeRay = true } = args;
    const secretly = storage.credentials && { ...storage, credentials: pulumi.secret(storage.credentials) };
    // Of the clusters their names: a component as an input would wait for all that it makes.
    const shown = {
      cluster: cluster.clusterName,
      controlPlane: controlPlane.clusterName,
      storage: secretly ?? storage,
    };
    super(ComputeCluster.__pulumiType, name, { ...args, ...shown }, options);
    ownersIn(controlPlane).note(`ComputeCluster "${name}"`, ownCluster(known(given.clusterName)));
    warnOfOtherGpus(cluster, "Michelangelo", this);
    const { provider, ...whenReady } = inCluster(cluster, this);
    const claim = claimPlatform(name, cluster, "Michelangelo", whenReady);
    const child = { parent: this, provider, dependsOn: [claim] };
    // What a component depends on, its children do not.
    const status = pulumi.all([cluster.status, claim.platform]).apply(([ready]) => ready);
    const claimed = { ...cluster, status };
    const ray = kubeRay
      ? [new KubeRay(`${name}-ray`, { cluster: claimed, version: kubeRayVersion }, { parent: this })]
      : [];
    const access = accessOf(name, child);
    const settings = storageOf(name, storage, child);
    const { region, zone, dataCenter, serviceLevel, skus, apiServer, controllerManager, timeoutMinutes } = args;
    const registration = new Registration(
      `${name}-registration`,
      {
        kubeconfig: cluster.kubeconfig,
        controlPlaneKubeconfig: controlPlane.kubeconfig,
        clusterName: args.clusterName ?? cluster.clusterName,
        region,
        zone,
        dataCenter,
        serviceLevel,
        skus,
        apiServer,
        controllerManager,
        ...(timeoutMinutes !== undefined && { timeoutSeconds: 60 * timeoutMinutes }),
        rotateEvery: rotation?.every,
      },
      // The control plane's kubeconfig may be known before its machine is there: its provider comes when the API answers, and goes before the machine.
      {
        parent: this,
        dependsOn: [...ray, ...access, ...settings, controlPlane.kubeProvider],
        // Its name is that of a context: another one in somebody's file is no other cluster.
        ...(args.clusterName === undefined && cluster instanceof ExistingCluster && { ignoreChanges: ["clusterName"] }),
      },
    );
    this.clusterName = registration.clusterName;
    this.apiServer = pulumi.interpolate`${registration.host}:${registration.port}`;
    this.tokenIssuedAt = registration.tokenIssuedAt;
    this.status = registration.status;
    this.registerOutputs({
      clusterName: this.clusterName,
      apiServer: this.apiServer,
      tokenIssuedAt: this.tokenIssuedAt,
      status: this.status,
    });
  }
}

function accessOf(name: string, options: pulumi.CustomResourceOptions): pulumi.Resource[] {
  const account = new ServiceAccount(
    `${name}-account`,
    { metadata: { name: serviceAccount, namespace }, automountServiceAccountToken: false },
    options,
  );
  const { apiGroup, resources, verbs } = rayRights;
  const role = new ClusterRole(
    `${name}-role`,
    { metadata: { name: clusterRole }, rules: [{ apiGroups: [apiGroup], resources, verbs }] },
    options,
  );
  const binding = new ClusterRoleBinding(
    `${name}-binding`,
    {
      metadata: { name: clusterRoleBinding },
      roleRef: { apiGroup: rbac, kind: "ClusterRole", name: clusterRole },
      subjects: [{ kind: "ServiceAccount", name: serviceAccount, namespace }],
    },
    { ...options, dependsOn: [account, role] },
  );
  return [account, role, binding];
}

/** What Ray's pods read: Michelangelo names the ConfigMap in each, as all of their environment. */
function storageOf(
  name: string,
  { fileSystem, endpoint, credentials }: ComputeStorageArgs,
  options: pulumi.CustomResourceOptions,
): pulumi.Resource[] {
  const scheme = pulumi.output(endpoint).apply((url) => (url?.startsWith("http://") ? "http" : "https"));
  const key = (field: keyof NonNullable<typeof credentials>) =>
    pulumi
      .output(credentials![field])
      .apply((text) => checked("ComputeCluster", text, (problems) => checkKeys({ [field]: text }, problems)));
  const keys = credentials && {
    AWS_ACCESS_KEY_ID: key("accessKeyId"),
    AWS_SECRET_ACCESS_KEY: pulumi.secret(key("secretAccessKey")),
  };
  const data = {
    MA_FILE_SYSTEM: fileSystem,
    MA_FILE_SYSTEM_S3_SCHEME: scheme,
    ...(endpoint !== undefined && { AWS_ENDPOINT_URL: endpoint }),
    ...keys,
  };
  const settings = new ConfigMap(
    `${name}-storage`,
    { metadata: { name: storageConfigMap, namespace }, data: keys ? pulumi.secret(data) : data },
    options,
  );
  if (keys === undefined) return [settings];
  const secret = new Secret(
    `${name}-storage-credentials`,
    { metadata: { name: storageSecret, namespace }, type: "Opaque", stringData: keys },
    options,
  );
  return [settings, secret];
}
