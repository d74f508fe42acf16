import { JupyterHub } from "../components/addons/jupyterhub/jupyterhub";
import { hubCallback } from "../components/addons/jupyterhub/address";
import { KubeRay, type KubeRayArgs } from "../components/addons/kuberay";
import { Slurm, type SlurmArgs } from "../components/addons/slurm/slurm";
import type { JupyterHubArgs } from "../components/addons/jupyterhub/jupyterhub";
import type { KubernetesCluster } from "../components/cluster";
import { Problems } from "../components/errors";
import { OAuth2Client } from "../sdk/keycloak/oauth2-client";
import type * as pulumi from "../sdk/pulumi";

type Hub = Omit<JupyterHubArgs, "cluster" | "client"> & { realm: string };

/** The settings of each service that the config may have. */
const settings = {
  kuberay: ["version", "namespace"],
  jupyterhub: [...["url", "realm", "storageClass", "homeGib", "idleMinutes", "serviceType", "namespace"], "protect"],
  slurm: ["clusterName", "login", "storageClass", "protect"],
} as const satisfies Record<string, readonly string[]>;

export interface Services {
  kuberay?: Omit<KubeRayArgs, "cluster">;
  jupyterhub?: Hub;
  slurm?: Omit<SlurmArgs, "cluster">;
}

/** What is no service or no setting of one, and what one cannot do without. */
export function checkServices(given: unknown): Problems {
  const problems = new Problems();
  if (!isObject(given)) {
    problems.add("services", "must be an object such as { kuberay: {} }");
    return problems;
  }
  const known: Record<string, readonly string[]> = settings;
  for (const [name, values] of Object.entries(given)) {
    const path = `services.${name}`;
    if (!Object.hasOwn(known, name)) problems.add(path, `is not a service; they are: ${Object.keys(known).join(", ")}`);
    else if (!isObject(values)) problems.add(path, "must be an object, {} for its defaults");
    else
      for (const key of Object.keys(values))
        if (!known[name]!.includes(key))
          problems.add(`${path}.${key}`, `is not a setting; they are: ${known[name]!.join(", ")}`);
  }
  const hub: unknown = given["jupyterhub"];
  for (const key of ["url", "realm"])
    if (isObject(hub) && typeof hub[key] !== "string")
      problems.add(`services.jupyterhub.${key}`, "is required, a text");
  return problems;
}

function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

/**
 * What runs in the stack's cluster, by the config key `services`, each with the settings of its component. JupyterHub gets a client of the realm
 * that is named, whose id is the stack's name (`gpu-clusters:keycloak` says who makes it). Returns what the stack shows of them.
 */
export function services(
  stack: string,
  cluster: KubernetesCluster,
  { kuberay, jupyterhub, slurm }: Services,
): Record<string, pulumi.Output<string>> {
  if (kuberay) new KubeRay(`${stack}-kuberay`, { ...kuberay, cluster });
  if (slurm) new Slurm(`${stack}-slurm`, { clusterName: stack, ...slurm, cluster });
  if (!jupyterhub) return {};
  const { realm, ...args } = jupyterhub;
  const client = new OAuth2Client(`${stack}-client`, {
    ...{ realm, clientId: stack },
    redirectUris: [hubCallback(args.url)],
  });
  return { jupyterhubUrl: new JupyterHub(`${stack}-jupyterhub`, { ...args, client, cluster }).url };
}
