/** The add-on's manifests, and what its pod may do with them, as a real API server sees it. */
import assert from "node:assert/strict";
import { KubernetesApiError, type KubernetesApi, type KubernetesObject } from "../../provider/kubernetes/api";
import { mintBootstrapToken, tokenId, tokenReference } from "../../provider/kubernetes/bootstrap-token";
import { issueCertificate } from "../../provider/kubernetes/certificates";
import { kubernetesApi } from "../../provider/kubernetes/client";
import { parseKubeconfig, renderKubeconfig } from "../../sdk/kubernetes/kubeconfig";
import { controlPlane, type TestControlPlane } from "../provider/kubernetes/control-plane";
import { until } from "../until";
import { registerAutoscaler } from "./autoscaler-scene";
import { plain } from "./mocks";

describe("the autoscaler's add-on on a real API server", () => {
  let cluster: TestControlPlane;
  let administrator: KubernetesApi;
  let pod: KubernetesApi;
  before(async () => {
    cluster = await controlPlane();
    const kubeconfig = await cluster.kubeconfig("system:masters");
    administrator = kubernetesApi(kubeconfig);
    await until("the API server answers", async () => (await administrator.text("/readyz")) === "ok");
    const account = await issueCertificate(cluster.ca, {
      commonName: "system:serviceaccount:kube-system:cluster-autoscaler",
      usages: ["client"],
      validForHours: 1,
    });
    const { endpoint, tlsServerName } = parseKubeconfig(kubeconfig);
    pod = kubernetesApi(
      renderKubeconfig({
        clusterName: "test",
        endpoint,
        certificateAuthority: cluster.ca.certificate,
        tlsServerName,
        credentials: { clientCertificate: account.certificate, clientKey: account.privateKey },
      }),
    );
    const registered = await registerAutoscaler({ mintsTokens: true });
    const manifests = registered.resources
      .filter(({ type }) => type.startsWith("kubernetes:"))
      .map(({ inputs }) => plain(inputs) as KubernetesObject);
    for (const manifest of manifests) await administrator.create(manifest);
    const deployment = manifests.find(({ kind }) => kind === "Deployment")!;
    const { template } = deployment["spec"] as { template: { metadata: object; spec: object } };
    // As the controller would make it: a Deployment's own check lets through what a pod's does not.
    await administrator.create({
      apiVersion: "v1",
      kind: "Pod",
      ...template,
      metadata: { ...template.metadata, name: "autoscaler", namespace: "kube-system" },
    } as KubernetesObject);
  });
  after(() => cluster.close());

  const forbidden = (work: Promise<unknown>) =>
    assert.rejects(work, (error: unknown) => error instanceof KubernetesApiError && error.statusCode === 403);
  const inKubeSystem = { apiVersion: "v1", namespace: "kube-system" };

  it("lets cluster-autoscaler see what it weighs", async () => {
    const kinds = {
      v1: ["Node", "Pod", "Service", "Namespace", "ReplicationController", "PersistentVolume", "PersistentVolumeClaim"],
      "apps/v1": ["DaemonSet", "ReplicaSet", "StatefulSet"],
      "batch/v1": ["Job"],
      "policy/v1": ["PodDisruptionBudget"],
      "storage.k8s.io/v1": ["StorageClass", "CSINode", "CSIDriver", "CSIStorageCapacity", "VolumeAttachment"],
    };
    for (const [apiVersion, names] of Object.entries(kinds))
      for (const kind of names) await pod.list({ apiVersion, kind });
    await pod.read({ ...inKubeSystem, kind: "ConfigMap", name: "cluster-autoscaler-priority-expander" });
  });

  it("lets the server mint and delete tokens, mark, drain and delete nodes, and tell of what is missing", async () => {
    const token = await mintBootstrapToken(pod, { ttlHours: 1, description: "test" });
    await pod.delete(tokenReference(tokenId(token)));
    const node = { apiVersion: "v1", kind: "Node", name: "gone" };
    await administrator.create({ apiVersion: "v1", kind: "Node", metadata: { name: "gone" } });
    await pod.patch(node, { spec: { unschedulable: true } });
    await pod.delete(node);
    await pod.evict({ namespace: "kube-system", name: "none" });
    await pod.create({
      apiVersion: "events.k8s.io/v1",
      kind: "Event",
      metadata: { name: "told", namespace: "default" },
      type: "Warning",
      reason: "NodeGroupOutOfCapacity",
      action: "ScaleUp",
      note: "none left",
      eventTime: "2026-01-01T00:00:00.000000Z",
      reportingController: "test",
      reportingInstance: "test",
      regarding: { apiVersion: "v1", kind: "Pod", namespace: "default", name: "p" },
    });
  });

  it("lets neither read secrets, nor change workloads, other maps or rights", async () => {
    await forbidden(pod.list({ ...inKubeSystem, kind: "Secret" }));
    await forbidden(pod.read({ ...inKubeSystem, kind: "Secret", name: "gpu-clusters-autoscaler-config" }));
    await forbidden(mintElsewhere());
    await forbidden(pod.delete({ apiVersion: "v1", kind: "Pod", namespace: "kube-system", name: "autoscaler" }));
    await forbidden(
      pod.patch({ ...inKubeSystem, kind: "ConfigMap", name: "gpu-clusters-autoscaler-cloud-config" }, {}),
    );
    const roles = { apiVersion: "rbac.authorization.k8s.io/v1", kind: "ClusterRole" };
    await forbidden(pod.patch({ ...roles, name: "cluster-autoscaler" }, { rules: [] }));
  });

  const mintElsewhere = () =>
    pod.create({ apiVersion: "v1", kind: "Secret", metadata: { name: "s", namespace: "default" } });
});
