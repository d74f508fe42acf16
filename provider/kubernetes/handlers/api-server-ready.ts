import { X509Certificate } from "node:crypto";
import type { Unwrap } from "../../../sdk/pulumi";
import { looking } from "../../server/looking";
import type { CheckFailure, ResourceContext, ResourceHandler, ResourceState } from "../../server/resource";
import type { KubernetesApi } from "../api";
import type { ApiServerReadyArgs } from "../../../sdk/kubernetes/api-server-ready";
import { kubernetesApi } from "../client";
import {
  anewRefusal,
  identityOf,
  isAnotherNow,
  moveTold,
  type Found,
  type Identified,
  type Identity,
} from "../cluster-identity";
import { parseKubeconfig } from "../../../sdk/kubernetes/kubeconfig";
import { bootstrapLog, describeReports } from "../machine-log";
import { checkKubeconfig } from "./check-kubeconfig";
import { missingOnComputer } from "./kubeconfig-on-computer";
import { checkSshKey } from "./check-ssh-key";
import { describeMachines, MachineWatch } from "./claimed-machines";
import { checkLog, machineReports, type LogSources } from "./machine-reports";
import { NotYet, unlessRefused, waitFor } from "./wait";
import { messageOf } from "../../../sdk/message";

export type ApiServerReadyInputs = Unwrap<ApiServerReadyArgs>;

export interface ApiServerReadyOutputs extends Identity {
  ready: true;
  version: string;
}

const defaultTimeoutSeconds = 1200;
/** Short, because a machine that boots may swallow the first packets. */
const requestTimeoutMs = 10_000;
const refreshTimeoutMs = 5_000;

export const apiServerReady = (sources: LogSources): ResourceHandler<ApiServerReadyInputs, ApiServerReadyOutputs> =>
  looking<ApiServerReadyInputs, ApiServerReadyOutputs>({
    check: async (inputs) => [
      ...(await usable(inputs)),
      ...checkLog(inputs.log, "log", sources),
      ...(await checkSshKey(inputs)),
    ],

    async foresee(inputs, context, state) {
      const { kubeconfig } = inputs;
      if (typeof kubeconfig !== "string") return state?.outputs ?? {};
      const found = await foundAtPreview(kubeconfig, state, context.signal);
      return { ...state?.outputs, ...(found && (await accepted(found, kubeconfig, state, context))) };
    },

    // They only tell how to ask the machine when it does not answer.
    plan: () => ({ ignores: ["sshPrivateKey", "sshPublicKey", "log", "hint", "claims"] }),

    drifted: async (state, { signal }) => ((await isAnotherNow(knownOf(state), signal)) ? ["clusterUid"] : []),

    async create(inputs, context) {
      const outputs = await apiServer(inputs, sources, context, undefined);
      return { id: parseKubeconfig(inputs.kubeconfig).clusterName, outputs };
    },

    async again(state, { signal, log }) {
      try {
        const api = kubernetesApi(state.inputs.kubeconfig, { timeoutMs: refreshTimeoutMs });
        const version = await serverVersion(api, signal);
        // What is missing in one that was made anew, this refresh finds.
        const { change, ...identity } = await identityOf(state.inputs.kubeconfig, knownOf(state), api, signal);
        if (change !== undefined) log.warn("the cluster was made anew: `pulumi up` makes in it what is missing");
        return { ...state, outputs: { ...state.outputs, version, ...identity } };
      } catch (error) {
        signal.throwIfAborted();
        log.warn(`the cluster does not answer, its version is taken from the state: ${messageOf(error)}`);
        return state;
      }
    },

    update: (_id, inputs, state, context) => apiServer(inputs, sources, context, state),
  });

type State = ResourceState<ApiServerReadyInputs, ApiServerReadyOutputs>;

function knownOf({ inputs: { kubeconfig }, outputs: { identity, clusterUid } }: State): Identified {
  return { kubeconfig, identity, clusterUid };
}

/** Undefined where it does not answer. */
async function foundAtPreview(
  kubeconfig: string,
  state: State | undefined,
  signal: AbortSignal,
): Promise<Found | undefined> {
  try {
    const api = kubernetesApi(kubeconfig, { timeoutMs: refreshTimeoutMs });
    return await identityOf(kubeconfig, state && knownOf(state), api, signal);
  } catch {
    signal.throwIfAborted();
    return undefined;
  }
}

/** What the state says of it from now on. Throws where things would be taken to be where they are not, or could not be deleted where they are. */
async function accepted(
  { change, ...identity }: Found,
  kubeconfig: string,
  state: State | undefined,
  { signal, log }: ResourceContext,
): Promise<Identity> {
  if (change === "anew") throw new Error(anewRefusal(kubeconfig));
  if (change === "moved") log.warn(await moveTold(knownOf(state!), kubeconfig, signal));
  return identity;
}

async function usable(inputs: { kubeconfig?: unknown; timeoutSeconds?: unknown }): Promise<CheckFailure[]> {
  const failures = checkKubeconfig(inputs);
  return failures.length > 0 ? failures : missingOnComputer(inputs);
}

async function apiServer(
  inputs: ApiServerReadyInputs,
  sources: LogSources,
  context: ResourceContext,
  state: State | undefined,
): Promise<ApiServerReadyOutputs> {
  const { endpoint } = parseKubeconfig(inputs.kubeconfig);
  const api = kubernetesApi(inputs.kubeconfig, { timeoutMs: requestTimeoutMs });
  const byKubeadm = isKubeadmAdministrator(inputs.kubeconfig);
  const attempt = async () => {
    await api.text("/readyz", context.signal);
    if (byKubeadm && !(await mayDoAll(api, context.signal)))
      return new NotYet("the administrator's rights are not set up yet");
    const version = await serverVersion(api, context.signal);
    return { version, found: await identityOf(inputs.kubeconfig, state && knownOf(state), api, context.signal) };
  };
  const reports = async () => {
    const address = new URL(endpoint).hostname;
    const machine = { nodeName: "the control plane", address, ...(inputs.log && { log: inputs.log }) };
    return machineReports([machine], { ...context, sources, sshPrivateKey: inputs.sshPrivateKey });
  };
  const watch = new MachineWatch(inputs.claims, context.signal);
  const { version, found } = await waitFor(unlessRefused(inputs.kubeconfig, attempt), {
    what: `the API server at ${endpoint}`,
    timeoutMs: context.timeoutMs ?? (inputs.timeoutSeconds ?? defaultTimeoutSeconds) * 1000,
    signal: context.signal,
    log: context.log,
    async hopeless(reason) {
      const lost = await watch.lost();
      if (lost !== undefined) return new Error(`the API server at ${endpoint} is not ready: ${reason}. ${lost}`);
      const failed = (await reports()).filter(({ hasFailed }) => hasFailed);
      if (failed.length === 0) return undefined;
      return new Error(`the control plane at ${endpoint} gave up becoming one${describeReports(failed)}`);
    },
    async timedOut(reason, seconds) {
      return new Error(
        `the API server at ${endpoint} was not ready after ${seconds} s; last: ${reason}. ` +
          `${inputs.hint ?? machineHint(endpoint)}${describeReports(await reports())}` +
          (await describeMachines(inputs.claims, context.signal)),
      );
    },
  });
  return { ready: true, version, ...(await accepted(found, inputs.kubeconfig, state, context)) };
}

function machineHint(endpoint: string): string {
  return (
    `Look at the console of the control plane machine and its ${bootstrapLog}, ` +
    `and whether its security group lets this computer reach port ${portOf(endpoint)}`
  );
}

async function serverVersion(api: KubernetesApi, signal: AbortSignal): Promise<string> {
  const { gitVersion } = JSON.parse(await api.text("/version", signal)) as { gitVersion: string };
  return gitVersion.replace(/^v/, "");
}

/** kubeadm binds this group to `cluster-admin` only once the API server runs: until then it is ready and still forbids everything. */
function isKubeadmAdministrator(kubeconfig: string): boolean {
  const { credentials } = parseKubeconfig(kubeconfig);
  if (credentials.kind !== "certificate") return false;
  return new X509Certificate(credentials.clientCertificate).subject.split("\n").includes("O=kubeadm:cluster-admins");
}

async function mayDoAll(api: KubernetesApi, signal: AbortSignal): Promise<boolean> {
  const review = await api.create(
    {
      apiVersion: "authorization.k8s.io/v1",
      kind: "SelfSubjectAccessReview",
      metadata: {},
      spec: { resourceAttributes: { verb: "*", group: "*", resource: "*" } },
    },
    signal,
  );
  return (review["status"] as { allowed?: boolean } | undefined)?.allowed === true;
}

function portOf(endpoint: string): string {
  return new URL(endpoint).port || "443";
}
