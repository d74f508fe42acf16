import type { Unwrap } from "../../../sdk/pulumi";
import type { ObjectReadyArgs } from "../../../sdk/kubernetes/object-ready";
import { parseKubeconfig } from "../../../sdk/kubernetes/kubeconfig";
import { looking } from "../../server/looking";
import { PartialFailure, type ResourceContext } from "../../server/resource";
import { goneByHand } from "../../server/gone";
import { messageOf } from "../../../sdk/message";
import { KubernetesApiError, type KubernetesApi, type KubernetesObject, type ObjectReference } from "../api";
import { ClusterAway, forgetOrThrow } from "../away";
import { kubernetesApi } from "../client";
import { describeConditions, judge, plainAt, type Expectations } from "../object-conditions";
import { checkKubeconfig } from "./check-kubeconfig";
import { NotYet, waitForAnswer } from "./wait";

export type ObjectReadyInputs = Unwrap<ObjectReadyArgs>;

export interface ObjectReadyOutputs {
  uid: string;
  values: Record<string, string>;
  status: "ready";
}

const defaultTimeoutSeconds = 600;
const refreshTimeoutMs = 5_000;

export const objectReady = looking<ObjectReadyInputs, ObjectReadyOutputs>({
  check: (inputs) => checkKubeconfig(inputs),

  // The object of the name must be gone before another can be made.
  plan: ({ inputs }) => (inputs.deletes ? { deleteBeforeReplace: true } : {}),

  async create(inputs, context) {
    const id = [inputs.kind, inputs.namespace, inputs.name].filter((part) => part !== undefined).join("/");
    return { id, outputs: await ready(id, inputs, context, "it does not exist") };
  },

  async again(state, { signal, log }) {
    const { inputs, outputs } = state;
    const api = kubernetesApi(inputs.kubeconfig, { timeoutMs: refreshTimeoutMs });
    let live: KubernetesObject | undefined;
    try {
      live = await api.read(referenceTo(inputs), signal);
    } catch (error) {
      signal.throwIfAborted();
      log.warn(`${nameOf(inputs)} cannot be read, so that it is taken to be as it was: ${messageOf(error)}`);
      return state;
    }
    if (live === undefined || (outputs.uid !== undefined && live.metadata.uid !== outputs.uid)) return undefined;
    const { missing, values } = judge(live, expectations(inputs), Date.now());
    const lost = [...goingOf(live), ...missing];
    if (lost.length > 0)
      log.warn(
        `${nameOf(inputs)} is no longer ready: ${lost.join("; ")}${describeConditions(live, conditionsAt(inputs), inputs.told)}`,
      );
    return { inputs, outputs: { ...outputs, values: { ...outputs.values, ...values } } };
  },

  // Whose it is has just changed it, unless somebody has deleted it since.
  update: (id, inputs, _state, context) => ready(id, inputs, context, goneByHand("it does not exist any more").message),

  async delete(_id, { inputs, outputs }, context) {
    if (inputs.deletes) await gone(inputs, outputs.uid, context);
  },
});

async function ready(
  id: string,
  inputs: ObjectReadyInputs,
  context: ResourceContext,
  absent: string,
): Promise<ObjectReadyOutputs> {
  const expected = expectations(inputs);
  let seen: KubernetesObject | undefined;
  const error = (problem: string) => {
    const told = seen === undefined ? "" : describeConditions(seen, conditionsAt(inputs), inputs.told);
    return kept(`${nameOf(inputs)} ${problem}${told}${hintOf(inputs)}`);
  };
  const kept = (message: string) => {
    const uid = seen?.metadata.uid;
    // What is there stays in the state, for whoever deletes it.
    return uid !== undefined && inputs.deletes ? new PartialFailure(id, { uid }, [message]) : new Error(message);
  };
  const look = async (live: KubernetesObject | undefined) => {
    if (live === undefined) return new NotYet(absent);
    seen = live;
    const { missing, values } = judge(live, expected, Date.now());
    const uid = live.metadata.uid!;
    if (inputs.uid !== undefined && inputs.uid !== uid) return new NotYet("another object has its name");
    if (live.metadata.deletionTimestamp !== undefined) return new NotYet("it is being deleted");
    return missing.length > 0 ? new NotYet(missing.join("; ")) : { uid, values, status: "ready" as const };
  };
  try {
    return await polled(inputs, context, { look, what: nameOf(inputs), becomes: "ready", error });
  } catch (failure) {
    if (failure instanceof ClusterAway) throw kept(`${failure.message}. \`pulumi up\` goes on once it answers`);
    if (!context.signal.aborted) throw failure;
    throw error(`was not ready: ${messageOf(context.signal.reason)}`);
  }
}

async function gone(inputs: ObjectReadyInputs, uid: string | undefined, context: ResourceContext): Promise<void> {
  const { signal } = context;
  let seen: KubernetesObject | undefined;
  const look = async (live: KubernetesObject | undefined, api: KubernetesApi) => {
    if (live === undefined || (uid !== undefined && live.metadata.uid !== uid)) return true as const;
    seen = live;
    if (live.metadata.deletionTimestamp !== undefined)
      return new NotYet(`${heldBy(live)}${await usedBy(inputs, api, signal)}`);
    const use = useOf(inputs, live);
    if (use !== undefined) return error(`is in use (${use}), so that it is not deleted`);
    try {
      await api.delete(referenceTo(inputs), { propagationPolicy: "Foreground" }, signal);
      return new NotYet("its deletion was asked for");
    } catch (failure) {
      if (!(failure instanceof KubernetesApiError)) throw failure;
      return new NotYet(`${failure.message}${await usedBy(inputs, api, signal)}`);
    }
  };
  const error = (problem: string) => {
    const told = seen === undefined ? "" : describeConditions(seen, conditionsAt(inputs), inputs.told);
    return new Error(`${nameOf(inputs)} ${problem}${told}${hintOf(inputs)}`);
  };
  try {
    await polled(inputs, context, { look, what: `${nameOf(inputs)} to go`, becomes: "gone", error });
  } catch (failure) {
    if (!(failure instanceof ClusterAway)) throw failure;
    forgetOrThrow(failure, "What is there", context.log);
  }
}

interface Polling<T> {
  look(live: KubernetesObject | undefined, api: KubernetesApi): Promise<T | NotYet | Error>;
  what: string;
  becomes: string;
  error(problem: string): Error;
}

async function polled<T extends object | true>(
  inputs: ObjectReadyInputs,
  context: ResourceContext,
  { look, what, becomes, error }: Polling<T>,
): Promise<T> {
  const { endpoint } = parseKubeconfig(inputs.kubeconfig);
  const attempt = async (api: KubernetesApi) => look(await api.read(referenceTo(inputs), context.signal), api);
  return waitForAnswer<T>(attempt, {
    what,
    subject: nameOf(inputs),
    kubeconfig: inputs.kubeconfig,
    timeoutMs: context.timeoutMs ?? (inputs.timeoutSeconds ?? defaultTimeoutSeconds) * 1000,
    signal: context.signal,
    log: context.log,
    timedOut: (reason, seconds) =>
      error(`in the cluster at ${endpoint} was not ${becomes} after ${seconds} s: ${reason}`),
  });
}

function expectations({
  conditions,
  conditionsAt,
  freshSeconds,
  fields = {},
  expected = {},
}: ObjectReadyInputs): Expectations {
  return { conditions, conditionsAt: conditionsAt ?? defaultConditionsAt, freshSeconds, fields, expected };
}

const defaultConditionsAt = "status.conditions";

function conditionsAt(inputs: ObjectReadyInputs): string {
  return inputs.conditionsAt ?? defaultConditionsAt;
}

function referenceTo({ apiVersion, kind, namespace, name }: ObjectReadyInputs): ObjectReference {
  return { apiVersion, kind, name, ...(namespace !== undefined && { namespace }) };
}

function nameOf({ kind, namespace, name }: ObjectReadyInputs): string {
  return `${kind} ${namespace === undefined ? "" : `${namespace}/`}${name}`;
}

function hintOf({ hint }: ObjectReadyInputs): string {
  return hint === undefined ? "" : `\n${hint}`;
}

/** Names no more than these. */
const mostUsers = 10;

/** Never throws: it explains what is told already. */
async function usedBy({ users }: ObjectReadyInputs, api: KubernetesApi, signal: AbortSignal): Promise<string> {
  if (users === undefined) return "";
  const found = await api.list(users, signal).catch(() => []);
  if (found.length === 0) return "";
  const names = found
    .slice(0, mostUsers)
    .map(({ metadata: { namespace, name } }) => [namespace, name].filter(Boolean).join("/"));
  const more = found.length > mostUsers ? ` and ${found.length - mostUsers} more` : "";
  return `; it is used by ${users.kind} ${names.join(", ")}${more}`;
}

/** By what the object is in use. */
function useOf({ inUse = {} }: ObjectReadyInputs, live: KubernetesObject): string | undefined {
  const [use] = Object.entries(inUse).flatMap(([path, values]) => {
    const value = plainAt(live, path);
    return value !== undefined && values.includes(value) ? [`${path} is ${value}`] : [];
  });
  return use;
}

function goingOf(live: KubernetesObject): string[] {
  if (live.metadata.deletionTimestamp === undefined) return [];
  return [`somebody deletes it (${heldBy(live)}): once it is gone, \`pulumi up --refresh\` makes it again`];
}

function heldBy({ metadata }: KubernetesObject): string {
  const finalizers = metadata["finalizers"];
  return Array.isArray(finalizers) && finalizers.length > 0
    ? `it waits for ${finalizers.join(", ")}`
    : "it is being deleted";
}
