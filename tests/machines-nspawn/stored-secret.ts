/** What etcd on a machine that boots has of a Secret. */
import assert from "node:assert/strict";
import { secretRange, storedValue } from "../simulator/machines/etcd";

const ask = [
  "cd /etc/kubernetes/pki && curl -sS --cacert etcd/ca.crt --cert apiserver-etcd-client.crt --key apiserver-etcd-client.key",
  `-d '${JSON.stringify(secretRange("kept"))}' https://127.0.0.1:2379/v3/kv/range`,
].join(" ");

/** Makes a Secret, and looks for it in etcd on a control plane's machine. @param inside runs a command there, and gives what it prints */
export async function proveEncryption(
  kubectl: (...words: string[]) => Promise<string>,
  inside: (command: string) => Promise<string>,
): Promise<void> {
  await kubectl("create", "secret", "generic", "kept", "--from-literal=word=in-plain-text");
  const stored = storedValue(JSON.parse(await inside(ask)) as { kvs?: { value: string }[] });
  assert.match(stored, /^k8s:enc:secretbox:v1:key1:/);
  assert.doesNotMatch(stored, /in-plain-text/);
  const read = await kubectl("get", "secret", "kept", "-o", "jsonpath={.data.word}");
  assert.equal(Buffer.from(read, "base64").toString(), "in-plain-text");
  assert.equal((await inside("stat -c %a:%U /etc/kubernetes/pki/encryption.yaml")).trim(), "600:root");
}
