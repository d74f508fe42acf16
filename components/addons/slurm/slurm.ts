import { createHmac } from "node:crypto";
import { Namespace } from "@pulumi/kubernetes/core/v1/namespace";
import { PersistentVolumeClaim } from "@pulumi/kubernetes/core/v1/persistentVolumeClaim";
import { Secret } from "@pulumi/kubernetes/core/v1/secret";
import { GeneratedKey } from "../../../sdk/kubernetes/generated-key";
import { LastingChoices } from "../../../sdk/kubernetes/lasting-choices";
import { ObjectReady } from "../../../sdk/kubernetes/object-ready";
import * as pulumi from "../../../sdk/pulumi";
import type { KubernetesCluster, NodeGroupStatus } from "../../cluster";
import { checked, Problems } from "../../errors";
import { checkCluster } from "../../handles";
import { isHost, isOneself } from "../../../sdk/host-and-port";
import { known, knownElements } from "../../inputs";
import { bySchema, heldArgs } from "../../schema-check";
import { authorizedKeyProblem } from "../../ssh-keys";
import { checkBetween, checkChoice, checkObjectName } from "../../value-checks";
import { slurm, slurmOperator, slurmOperatorDefinitions } from "../../versions";
import { chartPlace, tellNeeds, type PinnedChart } from "../chart";
import { hasWorkers, nodeFacts, warnOfGroups } from "../groups";
import { inCluster } from "../in-cluster";
import { ownClaim, ownersIn, ownNamespace, type OneOfAKind } from "../one-of-a-kind";
import { helmRelease } from "../release";
import { blockClass } from "../block-storage/place";
import { chosenClass } from "../shared-storage/place";
import { checkSlurmGroups, checkSlurmName } from "./name";
import { operatorValues, slurmHomes, slurmNamespace, slurmSecrets, slurmValues } from "./values";
import { ofAllThere } from "../../left-out";

/** A node that people log in to. */
export interface SlurmLoginArgs {
  /** Public keys that root accepts there, in OpenSSH's form: at least one. */
  sshAuthorizedKeys: pulumi.Input<pulumi.Input<string>[]>;
  /**
   * Of its Service, at port 22. `LoadBalancer` needs a cloud that makes some, as AWS does.
   * Default: `ClusterIP`.
   */
  serviceType?: "ClusterIP" | "NodePort" | "LoadBalancer";
}

/** A MariaDB of yours, which keeps what jobs took. */
export interface SlurmAccountingArgs {
  /** DNS name or address at which pods of the cluster reach it, without scheme and port: `localhost` would be the pod. */
  host: pulumi.Input<string>;
  /**
   * Default: 3306.
   * @integer
   */
  port?: pulumi.Input<number>;
  /** Default: `slurm_acct_db`. */
  database?: pulumi.Input<string>;
  /** Default: `slurm`. */
  username?: pulumi.Input<string>;
  /**
   * @secret
   */
  password: pulumi.Input<string>;
}

export interface SlurmArgs {
  /** The cluster that it runs in. */
  cluster: KubernetesCluster;
  /**
   * Name of the Slurm cluster, for its life: up to 40 lowercase letters, numbers and dashes, starting with a letter, without a trailing dash.
   * Default: the resource's name.
   */
  clusterName?: string;
  /** A node that people log in to by SSH. Default: none; jobs come in by Slurm's REST interface. */
  login?: SlurmLoginArgs;
  /** Keeps accounts of jobs. Default: nothing is kept. */
  accounting?: SlurmAccountingArgs;
  /**
   * Class of the volume that the controller keeps its state in, for its life.
   * Default: the cluster's `shared`, where it has `sharedStorage`; else the cluster's default class.
   */
  storageClass?: pulumi.Input<string>;
  /**
   * Refuses to delete the namespace, because the controller's state and `/home` go along: set `false` and run `pulumi up` first.
   * Default: `true`.
   */
  protect?: boolean;
}

const namespace = slurmNamespace;
const operatorNamespace = "slinky";

/** What it has to itself in its cluster. */
export const slurmAlone: readonly OneOfAKind[] = [
  {
    key: "Slurm",
    path: "cluster",
    refusal: (owner) => `has ${owner} already, whose namespaces and definitions are there once: a cluster takes one`,
  },
  ...[namespace, operatorNamespace].map((each) => ({
    ...ownNamespace(each),
    path: "cluster",
    refusal: (owner: string) =>
      `"${each}" is the namespace of ${owner}: name another there, Slurm's are ${namespace} and ${operatorNamespace}`,
  })),
  { ...ownClaim(namespace, slurmHomes), path: "cluster" },
];

/**
 * Slurm on Kubernetes by SchedMD's pinned charts (Slinky): the operator and its definitions in the namespace `slinky`; in `slurm` a controller, REST
 * interface, and a set of Slurm's nodes for each worker group, `minSize` of them, each on a machine of its own with all of that machine's GPUs
 * (`--gres=gpu:8`), a partition for each group and one for all. Its keys are made once and kept as secrets.
 *
 * One for a cluster, because its namespaces, definitions and operator are there once.
 *
 * Where the cluster has `sharedStorage`, `/home` of the login node and of all of Slurm's nodes is one directory of it.
 *
 * Waits until the controller runs. `kubectl -n slurm scale nodeset slurm-worker-<group> --replicas=4`, or KEDA by Slurm's queue, makes more or fewer nodes: the
 * autoscaler brings machines for them, up to the group's `maxSize`, and takes those that Slurm has drained and left. It stays until `minSize` or another of
 * the group's fields here changes. In a cluster without worker groups, as an `ExistingCluster` is, Slurm has no nodes, and a warning says so. GPUs that no number asks for
 * (`gpuMode: "dra"`, partitions of several sizes) are none of Slurm's, with a warning, too.
 *
 * Cost: none but about one CPU and 1 GiB of a node, and a volume of 4 GiB.
 *
 * @example
 * const slurm = new Slurm("lab", { cluster, login: { sshAuthorizedKeys: [publicKey] } });
 */
export class Slurm extends pulumi.ComponentResource {
  static readonly __pulumiType = "gpu-clusters:addons:Slurm";

  /** Name of the Slurm cluster, once its controller runs. */
  public readonly clusterName: pulumi.Output<string>;

  constructor(name: string, given: SlurmArgs, options?: pulumi.ComponentResourceOptions) {
    checkSlurmArgs(name, given).raise("Slurm");
    const args = heldArgs(Slurm.__pulumiType, given);
    const { cluster, clusterName = name, accounting, protect = true } = args;
    const password =
      accounting &&
      pulumi.secret(accounting.password).apply((known) => checkedAccounting({ password: known }).password);
    // Of the cluster its name: a component as an input would wait for all that the cluster makes.
    const inputs = {
      ...args,
      cluster: cluster.clusterName,
      ...(accounting && { accounting: { ...accounting, password } }),
    };
    super(Slurm.__pulumiType, name, inputs, options);
    ownersIn(cluster).note(`Slurm "${name}"`, slurmAlone);
    tellNeeds(
      [
        `Slurm: Slinky ${slurm.version}, charts of ${chartPlace(slurm)}; nodes fetch from ghcr.io and docker.io, and its namespaces are privileged`,
      ],
      this,
    );
    const child = inCluster(cluster, this);
    const release = (
      part: string,
      pinned: PinnedChart,
      into: Namespace,
      values: pulumi.Input<object>,
      after: pulumi.Resource[],
      options: pulumi.CustomResourceOptions = {},
    ) =>
      helmRelease(
        `${name}-${part}`,
        pinned,
        {
          name: part,
          namespace: into.metadata.name,
          // The first node for it may have to be bought.
          timeout: 900,
          values: values as pulumi.Input<Record<string, unknown>>,
        },
        { kubeconfig: cluster.kubeconfig, own: { parent: this } },
        { ...child, ...options, dependsOn: [into, ...after] },
      );
    // The operator refuses another name, and takes no notice of another class.
    const { storageClass } = args;
    const choices = { clusterName, ...(storageClass !== undefined && { storageClass }) };
    const lasting = new LastingChoices(`${name}-choices`, { clusterName, choices }, { parent: this });
    const operatorPlace = new Namespace(`${name}-operator-namespace`, { metadata: { name: operatorNamespace } }, child);
    const definitions = release("slurm-operator-crds", slurmOperatorDefinitions, operatorPlace, {}, []);
    const operator = release("slurm-operator", slurmOperator, operatorPlace, operatorValues, [definitions]);

    const place = new Namespace(
      `${name}-namespace`,
      // Slurm's nodes confine jobs by cgroups and BPF.
      { metadata: { name: namespace, labels: { "pod-security.kubernetes.io/enforce": "privileged" } } },
      { ...child, protect },
    );
    const secret = ({ name: secretName, key }: { name: string; key: string }, value: pulumi.Input<string>) =>
      new Secret(
        `${name}-${secretName}`,
        { metadata: { name: secretName, namespace: place.metadata.name }, stringData: { [key]: value } },
        child,
      );
    const generated = (use: string, bytes: number) =>
      new GeneratedKey(`${name}-${use}-key`, { bytes }, { parent: this }).hex;
    const key = generated("auth", 512);
    const secrets = [
      secret(slurmSecrets.auth, key),
      secret(slurmSecrets.jwt, generated("jwt", 32)),
      ...(password === undefined ? [] : [secret(slurmSecrets.accounting, password)]),
    ];
    const homes = cluster.sharedStorageClass && [
      new PersistentVolumeClaim(
        `${name}-homes`,
        {
          metadata: { name: slurmHomes, namespace: place.metadata.name },
          spec: {
            accessModes: ["ReadWriteMany"],
            // A claim must say one; nothing of the class ends at it.
            resources: { requests: { storage: "100Gi" } },
            storageClassName: cluster.sharedStorageClass,
          },
        },
        { ...child, protect },
      ),
    ];
    const before = [lasting, operator, ...secrets, ...(homes ?? [])];
    warnOfGroups(cluster, { service: "Slurm", noGroups: noNodes }, this);
    const passwordMark = password && pulumi.unsecret(ofAllThere([key, password], markOf));
    const whole = release("slurm", slurm, place, valuesOf(args, { clusterName, passwordMark }), before, {
      // A StatefulSet's claims stay as they were made, also where the cluster got its shared storage later, and the controller where its volume is.
      ignoreChanges: ["persistence", "podSpec.nodeSelector"].map((path) => `values.controller.${path}`),
    });
    // The charts' own objects never say that they are ready.
    const controller = new ObjectReady(
      `${name}-controller`,
      {
        kubeconfig: cluster.kubeconfig,
        apiVersion: "apps/v1",
        kind: "StatefulSet",
        namespace,
        name: "slurm-controller",
        conditions: [],
        fields: { controllers: "status.readyReplicas" },
        hint: "kubectl -n slurm describe pods says what the controller lacks: a node with room, its volume, or its image",
      },
      { parent: this, dependsOn: [whole] },
    );
    this.clusterName = controller.status.apply(() => clusterName);
    this.registerOutputs({ clusterName: this.clusterName });
  }
}

/** Another for each password. Without the key nobody can try which it is of. */
function markOf(key: string, password: string): string {
  return createHmac("sha256", key).update(password).digest("hex").slice(0, 16);
}

interface Known {
  clusterName: string;
  passwordMark: pulumi.Output<string> | undefined;
}

function valuesOf({ cluster, login, accounting, storageClass }: SlurmArgs, { clusterName, passwordMark }: Known) {
  const keys = login && pulumi.output(login.sshAuthorizedKeys).apply(checkedKeys);
  const place = accounting && {
    host: accounting.host,
    port: accounting.port ?? 3306,
    database: accounting.database ?? "slurm_acct_db",
    username: accounting.username ?? "slurm",
  };
  const database =
    place &&
    pulumi
      .all([pulumi.output(place).apply(checkedAccounting), passwordMark])
      .apply(([checked, mark]) => ({ ...checked, passwordMark: mark! }));
  const own = pulumi.output({
    ownClass: storageClass,
    sharedClass: cluster.sharedStorageClass,
    database,
    sshAuthorizedKeys: keys,
  });
  return ofAllThere([own, cluster.nodeGroups], ({ ownClass, sharedClass, database, sshAuthorizedKeys }, groups) =>
    slurmValues({
      clusterName,
      groups: checkedGroups(groups),
      facts: nodeFacts.get(cluster),
      ...chosenClass("Slurm", ownClass, sharedClass),
      blockClass: blockClass.get(cluster),
      hasHomes: cluster.sharedStorageClass !== undefined,
      login: login && { serviceType: login.serviceType ?? "ClusterIP", sshAuthorizedKeys: sshAuthorizedKeys! },
      accounting: database,
    }),
  );
}

const noNodes =
  "Slurm has no nodes and jobs wait for ever. An ExistingCluster has no groups: take a cluster whose groups this package makes, or make Slinky's " +
  `NodeSets in the namespace ${namespace} yourself`;

/** Throws `InvalidInput` where one cannot become Slurm's nodes. */
export function checkedGroups(groups: NodeGroupStatus[]): NodeGroupStatus[] {
  const names = groups.map((group) => (hasWorkers(group) ? group.name : undefined));
  return checked("Slurm", groups, (problems) =>
    checkSlurmGroups(names, (index) => `cluster.nodeGroups[${index}].name`, problems),
  );
}

/** Throws `InvalidInput` where nobody could log in by them. */
export function checkedKeys(keys: string[]): string[] {
  return checked("Slurm", keys, (problems) => checkKeys("login.sshAuthorizedKeys", keys, problems));
}

/** Throws `InvalidInput` where Slurm's daemon could not read it. */
export function checkedAccounting<Part extends Partial<pulumi.Unwrap<SlurmAccountingArgs>>>(part: Part): Part {
  return checked("Slurm", part, (problems) => checkAccounting("accounting.", part, problems));
}

/** Undefined stands for what is not known yet. */
function checkKeys(path: string, keys: readonly (string | undefined)[] | undefined, problems: Problems): void {
  // An Output may become anything.
  if (keys !== undefined && !Array.isArray(keys)) return problems.add(path, "must be a list of keys");
  if (keys?.length === 0) problems.add(path, "must have at least one key, or nobody can log in");
  keys?.forEach((key, index) => {
    const problem = key === undefined ? undefined : authorizedKeyProblem(key);
    if (problem !== undefined) problems.add(`${path}[${index}]`, problem);
  });
}

export function checkSlurmArgs(name: string, given: SlurmArgs): Problems {
  const problems = new Problems();
  const { cluster, clusterName = name, ...args } = bySchema(Slurm.__pulumiType, given, problems);
  checkCluster("cluster", cluster, problems);
  ownersIn(cluster).check(slurmAlone, problems);
  checkSlurm({ clusterName, ...args }, problems);
  return problems;
}

/** Slurm's daemon reads a file of lines, to which each of them goes. */
function checkAccounting(path: string, accounting: Partial<SlurmAccountingArgs>, problems: Problems): void {
  const [host, port] = [known(accounting.host), known(accounting.port)];
  if (host !== undefined && !isHost(host))
    problems.add(`${path}host`, `"${host}" must be a DNS name or an address, without scheme and port`);
  else if (host !== undefined && isOneself(host))
    problems.add(`${path}host`, `"${host}" is the pod itself: name where pods of the cluster reach the database`);
  checkBetween(`${path}port`, port, [1, 65_535], problems);
  for (const field of ["database", "username"] as const) {
    const text = known(accounting[field]);
    if (text !== undefined && !/^[\w$.@-]{1,64}$/.test(text))
      problems.add(`${path}${field}`, `${JSON.stringify(text)} must have 1 to 64 letters, digits and _ $ . @ -`);
  }
  const password = known(accounting.password);
  if (password !== undefined && !/^[^\s\p{C}#]+$/u.test(password))
    problems.add(`${path}password`, "must have at least one character, and no spaces and no #");
}

/** `path` stands before each field, with its dot. */
export function checkSlurm(
  { clusterName, login, accounting, storageClass }: Omit<SlurmArgs, "cluster"> & { clusterName: string },
  problems: Problems,
  path = "",
): void {
  checkSlurmName(`${path}clusterName`, clusterName, problems);
  checkChoice(`${path}login.serviceType`, login?.serviceType, ["ClusterIP", "NodePort", "LoadBalancer"], problems);
  checkKeys(`${path}login.sshAuthorizedKeys`, knownElements(login?.sshAuthorizedKeys), problems);
  if (accounting) checkAccounting(`${path}accounting.`, accounting, problems);
  checkObjectName(`${path}storageClass`, storageClass, problems);
}
