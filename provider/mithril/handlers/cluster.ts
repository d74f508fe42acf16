import type * as pulumi from "../../../sdk/pulumi";
import { PartialFailure, type CheckFailure, type ResourceHandler } from "../../server/resource";
import type { MithrilApi } from "../api";
import type { ClusterArgs } from "../../../sdk/mithril/cluster";
import { isMithrilError } from "../errors";
import { controlPlaneProblem, regionProblem, resolveInstanceType } from "../offers";
import { keysAsGiven, withRequiredKeys } from "../orders";
import { Removals } from "../removals";
import type { Cluster } from "../types";
import { DeadlinePassed, waitFor } from "../../cloud/wait";
import { connect } from "../connection";
import { known, type Fields } from "../../cloud/inputs";
import { unlessStanding } from "../../cloud/standing";
import { limited } from "../../cloud/limited";
import { messageOf } from "../../../sdk/message";
import { checkImage } from "./image-checks";
import { knownItems, minuteMs, withCatalogue } from "./inputs";
import { longestInvisibleMs } from "./placed-order";
import { createFindable } from "./unfinished";

export type ClusterInputs = pulumi.Unwrap<ClusterArgs>;

export interface ClusterOutputs {
  kubeHost: string;
  endpoint: string;
  status: string;
  createdAt: string;
}

const kubernetesPort = 6443;
/** Mithril says ten minutes. */
const provisioningMs = 15 * minuteMs;

export const clusterHandler: ResourceHandler<ClusterInputs, ClusterOutputs> = {
  check(given, context, before) {
    const inputs = given as Fields<ClusterInputs>;
    return withCatalogue(context, async (catalogue, { api }) => {
      const [region, type] = [known(inputs.region), known(inputs.instanceType)];
      const regional = region === undefined ? undefined : regionProblem(region, "kubernetes", catalogue);
      const typed = type === undefined ? undefined : controlPlaneProblem(type, region, catalogue);
      const keyless = Array.isArray(inputs.sshKeys) && inputs.sshKeys.length === 0;
      const offer = [
        ...(regional === undefined ? [] : [{ property: "region", reason: regional }]),
        ...(typed === undefined ? [] : [{ property: "instanceType", reason: typed }]),
      ];
      return [
        ...(typeof inputs.image === "string" && regional === undefined
          ? await checkImage(inputs, (where) => api.clusterImages(where, context.signal), before, context.log)
          : []),
        ...unlessStanding(offer, { before, inputs, fields: ["region", "instanceType"], log: context.log }),
        ...(keyless
          ? [{ property: "sshKeys", reason: "must have at least one key: the kubeconfig is read over SSH" }]
          : []),
        ...(await checkKeys(knownItems(inputs.sshKeys), before?.sshKeys ?? [], api, context.signal)),
      ];
    });
  },

  plan(_state, _inputs, changed) {
    return { deleteBeforeReplace: !changed.includes("name") };
  },

  async create(inputs, context) {
    const { api } = connect(context.config);
    const cluster = await place(api, inputs, await controlPlaneType(inputs, context), context.signal);
    try {
      const ready = await limited(
        context,
        { what: `creating cluster "${inputs.name}"`, ms: provisioningMs },
        (signal) =>
          untilAvailable(api, cluster.fid, signal, (status) => context.log.status(`cluster ${inputs.name}: ${status}`)),
      );
      return { id: cluster.fid, outputs: outputsOf(ready) };
    } catch (error) {
      const hint =
        error instanceof DeadlinePassed
          ? `. Mithril has no status for a failure: look at the cluster in the console (Clusters > ${inputs.name}), check that ${inputs.region} ` +
            "can have clusters and that billing is set up, or ask Mithril's support; customTimeouts.create waits longer"
          : "";
      throw new PartialFailure(
        cluster.fid,
        outputsOf(cluster),
        [`${messageOf(error)} (cluster ${cluster.fid})${hint}`],
        { cause: error },
      );
    }
  },

  async read(id, state, context) {
    const cluster = await connect(context.config).api.clusters.find(id, context.signal);
    if (!cluster || isLeaving(cluster)) return undefined;
    const before = state?.inputs;
    const inputs = {
      ...before,
      name: cluster.name,
      region: cluster.region,
      sshKeys: keysAsGiven(before?.sshKeys, cluster.sshKeys),
      // Mithril does not give it back.
      instanceType: before?.instanceType ?? "",
      kubernetesVersion: cluster.kubernetesVersion as NonNullable<ClusterInputs["kubernetesVersion"]>,
    };
    return { inputs, outputs: outputsOf(cluster) };
  },

  /** Nothing changes in place: this goes on with a create that did not end. */
  async update(id, inputs, _state, context) {
    const { api } = connect(context.config);
    const ready = await limited(context, { what: `creating cluster "${inputs.name}"`, ms: provisioningMs }, (signal) =>
      untilAvailable(api, id, signal, (status) => context.log.status(`cluster ${inputs.name}: ${status}`)),
    );
    return outputsOf(ready);
  },

  async delete(id, { inputs }, context) {
    const { api } = connect(context.config);
    const removals = new Removals();
    await limited(context, { what: `deleting cluster "${inputs.name}"`, ms: provisioningMs }, (signal) =>
      waitFor(async () => {
        const cluster = await api.clusters.find(id, signal);
        if (!cluster || cluster.status === "Terminated") return true;
        if (cluster.deletedAt === undefined) await remove(api, cluster, removals, signal);
        context.log.status(`cluster ${inputs.name} is being deleted`);
        return undefined;
      }, signal),
    );
  },
};

/** A cluster keeps the keys that it was made with, whatever became of them since. */
export async function checkKeys(
  keys: readonly string[],
  before: readonly string[],
  api: MithrilApi,
  signal: AbortSignal,
): Promise<CheckFailure[]> {
  const added = keys.filter((key) => !before.includes(key));
  const known = added.length === 0 ? [] : await api.sshKeys.list(signal);
  return added.flatMap((key) => {
    const property = `sshKeys[${keys.indexOf(key)}]`;
    if (!key.startsWith("sshkey_")) return [{ property, reason: `"${key}" must be a key's fid, sshkey_…` }];
    if (known.some(({ fid }) => fid === key)) return [];
    const names = known.map(({ name, fid }) => `${name} (${fid})`).join(", ") || "none";
    return [{ property, reason: `project ${api.projectId} has no SSH key ${key}; it has: ${names}` }];
  });
}

async function controlPlaneType(
  { instanceType, region }: ClusterInputs,
  context: Parameters<NonNullable<typeof clusterHandler.create>>[1],
): Promise<string> {
  const { catalogue } = connect(context.config);
  // What the project may not list, Mithril may know by its name.
  return resolveInstanceType(instanceType, region, await catalogue.read(context.signal)) ?? instanceType;
}

async function place(
  api: MithrilApi,
  inputs: ClusterInputs,
  instanceType: string,
  signal: AbortSignal,
): Promise<Cluster> {
  const { name, region, kubernetesVersion = "1.34", image: imageVersion } = inputs;
  const sshKeys = await withRequiredKeys(api, inputs.sshKeys, signal);
  return createFindable(
    {
      kind: "cluster",
      name,
      token: "gpu-clusters:mithril:Cluster",
      find: (stop) => liveClusters(api, name, stop),
      send: (stop) =>
        api.clusters.create({ name, region, sshKeys, instanceType, kubernetesVersion, imageVersion }, stop),
      differences: (found) => (found.region === region ? [] : [`region ${found.region}`]),
    },
    signal,
  );
}

export async function liveClusters(api: MithrilApi, name: string, signal: AbortSignal): Promise<Cluster[]> {
  return (await api.clusters.list(signal)).filter((found) => found.name === name && !isLeaving(found));
}

async function untilAvailable(
  api: MithrilApi,
  fid: string,
  signal: AbortSignal,
  progress: (status: string) => void,
): Promise<Cluster> {
  const visibleAt = Date.now() + longestInvisibleMs;
  return waitFor(async () => {
    const cluster = await api.clusters.find(fid, signal);
    if (!cluster && Date.now() < visibleAt) return undefined;
    if (!cluster || isLeaving(cluster)) throw new Error(`cluster ${fid} was deleted while it was being made`);
    progress(cluster.status);
    return cluster.status === "Available" && cluster.kubeHost !== undefined ? cluster : undefined;
  }, signal);
}

/** What Mithril does with a cluster that orders still name is not documented: a refusal names them. */
async function remove(api: MithrilApi, cluster: Cluster, removals: Removals, signal: AbortSignal): Promise<void> {
  try {
    await removals.send(cluster.fid, () => api.clusters.delete(cluster.fid, signal));
  } catch (error) {
    if (!isMithrilError(error, "precondition", "invalid")) throw error;
    const nodes = cluster.instances.length > 0 ? ` while ${cluster.instances.join(", ")} belong to it` : "";
    throw new Error(`cluster "${cluster.name}" (${cluster.fid}) cannot be deleted${nodes}: ${error.message}`, {
      cause: error,
    });
  }
}

function isLeaving({ status, deletedAt }: Cluster): boolean {
  return status === "Terminated" || deletedAt !== undefined;
}

function outputsOf({ kubeHost = "", status, createdAt }: Cluster): ClusterOutputs {
  return { kubeHost, endpoint: kubeHost && `https://${kubeHost}:${kubernetesPort}`, status, createdAt };
}
