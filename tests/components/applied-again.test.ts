/**
 * What a cluster has by manifests of ours, made again by somebody who does not know that he made it: after a lost answer Pulumi's provider applies as
 * another field manager, and a field that the API server fills in must not look like somebody else's.
 */
import assert from "node:assert/strict";
import type { KubernetesObject } from "../../provider/kubernetes/api";
import { kubernetesApi } from "../../provider/kubernetes/client";
import { controlPlane, type TestControlPlane } from "../provider/kubernetes/control-plane";
import { until } from "../until";
import { deployed } from "./aws-scene";
import { plain } from "./mocks";

/** A Secret's texts, as Pulumi's provider sends them. */
function encoded({ stringData = {}, ...object }: KubernetesObject): KubernetesObject {
  const texts = Object.entries(stringData as Record<string, string>);
  if (texts.length === 0) return object as KubernetesObject;
  return {
    ...(object as KubernetesObject),
    data: Object.fromEntries(texts.map(([key, text]) => [key, Buffer.from(text).toString("base64")])),
  };
}

describe("manifests of a whole cluster on AWS", function () {
  this.timeout(300_000);
  let server: TestControlPlane;
  before(async () => {
    server = await controlPlane();
  });
  after(() => server.close());

  it("are applied again by another field manager without a conflict", async () => {
    const { registered } = await deployed({ cni: "flannel", sharedStorage: { lustre: { sizeGib: 1200 } } });
    const objects = registered.resources
      .filter(({ type }) => /^kubernetes:(?!helm)/.test(type))
      .map(({ inputs }) => encoded(plain(inputs) as KubernetesObject));
    for (const workload of [
      "gpu-clusters-autoscaler",
      "aws-cloud-controller-manager",
      "ebs-csi-controller",
      "kube-flannel-ds",
      "local-path-provisioner",
      "nvidia-device-plugin",
      "nfd-master",
    ])
      assert.ok(
        objects.some(({ kind, metadata }) => /Deployment|DaemonSet/.test(kind) && metadata.name?.startsWith(workload)),
        `${workload}; there are: ${objects.map(({ kind, metadata }) => `${kind} ${metadata.name}`).join(", ")}`,
      );
    const api = kubernetesApi(await server.kubeconfig("system:masters"), { timeoutMs: 30_000 });
    await until("the API server answers", async () => (await api.text("/readyz")) === "ok");
    const refused: string[] = [];
    for (const object of objects) {
      await api.apply(object, { fieldManager: "pulumi-kubernetes-1" });
      await api
        .apply(object, { fieldManager: "pulumi-kubernetes-2" })
        .catch((error: Error) => refused.push(`${object.kind} ${object.metadata.name}: ${error.message}`));
    }
    assert.deepEqual(refused, []);
  });
});
