/** What tests look for that run controllers of others. */
import { writeFileSync } from "node:fs";
import { connect } from "node:net";
import { join } from "node:path";
import { issueCertificate, makeAuthority } from "../provider/kubernetes/certificates";
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

/** What webhooks serve with, on loopback, in files of the folder. Returns what the API server knows them by: `caBundle`. */
export async function certificateOfWebhooks(folder: string): Promise<string> {
  const authority = await makeAuthority("webhooks");
  const serving = await issueCertificate(authority, {
    commonName: "webhooks",
    ipAddresses: ["127.0.0.1"],
    usages: ["server"],
    validForHours: 2,
  });
  writeFileSync(join(folder, "tls.crt"), serving.certificate, { mode: 0o600 });
  writeFileSync(join(folder, "tls.key"), serving.privateKey, { mode: 0o600 });
  return Buffer.from(authority.certificate).toString("base64");
}
