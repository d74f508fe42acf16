import { wrongTimeout } from "../../cloud/timeout";
import type { CheckFailure } from "../../server/resource";
import { InvalidKubeconfig, parseKubeconfig } from "../../../sdk/kubernetes/kubeconfig";

/** The checks that resources with a kubeconfig and a time-out share; what is not known yet is skipped. */
export function checkKubeconfig(inputs: { kubeconfig?: unknown; timeoutSeconds?: unknown }): CheckFailure[] {
  const failures: CheckFailure[] = [];
  if (typeof inputs.kubeconfig === "string") {
    try {
      parseKubeconfig(inputs.kubeconfig);
    } catch (error) {
      if (!(error instanceof InvalidKubeconfig)) throw error;
      failures.push({ property: "kubeconfig", reason: error.message });
    }
  }
  return [...failures, ...wrongTimeout(inputs)];
}
