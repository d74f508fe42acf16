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
  if (typeof inputs.timeoutSeconds === "number" && inputs.timeoutSeconds <= 0) {
    failures.push({ property: "timeoutSeconds", reason: `${inputs.timeoutSeconds} must be more than 0 seconds` });
  }
  return failures;
}
