/**
 * Helm releases whose charts somebody in the cluster plays: a release is one object, which says what it was asked for, and whoever brought its kind makes of
 * it what the chart would. No chart is fetched. In a cluster without that kind no release is served.
 */
import type { KubernetesApi, KubernetesObject } from "../../provider/kubernetes/api";
import type { Properties } from "../../provider/server/wire";
import { NotServed } from "../server/not-served";
import type { Table } from "../server/table";

export const releaseToken = "kubernetes:helm.sh/v3:Release";

/** Those that the simulator has somebody to play. */
const charts = ["vcluster"];

export function isPlayed(chart: unknown): boolean {
  return typeof chart === "string" && charts.includes(chart.split("/").at(-1)!);
}

const played = { apiVersion: "simulator.gpu-clusters.example/v1", kind: "PlayedRelease" };
const described = ["name", "namespace", "chart", "version", "repositoryOpts", "values"];

export const playedReleases: Table<KubernetesApi> = {
  provider: "kubernetes",
  functions: {},
  resources: {
    [releaseToken]: {
      // Nobody waits for what is played, and none of it fails.
      inputs: [...described, "skipAwait", "replace", "compat"],
      required: ["name", "namespace", "chart", "skipAwait"],
      replaceOn: ["name", "namespace"],
      deleteBeforeReplace: true,

      async create(api, inputs, { signal }) {
        await api.text(`/apis/${played.apiVersion}`, signal).catch(() => {
          throw new NotServed(
            "kubernetes",
            `the release ${String(inputs["name"])} of a chart that nobody plays in this cluster`,
          );
        });
        const found = await api.read(referenceTo(inputs), signal);
        if (found !== undefined)
          throw new Error(`cannot re-use a name that is still in use: ${String(inputs["name"])}`);
        await applied(api, inputs, signal);
        return { id: `${String(inputs["namespace"])}/${String(inputs["name"])}`, outputs: outputsOf(inputs) };
      },

      async read(api, id, state, { signal }) {
        const [namespace, name] = id.split("/");
        const live = await api.read(referenceTo({ namespace, name }), signal);
        return live && { ...state, ...(live["spec"] as Properties) };
      },

      async update(api, _id, inputs, _state, { signal }) {
        await applied(api, inputs, signal);
        return outputsOf(inputs);
      },

      async delete(api, id, _state, { signal }) {
        const [namespace, name] = id.split("/");
        await api.delete(referenceTo({ namespace, name }), { propagationPolicy: "Background" }, signal);
      },
    },
  },
};

function referenceTo({ namespace, name }: Properties) {
  return { ...played, namespace: String(namespace), name: String(name) };
}

async function applied(api: KubernetesApi, inputs: Properties, signal: AbortSignal): Promise<void> {
  const { namespace, name } = referenceTo(inputs);
  const spec = Object.fromEntries(described.flatMap((key) => (inputs[key] === undefined ? [] : [[key, inputs[key]]])));
  const object: KubernetesObject = { ...played, metadata: { namespace, name }, spec };
  await api.apply(object, { fieldManager: "helm", force: true }, signal);
}

function outputsOf({ name, namespace, version }: Properties): Properties {
  return { status: { name, namespace, version, status: "deployed" } };
}
