/** Looks at the compute cluster through what Michelangelo gets: this address, this authority, this token, and no other server name. */
import { computeNamespace, rayRights, serviceAccount } from "../../sdk/michelangelo/names";
import type { ApiServerAddress } from "../../sdk/michelangelo/address";
import { renderKubeconfig } from "../../sdk/kubernetes/kubeconfig";
import { messageOf } from "../../sdk/message";
import { KubernetesApiError, type KubernetesApi } from "../kubernetes/api";
import { kubernetesApi } from "../kubernetes/client";
import { NotYet } from "../kubernetes/handlers/wait";
import { patiently, type Patience } from "./patience";

export interface Credentials {
  token: string;
  /** PEM; empty where the system's own are meant. */
  authority: string;
}

const requestTimeoutMs = 10_000;
/** What is merely not there yet is there by then: rights, an API server that restarts. */
const accessSeconds = 60;

/**
 * Returns once the token may do what Michelangelo does with it. `isOurWay`: the same address leads here, so that it must be reached from this
 * computer; else what cannot be reached at all is left to Michelangelo, with a warning.
 */
export async function provenAccess(
  address: ApiServerAddress,
  { token, authority }: Credentials,
  isOurWay: boolean,
  patience: Patience,
): Promise<void> {
  const { signal, log } = patience;
  const endpoint = `${address.host}:${address.port}`;
  const kubeconfig = renderKubeconfig({
    clusterName: "compute",
    endpoint,
    certificateAuthority: authority === "" ? undefined : authority,
    credentials: { token },
  });
  const api = kubernetesApi(kubeconfig, { timeoutMs: requestTimeoutMs });
  const own = { ...patience, until: Math.min(patience.until, Date.now() + accessSeconds * 1000) };
  const attempt = async () => {
    try {
      const missing = await missingRights(api, signal);
      return missing.length === 0 ? "proven" : new NotYet(`it may not ${missing.join(", ")}`);
    } catch (error) {
      signal.throwIfAborted();
      if (isOurWay || error instanceof KubernetesApiError || whyUntrusted(error) !== undefined) throw error;
      log.warn(
        `${endpoint} cannot be reached from this computer (${messageOf(error)}): whether Michelangelo reaches it shows when it reports the cluster`,
      );
      return "left to Michelangelo";
    }
  };
  let last: unknown;
  const remembering = () => attempt().catch((error: unknown) => Promise.reject((last = error) as Error));
  await patiently(`access to ${endpoint}`, own, remembering, (reason) => explained(endpoint, reason, last));
}

/** Verbs and resources that the token does not allow. */
async function missingRights(api: KubernetesApi, signal: AbortSignal): Promise<string[]> {
  const { apiGroup: group, resources, verbs } = rayRights;
  const asked = resources.flatMap((resource) => verbs.map((verb) => ({ resource, verb })));
  const answers = await Promise.all(
    asked.map(async ({ resource, verb }) => {
      const resourceAttributes = { namespace: computeNamespace, group, resource, verb };
      const review = {
        apiVersion: "authorization.k8s.io/v1",
        kind: "SelfSubjectAccessReview",
        metadata: {},
        spec: { resourceAttributes },
      };
      const { status } = (await api.create(review, signal)) as { status?: { allowed?: boolean } };
      return status?.allowed === true ? [] : [`${verb} ${resource}`];
    }),
  );
  return answers.flat();
}

function explained(endpoint: string, reason: string, error: unknown): string {
  if (error instanceof KubernetesApiError && error.statusCode === 401)
    return `the API server at ${endpoint} does not accept the token of ${serviceAccount}: another cluster answers there, or one that has lost its keys (${reason})`;
  if (error instanceof KubernetesApiError || error === undefined)
    return `the token of ${serviceAccount} does not do at ${endpoint} what Michelangelo needs: ${reason}`;
  const untrusted = whyUntrusted(error);
  if (untrusted !== undefined)
    return (
      `Michelangelo could not trust ${endpoint}: ${untrusted}. It checks the certificate against that very host: say with apiServer an address ` +
      `that the certificate names and the control plane reaches (${reason})`
    );
  return (
    `${endpoint} cannot be reached from this computer: ${reason}. Look whether the address is right, and whether a firewall lets this computer ` +
    "and Michelangelo's control plane in"
  );
}

/** TLS's reasons, by Node's codes. */
function whyUntrusted(error: unknown): string | undefined {
  for (let cause = error; cause instanceof Error; cause = cause.cause) {
    const { code = "" } = cause as NodeJS.ErrnoException;
    if (code === "ERR_TLS_CERT_ALTNAME_INVALID") return "its certificate does not name that host";
    if (/CERT|SELF_SIGNED|ISSUER|^ERR_TLS|^ERR_SSL/.test(code))
      return "its certificate is not of the cluster's authority";
  }
  return undefined;
}
