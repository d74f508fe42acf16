import { Namespace } from "@pulumi/kubernetes/core/v1/namespace";
import { clientIdProblem, issuerProblem } from "../../../sdk/keycloak/checks";
import { GeneratedKey } from "../../../sdk/kubernetes/generated-key";
import { isLater, noValue } from "../../../sdk/resource-inputs";
import * as pulumi from "../../../sdk/pulumi";
import type { KubernetesCluster } from "../../cluster";
import { checked, Problems } from "../../errors";
import { isObject } from "../../fields";
import { checkCluster } from "../../handles";
import { known } from "../../inputs";
import { bySchema, heldArgs } from "../../schema-check";
import { checkBetween, checkChoice, checkObjectName, checkOwnNamespace } from "../../value-checks";
import { jupyterhub } from "../../versions";
import { chartPlace, tellNeeds } from "../chart";
import { nodeFacts, warnOfGroups } from "../groups";
import { inCluster } from "../in-cluster";
import { ownClaim, ownersIn, ownNamespace, type OneOfAKind } from "../one-of-a-kind";
import { helmRelease } from "../release";
import { blockClass } from "../block-storage/place";
import { chosenClass, sharedStorageClass } from "../shared-storage/place";
import { checkHubUrl } from "./address";
import { hubValues } from "./values";
import { ofAllThere } from "../../left-out";

/**
 * Who lets people in: an `OAuth2Client`, or what is known of another one.
 * @handle
 */
export interface HubClient {
  /** `https://sso.example.com/realms/lab`, a realm of Keycloak. */
  issuer: pulumi.Input<string>;
  clientId: pulumi.Input<string>;
  /** Kept as a secret. */
  secret: pulumi.Input<string>;
}

export interface JupyterHubArgs {
  /** The cluster that it runs in. */
  cluster: KubernetesCluster;
  /** Where people reach it: `https://hub.example.com`, as browsers write it, without a path. Of an Output `url.apply(hubCallback)` is what the client must have. What leads there to the Service `proxy-public` is yours, TLS too. */
  url: pulumi.Input<string>;
  /**
   * The client by which people log in: an `OAuth2Client` whose `redirectUris` have `hubCallback(url)`.
   */
  client: HubClient;
  /**
   * Class of the users' volumes. The hub's own is in it too, unless the cluster has `blockStorage`: it has an SQLite file, which is not for file servers. Volumes
   * that are there stay in the class that they were made in.
   * Default: the cluster's `shared`, where it has `sharedStorage`; else the cluster's default class.
   */
  storageClass?: pulumi.Input<string>;
  /**
   * Size of each user's home, in GiB.
   * Default: 10.
   * @integer
   */
  homeGib?: number;
  /**
   * Minutes without work after which a user's server is stopped; its home stays.
   * Default: 60.
   * @integer
   */
  idleMinutes?: number;
  /**
   * Of the Service `proxy-public`. `LoadBalancer` needs a cloud that makes some, as AWS does.
   * Default: `ClusterIP`.
   */
  serviceType?: "ClusterIP" | "NodePort" | "LoadBalancer";
  /**
   * Namespace that is made for it.
   * Default: `jupyterhub`.
   */
  namespace?: string;
  /**
   * Refuses to delete the namespace, because users' homes go along: set `false` and run `pulumi up` first.
   * Default: `true`.
   */
  protect?: boolean;
}

/**
 * JupyterHub for the people of a realm of Keycloak, by its pinned chart (Zero to JupyterHub): notebooks without a GPU, or with as many of a node's as
 * they choose, in each worker group that has some, whose taints they tolerate. Where all groups have taints, those without a GPU run on groups that give
 * pods none. GPUs that no number asks for (`gpuMode: "dra"`, partitions of several sizes) nobody gets, and a warning says so, as in a cluster without
 * groups. On Mithril, whose nodes have no labels, GPUs of all groups are one choice. Servers that nobody uses are stopped. Its own keys are made once and kept as secrets. Another in the
 * cluster has a namespace of its own.
 *
 * Cost: none but half a CPU and 1 GiB of a node, and the volumes.
 *
 * @example
 * const url = "https://hub.example.com";
 * const client = new OAuth2Client("hub", { realm: "lab", clientId: "hub", redirectUris: [hubCallback(url)] });
 * const hub = new JupyterHub("hub", { cluster, url, client });
 */
export class JupyterHub extends pulumi.ComponentResource {
  static readonly __pulumiType = "gpu-clusters:addons:JupyterHub";

  /** Where people reach it, once it runs. */
  public readonly url: pulumi.Output<string>;
  /** Known once it runs. */
  public readonly namespace: pulumi.Output<string>;

  constructor(name: string, given: JupyterHubArgs, options?: pulumi.ComponentResourceOptions) {
    checkJupyterHub(given).raise("JupyterHub");
    const args = heldArgs(JupyterHub.__pulumiType, given);
    const { cluster, client, namespace = defaultNamespace } = args;
    // By its fields: of a resource as a whole nothing is awaited, nor found out.
    // One that is left out has no id, and nothing else that anybody could miss.
    const id = pulumi.CustomResource.isInstance(client) ? client.id : undefined;
    const part = (field: keyof HubClient) =>
      pulumi.all([client[field], id]).apply(([value]) => checkedClientPart(field, value));
    const kept = { issuer: part("issuer"), clientId: part("clientId"), secret: pulumi.secret(part("secret")) };
    // Of the cluster its name: a component as an input would wait for all that the cluster makes.
    const inputs = { ...args, cluster: cluster.clusterName, client: { clientId: kept.clientId, issuer: kept.issuer } };
    super(JupyterHub.__pulumiType, name, inputs, options);
    ownersIn(cluster).note(`JupyterHub "${name}"`, hubAlone(namespace));
    tellNeeds(hubNeeds(cluster, known(args.storageClass)), this);
    warnOfGroups(cluster, { service: "JupyterHub", noGroups: noProfiles }, this);
    const child = inCluster(cluster, this);
    const key = (use: string) => new GeneratedKey(`${name}-${use}`, {}, { parent: this }).hex;
    const keys = { cookies: key("cookies"), proxy: key("proxy"), sessions: key("sessions") };
    const place = new Namespace(
      `${name}-namespace`,
      { metadata: { name: namespace } },
      { ...child, protect: args.protect ?? true },
    );
    const url = pulumi.output(args.url).apply(checkedUrl);
    const own = pulumi.output({
      kept,
      keys,
      ownClass: args.storageClass,
      sharedClass: cluster.sharedStorageClass,
      url,
    });
    const values = ofAllThere(
      [own, cluster.nodeGroups],
      ({ kept: { issuer, clientId, secret }, keys, ownClass, sharedClass, url }, groups) =>
        hubValues({
          url,
          issuer,
          clientId,
          clientSecret: secret,
          keys,
          groups,
          facts: nodeFacts.get(cluster),
          ...chosenClass("JupyterHub", ownClass, sharedClass),
          blockClass: blockClass.get(cluster),
          homeGib: args.homeGib ?? 10,
          idleMinutes: args.idleMinutes ?? 60,
          serviceType: args.serviceType ?? "ClusterIP",
        }),
    );
    const release = helmRelease(
      `${name}-release`,
      jupyterhub,
      {
        name: jupyterhub.chart,
        namespace: place.metadata.name,
        // The first node for it may have to be bought.
        timeout: 900,
        values: pulumi.secret(values),
      },
      { kubeconfig: cluster.kubeconfig, own: { parent: this } },
      // No claim goes into another class: the whole release would fail, where a cluster got other storage later. So the hub stays where its volume can be.
      {
        ...child,
        dependsOn: [place],
        ignoreChanges: ["db.pvc", "nodeSelector", "tolerations"].map((path) => `values.hub.${path}`),
      },
    );
    this.namespace = release.status.apply(() => namespace);
    this.url = pulumi.all([url, release.status]).apply(([url]) => url);
    this.registerOutputs({ namespace: this.namespace, url: this.url });
  }
}

const defaultNamespace = "jupyterhub";

/** What it is going to need, and where its database is in files that many nodes share. */
export function hubNeeds(cluster: KubernetesCluster, ownClass: string | undefined): string[] {
  const { isShared } = chosenClass("JupyterHub", ownClass, cluster.sharedStorageClass && sharedStorageClass);
  return [
    `JupyterHub: Zero to JupyterHub ${jupyterhub.version}, a chart of ${chartPlace(jupyterhub)}; nodes fetch from quay.io`,
    ...(isShared && blockClass.get(cluster) === undefined
      ? [
          "JupyterHub: its database, an SQLite file, is in the cluster's shared files, because the cluster has no other storage that is known: one hub at a " +
            "time has it (docs/in-the-cluster.md)",
        ]
      : []),
  ];
}

const noProfiles =
  "JupyterHub offers no GPU, and its servers run where no taint keeps them off. An ExistingCluster has no groups: take a cluster whose groups this " +
  "package makes, or put profiles of your own into the release (docs/in-the-cluster.md)";

/** What it has to itself in its cluster: in another namespace there is room for another. */
export function hubAlone(namespace = defaultNamespace): OneOfAKind[] {
  return [ownNamespace(namespace), { ...ownClaim(namespace, "hub-db-dir"), path: "namespace" }];
}

/** Throws `InvalidInput` where nobody could be sent back to it. */
export function checkedUrl(url: string): string {
  return checked("JupyterHub", url, (problems) => checkHubUrl("url", url, problems));
}

const clientFields = ["issuer", "clientId", "secret"] as const;

/** Throws `InvalidInput` where people could not log in. */
export function checkedClientPart(field: keyof HubClient, value: string): string {
  return checked("JupyterHub", value, (problems) => checkClientPart(field, value, noValue, problems));
}

export function checkJupyterHub(given: JupyterHubArgs): Problems {
  const problems = new Problems();
  const { client, cluster, ...args } = bySchema(JupyterHub.__pulumiType, given, problems);
  checkCluster("cluster", cluster, problems);
  ownersIn(cluster).check(hubAlone(args.namespace), problems);
  checkHub(args, problems);
  if (client !== undefined) checkClient(client, problems);
  return problems;
}

function checkClient(client: unknown, problems: Problems): void {
  const given: Record<string, unknown> = isObject(client) ? client : {};
  if (clientFields.every((field) => given[field] === undefined || given[field] === null))
    problems.add("client", "must be an OAuth2Client, or an object of a client's issuer, clientId and secret");
  else
    for (const field of clientFields)
      if (!isLater(given[field])) checkClientPart(field, given[field], "is required", problems);
}

function checkClientPart(field: keyof HubClient, value: unknown, missing: string, problems: Problems): void {
  const path = `client.${field}`;
  if (value === undefined || value === null) problems.add(path, missing);
  else if (typeof value !== "string") problems.add(path, "must be a text");
  else if (value === "") problems.add(path, "must not be empty");
  else {
    const wrong = partProblems[field](value);
    if (wrong !== undefined) problems.add(path, wrong);
  }
}

function secretProblem(secret: string): string | undefined {
  return /[\s\p{C}]/u.test(secret) ? "must have no spaces, nor ends of lines" : undefined;
}

const partProblems = { issuer: issuerProblem, clientId: clientIdProblem, secret: secretProblem } as const;

/** All but who lets people in. `path` stands before each field, with its dot. */
export function checkHub(
  { url, homeGib, idleMinutes, serviceType, namespace, storageClass }: Omit<JupyterHubArgs, "client" | "cluster">,
  problems: Problems,
  path = "",
): void {
  const address = known(url);
  if (address !== undefined) checkHubUrl(`${path}url`, address, problems);
  // The largest disk that a cloud makes, and a year.
  checkBetween(`${path}homeGib`, homeGib, [1, 65_536], problems);
  checkBetween(`${path}idleMinutes`, idleMinutes, [1, 525_600], problems);
  checkObjectName(`${path}storageClass`, storageClass, problems);
  checkChoice(`${path}serviceType`, serviceType, ["ClusterIP", "NodePort", "LoadBalancer"], problems);
  checkOwnNamespace(`${path}namespace`, namespace, problems);
}
