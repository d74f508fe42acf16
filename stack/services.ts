import { checkHub, hubAlone, JupyterHub } from "../components/addons/jupyterhub/jupyterhub";
import { hubCallback } from "../components/addons/jupyterhub/address";
import { KubeRay, kubeRayAlone, type KubeRayArgs } from "../components/addons/kuberay";
import { checkSlurmGroups } from "../components/addons/slurm/name";
import { Owners } from "../components/addons/one-of-a-kind";
import { checkSlurm, Slurm, slurmAlone, type SlurmArgs } from "../components/addons/slurm/slurm";
import type { JupyterHubArgs } from "../components/addons/jupyterhub/jupyterhub";
import type { KubernetesCluster } from "../components/cluster";
import { Problems } from "../components/errors";
import { withoutNulls } from "../components/inputs";
import { bySpec } from "../components/schema-check";
import { checkOwnNamespace } from "../components/value-checks";
import { realmProblem } from "../sdk/keycloak/checks";
import { OAuth2Client } from "../sdk/keycloak/oauth2-client";
import type * as pulumi from "../sdk/pulumi";
import { componentsSchema } from "../sdk/schema/committed";
import type { ObjectSpec } from "../sdk/schema/package-schema";
import { isRecord } from "../sdk/schema/record";

type Hub = Omit<JupyterHubArgs, "cluster" | "client" | "url"> & { url: string; realm: string };

/** Components by the key that asks for them. */
const components = { kuberay: KubeRay, jupyterhub: JupyterHub, slurm: Slurm };

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
  if (!isRecord(given)) {
    problems.add("services", "must be an object such as { kuberay: {} }");
    return problems;
  }
  const right: Record<string, unknown> = {};
  for (const [name, values] of Object.entries(given)) {
    const path = `services.${name}`;
    if (!isService(name)) problems.add(path, `is not a service; they are: ${Object.keys(components).join(", ")}`);
    else if (!isRecord(values)) problems.add(path, "must be an object, {} for its defaults");
    else right[name] = bySpec(settingsOf(name), values, problems, path);
  }
  if (given["slurm"] !== undefined) checkGroups(nodeGroups, problems);
  checkValues(stack, right as Services, problems);
  return problems;
}

function isService(name: string): name is keyof Services {
  return Object.hasOwn(components, name);
}

/** Of what is there and of the right kind. */
function checkValues(stack: string, { kuberay, jupyterhub, slurm }: Services, problems: Problems): void {
  checkOwnNamespace("services.kuberay.namespace", kuberay?.namespace, problems);
  if (jupyterhub) {
    checkHub(jupyterhub, problems, "services.jupyterhub.");
    const noRealm = jupyterhub.realm === undefined ? undefined : realmProblem(jupyterhub.realm);
    if (noRealm !== undefined) problems.add("services.jupyterhub.realm", noRealm);
  }
  if (slurm) checkSlurm({ clusterName: stack, ...slurm }, problems, "services.slurm.");
  checkNamespaces({ kuberay, jupyterhub, slurm }, problems);
}

/** As in programs. Of two services the one that names a namespace is told, and not the one that has it by default. */
function checkNamespaces({ kuberay, jupyterhub, slurm }: Services, problems: Problems): void {
  const wanted = [
    ...(slurm ? [{ name: "slurm", isNamed: false, alone: slurmAlone }] : []),
    ...(jupyterhub ? [{ name: "jupyterhub", ...aloneIn(jupyterhub.namespace, hubAlone) }] : []),
    ...(kuberay ? [{ name: "kuberay", ...aloneIn(kuberay.namespace, kubeRayAlone) }] : []),
  ];
  const owners = new Owners();
  for (const { name, alone } of wanted.sort((one, other) => Number(one.isNamed) - Number(other.isNamed))) {
    owners.check(alone, problems, `services.${name}.`);
    owners.note(`services.${name}`, alone);
  }
}

function aloneIn(namespace: string | null | undefined, alone: typeof hubAlone) {
  return { isNamed: namespace != null, alone: alone(namespace ?? undefined) };
}

/** The inputs of a service's component, without those that the stack gives it. */
export function settingsOf(name: keyof Services): ObjectSpec {
  const { inputProperties = {}, requiredInputs = [] } = componentsSchema().resources![components[name].__pulumiType]!;
  const given = ["cluster", "client"];
  const realm = { realm: { type: "string", plain: true, description: "Whose people log in." } } as const;
  const isHub = name === "jupyterhub";
  return {
    properties: {
      ...Object.fromEntries(Object.entries(inputProperties).filter(([input]) => !given.includes(input))),
      ...(isHub && realm),
    },
    required: [...requiredInputs.filter((input) => !given.includes(input)), ...(isHub ? ["realm"] : [])],
  };
}

/** As far as they are groups at all, which is the cluster's to say. */
function checkGroups(nodeGroups: unknown, problems: Problems): void {
  const groups: unknown[] = Array.isArray(nodeGroups) ? nodeGroups : [];
  const names = groups.map((group) =>
    isRecord(group) && group["role"] === "worker" && typeof group["name"] === "string" ? group["name"] : undefined,
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
