/** Asking a light machine's etcd itself, with a certificate of its authority. */
import type { NodeDocument } from "../../../bootstrap/document";
import { issueCertificate } from "../../../provider/kubernetes/certificates";
import { ApiConnection } from "../../../simulator/machines/api-connection";

export async function askEtcd<T>(controlPlane: NodeDocument, address: string, path: string, body: object): Promise<T> {
  const { etcdCa } = controlPlane.controlPlane!;
  const client = await issueCertificate(etcdCa, { commonName: "tester", usages: ["client"], validForHours: 1 });
  const server = { endpoint: `https://${address}:2379`, certificateAuthority: etcdCa.certificate };
  const etcd = new ApiConnection(server, client);
  try {
    return await etcd.request<T>("POST", path, AbortSignal.timeout(60_000), body);
  } finally {
    etcd.close();
  }
}

/** Body of `/v3/kv/range` for what the API server keeps of a Secret. */
export function secretRange(name: string): { key: string } {
  return { key: Buffer.from(`/registry/secrets/default/${name}`).toString("base64") };
}

/** What is kept, byte for byte. */
export function storedValue({ kvs }: { kvs?: { value: string }[] }): string {
  return Buffer.from(kvs?.[0]?.value ?? "", "base64").toString("latin1");
}
