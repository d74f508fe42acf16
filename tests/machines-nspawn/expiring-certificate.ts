/** Time passes in a stack's state: the administrator's certificate is about to expire. */
import assert from "node:assert/strict";
import { certificateValidity, reissueCertificate } from "../../provider/kubernetes/certificates";

interface Resource {
  type: string;
  outputs?: Record<string, string | { plaintext: string }>;
}

const hour = 3_600_000;
const leftHours = 24;

/**
 * @param state of a stack, decrypted
 * @param authorityKey where the state does not have it
 */
export async function withExpiringCertificate(state: string, authorityKey?: string): Promise<string> {
  const exported = JSON.parse(state) as { deployment: { resources: Resource[] } };
  const certificates = exported.deployment.resources.find(({ type }) => /:Cluster(Certificates|Keys)$/.test(type));
  const outputs = certificates?.outputs;
  assert.ok(outputs, "the state has a cluster's certificates");
  const read = (name: string) => {
    const value = outputs[name]!;
    return typeof value === "string" ? value : (JSON.parse(value.plaintext) as string);
  };
  const write = (name: string, text: string) => {
    const value = outputs[name]!;
    if (typeof value === "string") outputs[name] = text;
    else value.plaintext = JSON.stringify(text);
  };
  const { notBefore, notAfter } = certificateValidity(read("adminCertificate"));
  const validForHours = (notAfter.getTime() - notBefore.getTime()) / hour;
  const old = await reissueCertificate(
    { certificate: read("caCertificate"), privateKey: authorityKey ?? read("caPrivateKey") },
    read("adminPrivateKey"),
    {
      commonName: "gpu-clusters-admin",
      organizations: ["kubeadm:cluster-admins"],
      usages: ["client"],
      validForHours,
    },
    new Date(Date.now() - (validForHours - leftHours) * hour),
  );
  write("adminCertificate", old);
  write("adminExpiresAt", certificateValidity(old).notAfter.toISOString());
  return JSON.stringify(exported);
}
