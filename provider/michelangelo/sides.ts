/** The two clusters of a registration, and whether they are what they should be. */
import { apiServerAddress, type ApiServerAddress } from "../../sdk/michelangelo/address";
import { rayRights, registrationKind, registrationNamespace } from "../../sdk/michelangelo/names";
import { parseKubeconfig } from "../../sdk/kubernetes/kubeconfig";
import { isForbidden, KubernetesApiError, type KubernetesApi } from "../kubernetes/api";
import { kubernetesApi } from "../kubernetes/client";
import { clusterUid, registeredElsewhere, type KnownCluster } from "../kubernetes/cluster-identity";
import { unlessRefused } from "../kubernetes/handlers/wait";
import { addressOf, isOf, type RegistrationInputs } from "./cluster-object";
import { requireControllerManager } from "./controller-manager";
import { patiently, type Patience } from "./patience";

const requestTimeoutMs = 10_000;
/** A cluster that does not answer for so long is away. */
const answerMs = 60_000;

/** Both sides of a registration. */
export interface Sides {
  compute: KubernetesApi;
  control: KubernetesApi;
}

export function sidesOf(
  { kubeconfig, controlPlaneKubeconfig }: RegistrationInputs,
  timeoutMs = requestTimeoutMs,
): Sides {
  return {
    compute: kubernetesApi(kubeconfig, { timeoutMs }),
    control: kubernetesApi(controlPlaneKubeconfig, { timeoutMs }),
  };
}

/** Throws where `check` has let through what was not known yet. */
export function addressFor({ apiServer, kubeconfig }: RegistrationInputs): ApiServerAddress {
  const address = apiServerAddress(apiServer ?? parseKubeconfig(kubeconfig).endpoint);
  if ("problem" in address)
    throw new Error(`${apiServer === undefined ? "kubeconfig: its server" : "apiServer:"} ${address.problem}`);
  return address;
}

/**
 * Both are what they should be, and nobody else has the place. Writes nothing.
 * @param owner whose the registration is, or will be
 */
export async function checkSides(
  { compute, control }: Sides,
  inputs: RegistrationInputs,
  owner: string,
  patience: Patience,
): Promise<void> {
  const { signal } = patience;
  const { clusterName, controllerManager } = inputs;
  const address = addressFor(inputs);
  const registered = await reached("Michelangelo's control plane", inputs.controlPlaneKubeconfig, patience, () =>
    control.list({ ...registrationKind, namespace: registrationNamespace }, signal).catch(explainKind("control")),
  );
  await reached("the compute cluster", inputs.kubeconfig, patience, () =>
    compute
      .list({ apiVersion: "ray.io/v1", kind: "RayCluster", namespace: "default", limit: 1 }, signal)
      .catch(explainKind("compute")),
  );
  if (await isWithoutNamespace(control, signal))
    throw new Error(
      `the control plane has no namespace "${registrationNamespace}", where Michelangelo looks for clusters: it is not set up, or controlPlane is another cluster`,
    );
  const own = registered.find(({ metadata }) => metadata.name === clusterName);
  if (own !== undefined && !isOf(own, owner))
    throw new Error(
      `clusterName: Michelangelo has a cluster "${clusterName}" already, which somebody else registered: choose another name, or delete it first`,
    );
  const place = `${address.host}:${address.port}`;
  const twin = registered.find((each) => each !== own && addressOf(each) === place);
  if (twin !== undefined)
    throw new Error(
      `${place} is registered already, as "${twin.metadata.name}": Michelangelo would reach both with one token`,
    );
  if (controllerManager !== undefined) await requireControllerManager(control, controllerManager, signal);
}

/** Who may write to a namespace may not see it, and then what he writes shows whether it is there. */
async function isWithoutNamespace(control: KubernetesApi, signal: AbortSignal): Promise<boolean> {
  try {
    const namespace = { apiVersion: "v1", kind: "Namespace", name: registrationNamespace };
    return (await control.read(namespace, signal)) === undefined;
  } catch (error) {
    if (isForbidden(error)) return false;
    throw error;
  }
}

/**
 * Which cluster the compute cluster is, as far as that may be read.
 * @param before the one that is registered: another is refused while that one is there
 */
export async function computeUid(
  { compute }: Sides,
  { kubeconfig }: RegistrationInputs,
  before: KnownCluster | undefined,
  patience: Patience,
): Promise<string | undefined> {
  const { signal } = patience;
  const ask = async () => ({ uid: await clusterUid(compute, signal) });
  const { uid } = await reached("the compute cluster", kubeconfig, patience, ask);
  const isOther = before !== undefined && before.kubeconfig !== kubeconfig;
  const reason = isOther ? await registeredElsewhere(before, { kubeconfig, uid }, signal) : undefined;
  if (reason !== undefined) throw new Error(`kubeconfig ${reason}`);
  return uid;
}

export async function reached<T>(
  who: string,
  kubeconfig: string,
  patience: Patience,
  ask: () => Promise<T>,
): Promise<T> {
  const { endpoint } = parseKubeconfig(kubeconfig);
  const own = { ...patience, until: Math.min(patience.until, Date.now() + answerMs) };
  return patiently(
    who,
    own,
    unlessRefused(kubeconfig, ask),
    (reason) => `${who} at ${endpoint} does not answer this computer: ${reason}`,
  );
}

/** No such kind: mostly the one cluster in the other's place. */
function explainKind(side: keyof Sides): (error: unknown) => never {
  const words = {
    control:
      "controlPlane has no kind clusters.michelangelo.api: it is no control plane of Michelangelo, or its API server has not defined the kind yet. " +
      "If that is the compute cluster, the two are in each other's place",
    compute: `the compute cluster has no kind rayclusters.${rayRights.apiGroup}: KubeRay's operator is not installed in it, or it is another cluster than was meant`,
  };
  return (error) => {
    if (error instanceof KubernetesApiError && error.statusCode === 404)
      throw new KubernetesApiError(words[side], 404, error.reason);
    throw error;
  };
}
