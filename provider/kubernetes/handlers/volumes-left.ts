import type { VolumesLeftArgs } from "../../../sdk/kubernetes/volumes-left";
import type { Unwrap } from "../../../sdk/pulumi";
import { looking } from "../../server/looking";
import type { ResourceContext } from "../../server/resource";
import type { KubernetesApi } from "../api";
import { inWords, volumesOf, type Volume, type VolumesNow } from "../volumes";
import { checkKubeconfig } from "./check-kubeconfig";
import { NotYet, unlessLost, waitForAnswer } from "./wait";

export type VolumesLeftInputs = Unwrap<VolumesLeftArgs>;

export interface VolumesLeftOutputs {
  status: "watched";
}

/** A driver detaches a volume before it deletes it. */
const longestWaitMs = 120_000;
const mostTold = 20;

export const volumesLeft = looking<VolumesLeftInputs, VolumesLeftOutputs>({
  check: (inputs) => checkKubeconfig(inputs),

  preview: (_inputs, state) => state?.outputs ?? { status: "watched" },

  create: async ({ clusterName, driver }) => ({ id: `${clusterName}/${driver}`, outputs: { status: "watched" } }),

  update: async (_id, _inputs, { outputs }) => outputs,

  async delete(_id, { inputs }, context) {
    const told = settled(inputs, context).then((volumes) => tell(inputs, volumes, context));
    const unknown =
      `Whether volumes of "${inputs.clusterName}" stay, with what is in them, cannot be told: look for those with its tag. To be rid of one: ` +
      inputs.hint;
    await unlessLost(told, unknown, context);
  },
});

/** Once none is on its way out, or after the wait. */
async function settled({ kubeconfig, clusterName, driver }: VolumesLeftInputs, context: ResourceContext) {
  const { signal, log, timeoutMs = longestWaitMs } = context;
  const ends = Date.now() + timeoutMs * 0.9;
  const attempt = async (api: KubernetesApi): Promise<VolumesNow | NotYet> => {
    const now = volumesOf(driver, (await api.list({ apiVersion: "v1", kind: "PersistentVolume" }, signal)) as Volume[]);
    if (now.leaving.length === 0 || Date.now() > ends) return now;
    return new NotYet(`${driver} is deleting ${now.leaving.map(inWords).join("; ")}`);
  };
  return waitForAnswer(attempt, {
    what: `volumes of "${clusterName}" to go`,
    subject: "the cluster's volumes",
    kubeconfig,
    signal,
    log,
    // A cluster that does not answer is given up before that.
    timeoutMs: timeoutMs + Math.min(timeoutMs, 60_000),
    timedOut: (reason) => new Error(`the volumes of "${clusterName}" cannot be read: ${reason}`),
  });
}

function tell({ clusterName, hint }: VolumesLeftInputs, { leaving, staying }: VolumesNow, { log }: ResourceContext) {
  const lines = [...staying.map(inWords), ...leaving.map((volume) => `${inWords(volume)}: its deletion has not ended`)];
  if (lines.length === 0) return;
  const more = lines.length > mostTold ? `\n  and ${lines.length - mostTold} more` : "";
  log.warn(
    `volumes of "${clusterName}" stay, with what is in them, and are charged:\n  ${lines.slice(0, mostTold).join("\n  ")}${more}\n` +
      `To be rid of one: ${hint}`,
  );
}
