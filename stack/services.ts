import { checkHub, JupyterHub } from "../components/addons/jupyterhub/jupyterhub";
import { hubCallback } from "../components/addons/jupyterhub/address";
import { KubeRay, type KubeRayArgs } from "../components/addons/kuberay";
import { checkSlurmGroups } from "../components/addons/slurm/name";
import { checkSlurm, Slurm, type SlurmArgs } from "../components/addons/slurm/slurm";
import type { JupyterHubArgs } from "../components/addons/jupyterhub/jupyterhub";
import type { KubernetesCluster } from "../components/cluster";
import { Problems } from "../components/errors";
import { withoutNulls } from "../components/inputs";
import { checkFields, isObject, type Fields } from "../components/fields";
import { checkOwnNamespace } from "../components/value-checks";
import { OAuth2Client } from "../sdk/keycloak/oauth2-client";
import type * as pulumi from "../sdk/pulumi";

type Hub = Omit<JupyterHubArgs, "cluster" | "client" | "url"> & { url: string; realm: string };

/** The settings of each service that the config may have. */
const settings: Readonly<Record<string, Fields>> = {
  kuberay: { "version?": "string", "namespace?": "string" },
  jupyterhub: {
    url: "string",
    realm: "string",
    "storageClass?": "string",
    "homeGib?": "int",
    "idleMinutes?": "int",
    "serviceType?": "string",
    "namespace?": "string",
    "protect?": "bool",
  },
  slurm: {
    "clusterName?": "string",
    "login?": "object",
    "accounting?": "object",
    "storageClass?": "string",
    "protect?": "bool",
  },
};

const loginFields: Fields = { sshAuthorizedKeys: "strings", "serviceType?": "string" };
const accountingFields: Fields = { host: "string", "port?": "int", "database?": "string", "username?": "string" };

export interface Services {
  kuberay?: Omit<KubeRayArgs, "cluster">;
  jupyterhub?: Hub;
  slurm?: Omit<SlurmArgs, "cluster">;
}

/**
 * What is no service, what is missing, of another kind or no setting of one, and then what its component would refuse once the cluster is on its way.
 * `nodeGroups` are those of the config.
 */
export function checkServices(stack: string, given: unknown, nodeGroups: unknown): Problems {
  const problems = new Problems();
  if (!isObject(given)) {
    problems.add("services", "must be an object such as { kuberay: {} }");
    return problems;
  }
  for (const [name, values] of Object.entries(given)) {
    const path = `services.${name}`;
    const fields = Object.hasOwn(settings, name) ? settings[name]! : undefined;
    if (!fields) problems.add(path, `is not a service; they are: ${Object.keys(settings).join(", ")}`);
    else if (!isObject(values)) problems.add(path, "must be an object, {} for its defaults");
    else checkFields(path, values, fields, problems);
  }
  const { login, accounting } = isObject(given["slurm"]) ? given["slurm"] : {};
  if (isObject(login)) checkFields("services.slurm.login", login, loginFields, problems);
  if (isObject(accounting)) checkAccounting("services.slurm.accounting", accounting, problems);
  if (given["slurm"] !== undefined) checkGroups(nodeGroups, problems);
  // What is of the wrong kind cannot be looked at any further.
  if (problems.all.length === 0) checkValues(stack, withoutNulls(given), problems);
  return problems;
}

function checkValues(stack: string, { kuberay, jupyterhub, slurm }: Services, problems: Problems): void {
  checkOwnNamespace("services.kuberay.namespace", kuberay?.namespace, problems);
  if (jupyterhub) {
    checkHub(jupyterhub, problems, "services.jupyterhub.");
    if (jupyterhub.realm.trim() === "") problems.add("services.jupyterhub.realm", "must not be empty");
  }
  if (slurm) checkSlurm({ clusterName: stack, ...slurm }, problems, "services.slurm.");
}

/** The password is a secret, which no complaint quotes. */
function checkAccounting(path: string, { password, ...rest }: Record<string, unknown>, problems: Problems): void {
  checkFields(path, rest, accountingFields, problems);
  if (typeof password !== "string" || password === "")
    problems.add(`${path}.password`, password === undefined ? "is required" : "must be a text, in quotes");
}

/** As far as they are groups at all, which is the cluster's to say. */
function checkGroups(nodeGroups: unknown, problems: Problems): void {
  const groups: unknown[] = Array.isArray(nodeGroups) ? nodeGroups : [];
  const names = groups.map((group) =>
    isObject(group) && group["role"] === "worker" && typeof group["name"] === "string" ? group["name"] : undefined,
  );
  checkSlurmGroups(names, (index) => `nodeGroups[${index}].name`, problems);
}

/**
 * What runs in the stack's cluster, by the config key `services`, each with the settings of its component. JupyterHub gets a client of the realm
 * that is named, whose id is the stack's name (`gpu-clusters:keycloak` says who makes it). Returns what the stack shows of them.
 */
export function services(
  stack: string,
  cluster: KubernetesCluster,
  given: Services,
): Record<string, pulumi.Output<string>> {
  const { kuberay, jupyterhub, slurm } = withoutNulls(given);
  if (kuberay) new KubeRay(`${stack}-kuberay`, { ...kuberay, cluster });
  if (slurm) new Slurm(`${stack}-slurm`, { clusterName: stack, ...slurm, cluster });
  if (!jupyterhub) return {};
  const { realm, ...args } = jupyterhub;
  const client = new OAuth2Client(`${stack}-client`, {
    realm,
    clientId: stack,
    redirectUris: [hubCallback(args.url)],
  });
  return { jupyterhubUrl: new JupyterHub(`${stack}-jupyterhub`, { ...args, client, cluster }).url };
}
