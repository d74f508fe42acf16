import { apiServerAddress } from "../../../sdk/michelangelo/address";
import { durationMs } from "../../../sdk/michelangelo/duration";
import { wrongClusterName } from "../../../sdk/michelangelo/names";
import { InvalidKubeconfig, parseKubeconfig } from "../../../sdk/kubernetes/kubeconfig";
import { known } from "../../cloud/inputs";
import { messageOf } from "../../../sdk/message";
import { ownerMark } from "../../cloud/owner-mark";
import { clusterUid, registeredElsewhereAtCheck, isSameCluster } from "../../kubernetes/cluster-identity";
import { checkKubeconfig } from "../../kubernetes/handlers/check-kubeconfig";
import {
  PartialFailure,
  type CheckFailure,
  type ResourceContext,
  type ResourceHandler,
  type ResourceState,
  type UnknowableProperties,
} from "../../server/resource";
import { Unknown } from "../../server/values";
import { clusterReference, isOf, ofSomebodyElse, type RegistrationInputs } from "../cluster-object";
import { statusOf } from "../condition";
import { patience } from "../patience";
import { changedByHand, everyMs, register, type RegistrationOutputs } from "../registration";
import { deregister } from "../removal";
import { checkSides, computeUid, sidesOf } from "../sides";
import { isOld, tokenSecrets } from "../tokens";

const defaultTimeoutSeconds = 300;
const refreshTimeoutMs = 5_000;
const hourMs = 3_600_000;

type Inputs = UnknowableProperties<RegistrationInputs>;
type State = ResourceState<RegistrationInputs, RegistrationOutputs>;

export const registration: ResourceHandler<RegistrationInputs, RegistrationOutputs> = {
  check: async (inputs, { signal }, before) => [
    ...checkKubeconfig(inputs),
    ...(await wrongCluster(inputs, before, signal)),
    ...checkKubeconfig({ kubeconfig: inputs.controlPlaneKubeconfig }).map((failure) => ({
      ...failure,
      property: "controlPlaneKubeconfig",
    })),
    ...wrongName(inputs),
    ...wrongAddress(inputs),
    ...wrongRotation(inputs),
  ],

  plan(state, inputs) {
    const { status, tokenIssuedAt } = state.outputs;
    const isDue = tokenIssuedAt !== undefined && isOld(tokenIssuedAt, everyMs(known(inputs.rotateEvery)), Date.now());
    return {
      ignores: ["timeoutSeconds"],
      // What is registered elsewhere is another registration.
      replaces: ["controlPlaneUid"],
      outputs: [...(status === "ready" ? [] : ["status"]), ...(isDue ? ["tokenSecret", "tokenIssuedAt"] : [])],
      // Two of one address would share a token in Michelangelo's memory.
      deleteBeforeReplace: true,
    };
  },

  drifted: async (state, { signal }, inputs) =>
    (await movesElsewhere(state, inputs, signal)) ? ["controlPlaneUid"] : [],

  preview(inputs, state) {
    const address = addressOf(inputs);
    const place = address ?? { host: Unknown.value, port: Unknown.value };
    if (state === undefined) return { ...place, status: "ready" };
    const { clusterUid: uid, ...outputs } = state.outputs;
    // Another kubeconfig may be of the cluster that was made anew.
    const isSame = inputs.kubeconfig === state.inputs.kubeconfig;
    return { ...outputs, ...(isSame && { clusterUid: uid }), ...place, status: "ready" };
  },

  async create(inputs, context) {
    return { id: inputs.clusterName, outputs: await registered(inputs, context) };
  },

  async read(id, state, { signal, log, urn }) {
    if (state === undefined) throw new Error(`${id}: a registration cannot be imported: make it in the program`);
    const { inputs, outputs } = state;
    const sides = sidesOf(inputs, refreshTimeoutMs);
    try {
      const cluster = await sides.control.read(clusterReference(inputs.clusterName), signal);
      if (cluster === undefined) return undefined;
      const owner = ownerOf(outputs, urn);
      if (!isOf(cluster, owner)) {
        log.warn(`${ofSomebodyElse(inputs.clusterName)}: ours is gone`);
        return undefined;
      }
      const uid = outputs.clusterUid ?? (await clusterUid(sides.compute, signal));
      const tokens = await tokenSecrets(sides.compute, inputs.clusterName, signal);
      const token = tokens.find(({ name }) => name === outputs.tokenSecret);
      const status =
        token === undefined
          ? `the token Secret ${outputs.tokenSecret} is gone`
          : ((await changedByHand(sides, inputs, owner, token, signal)) ?? statusOf(cluster, Date.now()));
      if (status !== "ready")
        log.warn(`Michelangelo's cluster "${inputs.clusterName}": ${status}; \`pulumi up\` sees to it`);
      return { ...state, outputs: { ...outputs, owner, ...(uid !== undefined && { clusterUid: uid }), status } };
    } catch (error) {
      signal.throwIfAborted();
      log.warn(`the registration of "${inputs.clusterName}" is taken from the state: ${messageOf(error)}`);
      return state;
    }
  },

  update: (_id, inputs, state, context) => registered(inputs, context, state),

  async delete(_id, { inputs, outputs }, context) {
    const patient = patience(context, inputs.timeoutSeconds ?? defaultTimeoutSeconds);
    await deregister(sidesOf(inputs), inputs, ownerOf(outputs, context.urn), patient);
  },
};

/** It stays by another name of the resource. States of before have none. */
function ownerOf(outputs: Partial<RegistrationOutputs> | undefined, urn: string): string {
  return outputs?.owner ?? ownerMark(urn);
}

/** @param before of one that is there */
async function registered(
  inputs: RegistrationInputs,
  context: ResourceContext,
  before?: State,
): Promise<RegistrationOutputs> {
  const sides = sidesOf(inputs);
  const patient = patience(context, inputs.timeoutSeconds ?? defaultTimeoutSeconds);
  const owner = ownerOf(before?.outputs, context.urn);
  let hasBegun = false;
  try {
    const known = before && { kubeconfig: before.inputs.kubeconfig, uid: before.outputs.clusterUid };
    const uid = await computeUid(sides, inputs, known, patient);
    await checkSides(sides, inputs, owner, patient);
    const controlPlaneUid = await clusterUid(sides.control, context.signal);
    const outputs = await register(sides, inputs, owner, patient, () => (hasBegun = true));
    return {
      ...outputs,
      ...(uid !== undefined && { clusterUid: uid }),
      ...(controlPlaneUid !== undefined && { controlPlaneUid }),
    };
  } catch (error) {
    if (!hasBegun) throw error;
    const outputs = { ...before?.outputs, owner, status: "unfinished" };
    throw new PartialFailure(inputs.clusterName, outputs, [messageOf(error)], { cause: error });
  }
}

async function movesElsewhere(
  { inputs: { controlPlaneKubeconfig: kubeconfig }, outputs }: State,
  { controlPlaneKubeconfig }: Inputs,
  signal: AbortSignal,
): Promise<boolean> {
  const now = known(controlPlaneKubeconfig);
  if (now === undefined || endpointOf(now) === endpointOf(kubeconfig)) return false;
  return !(await isSameCluster({ kubeconfig, uid: outputs.controlPlaneUid }, now, signal));
}

function endpointOf(kubeconfig: string): string | undefined {
  try {
    return parseKubeconfig(kubeconfig).endpoint;
  } catch (error) {
    if (error instanceof InvalidKubeconfig) return undefined;
    throw error;
  }
}

/** What is given for the API server's address, if it is known, and in which field. */
function serverOf({ apiServer, kubeconfig }: Inputs): { property: string; server: string | undefined } {
  if (apiServer !== undefined) return { property: "apiServer", server: known(apiServer) };
  const text = known(kubeconfig);
  return { property: "kubeconfig", server: text === undefined ? undefined : endpointOf(text) };
}

function addressOf(inputs: Inputs) {
  const { server } = serverOf(inputs);
  const address = server === undefined ? undefined : apiServerAddress(server);
  return address === undefined || "problem" in address ? undefined : address;
}

async function wrongCluster(
  { kubeconfig }: Inputs,
  before: RegistrationInputs | undefined,
  signal: AbortSignal,
): Promise<CheckFailure[]> {
  const reason = await registeredElsewhereAtCheck(before?.kubeconfig, kubeconfig, signal);
  return reason === undefined ? [] : [{ property: "kubeconfig", reason }];
}

function wrongName({ clusterName }: Inputs): CheckFailure[] {
  const name = known(clusterName);
  const reason = name === undefined ? undefined : wrongClusterName(name);
  return reason === undefined ? [] : [{ property: "clusterName", reason }];
}

function wrongAddress(inputs: Inputs): CheckFailure[] {
  const { property, server } = serverOf(inputs);
  const address = server === undefined ? undefined : apiServerAddress(server);
  if (address === undefined || !("problem" in address)) return [];
  return [{ property, reason: property === "kubeconfig" ? `its server ${address.problem}` : address.problem }];
}

function wrongRotation({ rotateEvery, controllerManager }: Inputs): CheckFailure[] {
  const every = known(rotateEvery);
  if (every === undefined) return [];
  const ms = durationMs(every);
  const failures: CheckFailure[] = [];
  if (ms === undefined || ms < hourMs)
    failures.push({ property: "rotateEvery", reason: `"${every}" must be a duration of at least 1h, such as 720h` });
  if (controllerManager === undefined)
    failures.push({
      property: "controllerManager",
      reason: "is required with rotateEvery: Michelangelo keeps a token until its controller manager is restarted",
    });
  return failures;
}
