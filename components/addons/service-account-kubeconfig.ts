import * as pulumi from "../../sdk/pulumi";
import { Secret } from "@pulumi/kubernetes/core/v1/secret";
import { ServiceAccount } from "@pulumi/kubernetes/core/v1/serviceAccount";
import { ClusterRole } from "@pulumi/kubernetes/rbac/v1/clusterRole";
import { ClusterRoleBinding } from "@pulumi/kubernetes/rbac/v1/clusterRoleBinding";
import { RoleBinding } from "@pulumi/kubernetes/rbac/v1/roleBinding";
import { parseKubeconfig, renderKubeconfig } from "../../sdk/kubernetes/kubeconfig";
import { ObjectReady } from "../../sdk/kubernetes/object-ready";
import { didYouMean } from "../../sdk/schema/spelling";
import type { KubernetesCluster } from "../cluster";
import { Problems, ProgramFailure } from "../errors";
import { checkCluster } from "../handles";
import { known } from "../inputs";
import { bySchema, heldArgs } from "../schema-check";
import { checkLabel } from "../value-checks";
import { checkAccessRules } from "./access-rules";
import { ownersIn, type OneOfAKind } from "./one-of-a-kind";
import { ofAllThere } from "../left-out";

const systemNamespace = "kube-system";

/** What each cluster has, for people and programs. */
const builtIn = ["view", "edit", "admin", "cluster-admin"];

/** A rule of Kubernetes' role-based access control. */
export interface AccessRule {
  /** `""` is the core group. */
  apiGroups: string[];
  resources: string[];
  verbs: string[];
}

export interface ServiceAccountKubeconfigArgs {
  /** The cluster that the kubeconfig leads to. */
  cluster: KubernetesCluster;
  /**
   * What its bearer may do: the name of a ClusterRole that exists.
   * Default: `view`, which reads everything but secrets. Modelplane needs `cluster-admin`, because it installs definitions, roles and webhooks;
   * SkyPilot and CI mostly do with `edit` in their own namespaces.
   */
  clusterRole?: string;
  /** In place of `clusterRole`: rules of a ClusterRole that is made for it. */
  rules?: AccessRule[];
  /** Namespaces that the rights end at. They must exist. Default: the whole cluster. */
  namespaces?: pulumi.Input<string>[];
  /** Name of the ServiceAccount, and what the names of its token and rights begin with. Default: the resource's. */
  accountName?: string;
  /**
   * Namespace of the ServiceAccount, which must exist. Another one is needed where nobody may write to `kube-system`, as on GKE Autopilot.
   * Default: `kube-system`.
   */
  accountNamespace?: string;
}

/**
 * A kubeconfig with the token of a ServiceAccount of its own, for those who cannot run a credential plugin or must not have the administrator's
 * certificate: CI, ArgoCD, SkyPilot, Modelplane. The token has no end; destroying this revokes it, at once.
 *
 * It creates a ServiceAccount, its token Secret and the binding of its role. Cost: none.
 *
 * @example
 * const ci = new ServiceAccountKubeconfig("ci", { cluster, clusterRole: "edit", namespaces: ["default"] });
 * export const kubeconfig = ci.kubeconfig;
 */
export class ServiceAccountKubeconfig extends pulumi.ComponentResource {
  static readonly __pulumiType = "gpu-clusters:addons:ServiceAccountKubeconfig";

  /** YAML with the token. Secret. */
  public readonly kubeconfig: pulumi.Output<string>;
  /** The token alone. Secret. */
  public readonly token: pulumi.Output<string>;

  constructor(name: string, given: ServiceAccountKubeconfigArgs, options?: pulumi.ComponentResourceOptions) {
    checkServiceAccountKubeconfig(name, given).raise("ServiceAccountKubeconfig");
    const args = heldArgs(ServiceAccountKubeconfig.__pulumiType, given);
    // Of the cluster its name: a component as an input would wait for all that the cluster makes.
    super(ServiceAccountKubeconfig.__pulumiType, name, { ...args, cluster: args.cluster.clusterName }, options);
    const { cluster, accountName = name, accountNamespace: namespace = systemNamespace } = args;
    ownersIn(cluster).note(`"${name}"`, [ownAccount(namespace, accountName)]);
    ofAllThere([cluster.kubeconfig], (text) => {
      for (const doubt of doubtsOf(text)) void pulumi.log.warn(`cluster: ${doubt}`, this);
    });
    const child = { parent: this, provider: cluster.kubeProvider };
    // A component hands on to nobody what it is to wait for; all else here follows the account.
    const first = options?.dependsOn ? { dependsOn: options.dependsOn } : {};
    const role = existingRole(name, args, pulumi.mergeOptions(first, { parent: this }));
    const account = new ServiceAccount(
      `${name}-account`,
      { metadata: { name: accountName, namespace }, automountServiceAccountToken: false },
      pulumi.mergeOptions(first, { ...child, dependsOn: role }),
    );
    const subject = { name: accountName, namespace };
    const rights = bindings(name, subject, args, { ...child, dependsOn: [account] });
    // Awaited until the token controller has filled it.
    const secret = new Secret(
      `${name}-token`,
      {
        metadata: {
          name: `${accountName}-token`,
          namespace,
          annotations: { "kubernetes.io/service-account.name": accountName },
        },
        type: "kubernetes.io/service-account-token",
      },
      // Who has the token may do at once what it is for, and nothing any more once that is taken away.
      { ...child, dependsOn: [account, ...rights] },
    );
    // One that is left out has no id, and no data that anybody could miss.
    const entry = (key: string) => pulumi.all([secret.data, secret.id]).apply(([data]) => decoded(data?.[key], key));
    this.token = pulumi.secret(entry("token"));
    this.kubeconfig = pulumi.secret(
      ofAllThere(
        [cluster.kubeconfig, cluster.clusterName, this.token, entry("ca.crt")],
        (kubeconfig, clusterName, token, authority) => {
          const { endpoint, certificateAuthority, trustsSystem, tlsServerName, proxyUrl } = parseKubeconfig(kubeconfig);
          return renderKubeconfig({
            clusterName,
            endpoint,
            // The cluster's own, which did not sign for a server that everybody trusts.
            certificateAuthority: certificateAuthority ?? (trustsSystem ? undefined : authority),
            tlsServerName,
            proxyUrl,
            credentials: { token },
          });
        },
      ),
    );
    this.registerOutputs({ kubeconfig: this.kubeconfig, token: this.token });
  }
}

/** What may keep a kubeconfig with an account's token from being of use where the cluster's own is. */
function doubtsOf(kubeconfig: string): string[] {
  const { endpoint, insecureSkipTlsVerify } = parseKubeconfig(kubeconfig);
  const { host, pathname } = new URL(endpoint);
  const doubts = [];
  if (pathname !== "/")
    doubts.push(
      `its server has a path, ${endpoint}: who stands before the API server there, as Rancher does, may take tokens of his own alone, and not a ` +
        "ServiceAccount's. The address of the API server itself takes both",
    );
  if (insecureSkipTlsVerify)
    doubts.push(
      `its kubeconfig trusts whoever answers (insecure-skip-tls-verify), and a ServiceAccount's the cluster's own authority alone, which must have signed for ${host}`,
    );
  return doubts;
}

/** Kubernetes binds a role that is not there without a word, and nobody gets anything. */
function existingRole(
  name: string,
  { cluster, clusterRole }: ServiceAccountKubeconfigArgs,
  options: pulumi.CustomResourceOptions,
): pulumi.Resource[] {
  if (clusterRole === undefined || builtIn.includes(clusterRole)) return [];
  const role = new ObjectReady(
    `${name}-existing-role`,
    {
      kubeconfig: cluster.kubeconfig,
      apiVersion: "rbac.authorization.k8s.io/v1",
      kind: "ClusterRole",
      name: clusterRole,
      conditions: [],
      hint: `clusterRole must name a ClusterRole of the cluster, such as ${builtIn.join(", ")}${didYouMean(clusterRole, builtIn)}; a Role of one namespace is none.`,
      timeoutSeconds: 30,
    },
    // A kubeconfig may be known before its machine is there.
    pulumi.mergeOptions(options, { dependsOn: cluster.kubeProvider }),
  );
  return [role];
}

function bindings(
  name: string,
  subject: { name: string; namespace: string },
  { clusterRole = "view", rules, namespaces }: ServiceAccountKubeconfigArgs,
  options: pulumi.CustomResourceOptions,
): pulumi.Resource[] {
  // Roles and bindings of the whole cluster have no namespace to tell them apart.
  const wide = `${subject.namespace}-${subject.name}`;
  const made =
    rules === undefined ? [] : [new ClusterRole(`${name}-role`, { metadata: { name: wide }, rules }, options)];
  const roleRef = {
    apiGroup: "rbac.authorization.k8s.io",
    kind: "ClusterRole",
    name: rules === undefined ? clusterRole : wide,
  };
  const subjects = [{ kind: "ServiceAccount", ...subject }];
  const after = { ...options, dependsOn: [...(options.dependsOn as pulumi.Resource[]), ...made] };
  const bound =
    namespaces === undefined
      ? [new ClusterRoleBinding(`${name}-binding`, { metadata: { name: wide }, roleRef, subjects }, after)]
      : namespaces.map((space, index) => {
          // One whose name is not known yet has its place in the list for a name; the same binding if it is known later.
          const place = `${name}-binding-${index}`;
          const given = known(space);
          return new RoleBinding(
            given === undefined ? place : `${name}-binding-${given}`,
            { metadata: { name: wide, namespace: space }, roleRef, subjects },
            given === undefined ? after : pulumi.mergeOptions(after, { aliases: [{ name: place }] }),
          );
        });
  return [...made, ...bound];
}

function decoded(value: string | undefined, key: string): string {
  if (value === undefined || value === "")
    throw new ProgramFailure(`the cluster has put no ${key} into the ServiceAccount's token Secret`);
  return Buffer.from(value, "base64").toString("utf8");
}

function ownAccount(namespace: string, accountName: string): OneOfAKind {
  const account = `${namespace}/${accountName}`;
  return {
    key: `account ${account}`,
    path: "accountName",
    refusal: (owner) => `the ServiceAccount ${account} is that of ${owner}, in this program: name another`,
  };
}

function checkClusterRole(role: string | undefined, problems: Problems): void {
  if (role === undefined) return;
  const fault = (reason: string) => problems.add("clusterRole", `"${role}" ${reason}`);
  if (role === "system:masters") fault("is a group, not a role: cluster-admin has the same rights");
  else if (role === "" || /[\s/%]/.test(role))
    fault(`must be the name of a ClusterRole, such as ${builtIn.join(", ")}`);
}

export function checkServiceAccountKubeconfig(name: string, given: ServiceAccountKubeconfigArgs): Problems {
  const problems = new Problems();
  const args = bySchema(ServiceAccountKubeconfig.__pulumiType, given, problems);
  checkCluster("cluster", args.cluster, problems);
  const { accountName = name, accountNamespace, clusterRole, rules, namespaces } = args;
  checkLabel("accountName", accountName, problems);
  checkLabel("accountNamespace", accountNamespace, problems);
  if (accountName === "default")
    problems.add("accountName", '"default" is in every namespace already, and its pods\': name one of its own');
  ownersIn(args.cluster).check([ownAccount(accountNamespace ?? systemNamespace, accountName)], problems);
  checkClusterRole(clusterRole, problems);
  if (clusterRole !== undefined && rules !== undefined)
    problems.add("rules", "is given in place of clusterRole, not besides");
  if (rules?.length === 0) problems.add("rules", "must have at least one, or be left out");
  checkAccessRules(rules ?? [], namespaces !== undefined, problems);
  if (namespaces?.length === 0)
    problems.add("namespaces", "must name at least one, or be left out for the whole cluster");
  namespaces?.map(known).forEach((namespace, index, all) => {
    checkLabel(`namespaces[${index}]`, namespace, problems);
    if (namespace !== undefined && all.indexOf(namespace) < index)
      problems.add(`namespaces[${index}]`, `"${namespace}" is there already`);
  });
  return problems;
}
