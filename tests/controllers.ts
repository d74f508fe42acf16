/** What tests look for that run controllers of others. */
import { connect } from "node:net";
import { kubernetesApi } from "../provider/kubernetes/client";

/** Whether the API server has the definition of that name, and takes its objects. */
export async function isServed(kubeconfig: string, name: string): Promise<boolean> {
  const apiVersion = "apiextensions.k8s.io/v1";
  const found = await kubernetesApi(kubeconfig).read({ apiVersion, kind: "CustomResourceDefinition", name });
  const { conditions = [] } = (found?.["status"] ?? {}) as { conditions?: { type: string; status: string }[] };
  return conditions.some(({ type, status }) => type === "Established" && status === "True");
}

export function isListening(port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = connect({ host: "127.0.0.1", port });
    const end = (answer: boolean) => {
      socket.destroy();
      resolve(answer);
    };
    socket.once("connect", () => end(true)).once("error", () => end(false));
  });
}
