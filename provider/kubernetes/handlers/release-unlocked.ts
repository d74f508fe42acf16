import { counted } from "../../../sdk/counted";
import type { ReleaseUnlockedArgs } from "../../../sdk/kubernetes/release-unlocked";
import type { Unwrap } from "../../../sdk/pulumi";
import { looking } from "../../server/looking";
import type { ResourceContext } from "../../server/resource";
import { referenceTo, type KubernetesApi } from "../api";
import { kubernetesApi } from "../client";
import {
  asFailed,
  isPending,
  isPulumis,
  objectsOf,
  recordsOf,
  revisionOf,
  statusOf,
  type HelmRecord,
} from "../helm-records";
import { checkKubeconfig } from "./check-kubeconfig";
import { unlessLost, waitForAnswer, type NotYet } from "./wait";

export type ReleaseUnlockedInputs = Unwrap<ReleaseUnlockedArgs>;

export interface ReleaseUnlockedOutputs {
  status: "unlocked";
}

const previewTimeoutMs = 5_000;
const longestWaitMs = 120_000;

export const releaseUnlocked = looking<ReleaseUnlockedInputs, ReleaseUnlockedOutputs>({
  check: (inputs) => checkKubeconfig(inputs),

  async drifted({ inputs }, { signal }) {
    const api = kubernetesApi(inputs.kubeconfig, { timeoutMs: previewTimeoutMs });
    // A cluster that does not answer now cannot be helped now.
    const records = await ours(inputs, api, signal).catch(() => []);
    signal.throwIfAborted();
    return records.some(isPending) ? ["status"] : [];
  },

  preview: (_inputs, state) => state?.outputs ?? { status: "unlocked" },

  create: async (inputs, context) => ({ id: nameOf(inputs), outputs: await unlocked(inputs, context) }),

  update: (_id, inputs, _state, context) => unlocked(inputs, context),

  async delete(_id, { inputs }, context) {
    const gone = waiting(inputs, context, `what was begun of ${nameOf(inputs)} to go`, async (api) => {
      await takeDown(await ours(inputs, api, context.signal), api, context);
      return true;
    });
    await unlessLost(gone, `Whether something of the Helm release ${nameOf(inputs)} stays cannot be told`, context);
  },
});

async function unlocked(inputs: ReleaseUnlockedInputs, context: ResourceContext): Promise<ReleaseUnlockedOutputs> {
  await waiting(inputs, context, `Helm's records of ${nameOf(inputs)}`, async (api) => {
    for (const record of (await ours(inputs, api, context.signal)).filter(isPending)) {
      await api.patch(referenceTo(record), asFailed(record), context.signal);
      context.log.info(
        `the Helm release ${nameOf(inputs)}, revision ${revisionOf(record)}, was "${statusOf(record)}" without an operation that runs: it counts as failed`,
      );
    }
    return true;
  });
  return { status: "unlocked" };
}

/** Of an installation that Pulumi does not know: it deletes releases that it knows before this. One that works was left there on purpose. */
async function takeDown(records: HelmRecord[], api: KubernetesApi, { signal, log }: ResourceContext): Promise<void> {
  const last = records.sort((one, other) => revisionOf(other) - revisionOf(one))[0];
  const works = records.some((record) => ["deployed", "superseded"].includes(statusOf(record)));
  if (last === undefined || works) return;
  const objects = objectsOf(last);
  for (const object of objects) await api.delete(object, { propagationPolicy: "Background" }, signal);
  for (const record of records) await api.delete(referenceTo(record), {}, signal);
  log.info(`an installation that had not ended was taken down, with ${counted(objects.length, "object")}`);
}

async function ours(inputs: ReleaseUnlockedInputs, api: KubernetesApi, signal: AbortSignal): Promise<HelmRecord[]> {
  const records: HelmRecord[] = await api.list(recordsOf(inputs), signal);
  return records.filter(isPulumis);
}

function nameOf({ namespace, name }: ReleaseUnlockedInputs): string {
  return `${namespace}/${name}`;
}

function waiting(
  inputs: ReleaseUnlockedInputs,
  { signal, log, timeoutMs = longestWaitMs }: ResourceContext,
  what: string,
  attempt: (api: KubernetesApi) => Promise<true | NotYet | Error>,
): Promise<true> {
  return waitForAnswer(attempt, {
    what,
    subject: `the Helm release ${nameOf(inputs)}`,
    signal,
    log,
    timeoutMs,
    kubeconfig: inputs.kubeconfig,
    timedOut: (reason) => new Error(`waited for ${what}: ${reason}`),
  });
}
