/** What the chart is given. Pure. */
import type { NodeGroupStatus } from "../../cluster";
import { hasWorkers, isOpen, servicePlace, type NodeFacts } from "../groups";
import { controlPlaneNodes, onControlPlanes, onNodesWith, usualGpuTaint, type Toleration } from "../in-cluster";
import { hubCallback, realmEndpoint } from "./address";

export interface HubSettings {
  /** `https://hub.example.com`. */
  url: string;
  /** Of the realm, `https://sso.example.com/realms/lab`. */
  issuer: string;
  clientId: string;
  clientSecret: string;
  /** Keys of ours, 64 hexadecimal digits each: the chart's own would be others after each `up` that cannot look into the cluster. */
  keys: { cookies: string; proxy: string; sessions: string };
  /** Class of users' volumes; undefined: the cluster's default one. */
  storageClass: string | undefined;
  /** Volumes of that class can be on many nodes at once. */
  isShared: boolean;
  /** Class of volumes that one node has at a time, the control plane's too; undefined: none is known. */
  blockClass: string | undefined;
  homeGib: number;
  idleMinutes: number;
  serviceType: "ClusterIP" | "NodePort" | "LoadBalancer";
  groups: readonly Pick<NodeGroupStatus, "name" | "role" | "gpuResources" | "machineTypes" | "maxSize" | "taints">[];
  facts: NodeFacts | undefined;
}

/** Reference: jupyterhub/values.yaml and values.schema.yaml of jupyterhub/zero-to-jupyterhub-k8s, 4.4.0. */
export function hubValues(settings: HubSettings) {
  const { keys, storageClass, isShared, serviceType, groups, facts } = settings;
  return {
    hub: {
      config: {
        JupyterHub: { authenticator_class: "generic-oauth", cookie_secret: keys.cookies },
        ConfigurableHTTPProxy: { auth_token: keys.proxy },
        CryptKeeper: { keys: [keys.sessions] },
        GenericOAuthenticator: authenticator(settings),
        // Or kubelet goes through all files of a home at each start, which takes longer than a start may where there are many.
        KubeSpawner: { pod_security_context: { fsGroupChangePolicy: "OnRootMismatch" } },
      },
      // The chart allows ranges of addresses, all that there are; to Cilium these are no nodes, so that the hub did not reach the API server.
      networkPolicy: { egress: [{}] },
      ...databasePlace(settings),
    },
    proxy: { service: { type: serviceType } },
    singleuser: {
      storage: {
        capacity: `${settings.homeGib}Gi`,
        dynamic: {
          ...(storageClass !== undefined && { storageClass }),
          storageAccessModes: [isShared ? "ReadWriteMany" : "ReadWriteOnce"],
        },
      },
      // A node that the autoscaler buys for a user takes minutes to come.
      startTimeout: 1200,
      profileList: profiles(groups, facts),
    },
    cull: { enabled: true, timeout: settings.idleMinutes * 60, every: 300 },
    // Images of notebooks on each node before the first user, GPU nodes too: installations end in time-outs by it.
    prePuller: { hook: { enabled: false }, continuous: { enabled: false } },
    // The chart's own scheduler is of an older Kubernetes, and keeps pods from the autoscaler's sight.
    scheduling: { userScheduler: { enabled: false }, corePods: { tolerations: servicePlace(groups, facts, isShared) } },
  };
}

/**
 * The database is a file of SQLite's, which does not belong on a file server: so it is on a volume of its own where the cluster has some, and the hub on the
 * control plane, since of all machines that is the one whose zone always has one again. Else it is where homes are: one hub at a time has it.
 */
function databasePlace({ blockClass, storageClass, isShared }: HubSettings) {
  const pvc = (accessMode: string, name: string | undefined) => ({
    db: { pvc: { accessModes: [accessMode], ...(name !== undefined && { storageClassName: name }) } },
  });
  if (blockClass === undefined) return pvc(isShared ? "ReadWriteMany" : "ReadWriteOnce", storageClass);
  return {
    ...pvc("ReadWriteOnce", blockClass),
    nodeSelector: controlPlaneNodes,
    tolerations: [onControlPlanes],
  };
}

function authenticator({ url, issuer, clientId, clientSecret }: HubSettings) {
  return {
    client_id: clientId,
    client_secret: clientSecret,
    oauth_callback_url: hubCallback(url),
    authorize_url: realmEndpoint(issuer, "auth"),
    token_url: realmEndpoint(issuer, "token"),
    userdata_url: realmEndpoint(issuer, "userinfo"),
    username_claim: "preferred_username",
    login_service: "Keycloak",
    scope: ["openid", "profile", "email"],
    // Who may have the client's tokens is the realm's business; without it nobody gets in.
    allow_all: true,
  };
}

interface Profile {
  display_name: string;
  slug: string;
  description?: string;
  default?: true;
  kubespawner_override?: Place & { extra_resource_limits?: Record<string, string> };
  profile_options?: { gpus: { display_name: string; choices: Record<string, object> } };
}

interface Place {
  node_selector?: Record<string, string>;
  tolerations: Toleration[];
}

type Groups = HubSettings["groups"];

/** Its slug can be no group's name. */
const anywhere: Profile = { display_name: "No GPU", slug: "no_gpu" };

/**
 * One without GPUs, and one for each worker group that can have nodes with some which pods ask for by a number: a user says how many of a node's, or how
 * many turns on them. Where every group is kept for something else, a server without GPUs has a place on those that give pods none: one profile for each
 * of these; anywhere else it would wait for ever. Where nodes do not say which group they are of, all GPUs are one choice.
 */
export function profiles(groups: Groups, { unmarked = false }: NodeFacts = {}): Profile[] {
  const workers = groups.filter(hasWorkers);
  const [first, ...others] = unmarked
    ? [{ ...anywhere, kubespawner_override: { tolerations: [usualGpuTaint] } }, ...gpusOfAny(workers)]
    : [...withoutGpus(workers), ...workers.flatMap(gpusOfGroup)];
  return [{ ...first!, default: true }, ...others];
}

function withoutGpus(workers: Groups): Profile[] {
  return workers.some(isOpen) || workers.length === 0 ? [anywhere] : workers.flatMap(plainProfile);
}

function plainProfile(group: Groups[number]): Profile[] {
  const { name, gpuResources, machineTypes } = group;
  if (Object.keys(gpuResources).length > 0) return [];
  const description = `A node of the group ${name} (${machineTypes.join(", ")}), without a GPU`;
  return [{ display_name: `No GPU: ${name}`, slug: name, description, kubespawner_override: onGroup(group) }];
}

function onGroup({ name, taints }: Groups[number]): Place {
  return { node_selector: { "gpu-clusters/node-group": name }, tolerations: onNodesWith(taints) };
}

function gpusOfGroup(group: Groups[number]): Profile[] {
  const { name, gpuResources } = group;
  const [asked] = Object.entries(gpuResources);
  if (asked === undefined) return [];
  const described = {
    display_name: `GPU: ${name}`,
    slug: name,
    node: `the group ${name}`,
    machineTypes: group.machineTypes,
  };
  return [gpuProfile(described, asked, onGroup(group))];
}

/** As many as the largest node has. Its slug can be no group's name. */
function gpusOfAny(workers: Groups): Profile[] {
  const all = workers.flatMap(({ gpuResources }) => Object.entries(gpuResources));
  const [largest] = all.sort(([, one], [, other]) => other - one);
  if (largest === undefined) return [];
  const machineTypes = workers.flatMap((group) => group.machineTypes);
  const described = { display_name: "GPU", slug: "any_group", node: "any group", machineTypes };
  return [gpuProfile(described, largest, { tolerations: [usualGpuTaint] })];
}

interface Described extends Pick<Profile, "display_name" | "slug"> {
  node: string;
  machineTypes: readonly string[];
}

function gpuProfile(
  { node, machineTypes, ...names }: Described,
  [resource, most]: [string, number],
  place: Place,
): Profile {
  const choices = [1, 2, 4, 8, 16, 32].filter((count) => count < most).concat(most);
  const limit = (count: number) => ({ extra_resource_limits: { [resource]: String(count) } });
  return {
    ...names,
    description: `A node of ${node} (${machineTypes.join(", ")}), with up to ${most} ${resource}`,
    kubespawner_override: { ...place, ...limit(1) },
    ...(choices.length > 1 && {
      profile_options: {
        gpus: {
          display_name: "GPUs",
          choices: Object.fromEntries(
            choices.map((count) => [
              `n${count}`,
              { display_name: String(count), default: count === 1, kubespawner_override: limit(count) },
            ]),
          ),
        },
      },
    }),
  };
}
