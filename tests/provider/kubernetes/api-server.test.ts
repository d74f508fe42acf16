import assert from "node:assert/strict";
import { stringify } from "yaml";
import { KubernetesApiError, type KubernetesApi, type KubernetesObject } from "../../../provider/kubernetes/api";
import { mintBootstrapToken } from "../../../provider/kubernetes/bootstrap-token";
import { kubernetesApi } from "../../../provider/kubernetes/client";
import { apiServerReady } from "../../../provider/kubernetes/handlers/api-server-ready";
import { nodesReady } from "../../../provider/kubernetes/handlers/nodes-ready";
import { parseKubeconfig } from "../../../sdk/kubernetes/kubeconfig";
import { testContext } from "./context";
import { controlPlane, type TestControlPlane } from "./control-plane";
import { until } from "../../until";

describe("a real API server", function () {
  this.timeout(300_000);
  let cluster: TestControlPlane;
  let kubeconfig: string;
  let api: KubernetesApi;

  before(async () => {
    cluster = await controlPlane();
    kubeconfig = await cluster.kubeconfig("kubeadm:cluster-admins");
    const root = await cluster.kubeconfig("system:masters");
    // The group gets its rights only when the wait for them has begun, as with kubeadm.
    const context = testContext();
    let granted: Promise<unknown> | undefined;
    const log = {
      ...context.log,
      status(message: string) {
        context.log.status(message);
        if (message.includes("rights are not set up yet")) granted ??= kubernetesApi(root).create(clusterAdmins);
      },
    };
    const { id, outputs } = await apiServerReady({}).create({ kubeconfig, timeoutSeconds: 50 }, { ...context, log });
    assert.equal(id, "test");
    assert.equal(outputs.ready, true);
    assert.match(outputs.version, /^1\.\d+\.\d+/);
    assert.ok(granted, context.said.join("\n"));
    assert.match(context.said[0]!, /^status: waiting for the API server at https:\/\/127\.0\.0\.1:\d+ \(\d+ s\): ./);
    api = kubernetesApi(kubeconfig);
  });
  after(() => cluster?.close());

  it("creates, reads, applies, patches, lists and deletes", async () => {
    const configMap = (name: string, data: Record<string, string>): KubernetesObject => ({
      apiVersion: "v1",
      kind: "ConfigMap",
      metadata: { name, namespace: "default", labels: { suite: "client" } },
      data,
    });
    const reference = { apiVersion: "v1", kind: "ConfigMap", namespace: "default", name: "one" };
    const created = await api.create(configMap("one", { a: "1" }));
    assert.ok(created.metadata.uid);
    assert.equal(typeof created.metadata.creationTimestamp, "string");
    await assert.rejects(
      api.create(configMap("one", {})),
      (error) => error instanceof KubernetesApiError && error.statusCode === 409 && error.reason === "AlreadyExists",
    );

    await api.apply(configMap("two", { b: "2" }), { fieldManager: "tests" });
    const dry = await api.apply(configMap("two", { b: "3" }), { fieldManager: "tests", dryRun: true });
    assert.deepEqual(dry["data"], { b: "3" });
    await assert.rejects(api.apply(configMap("two", { b: "4" }), { fieldManager: "another" }), {
      statusCode: 409,
      reason: "Conflict",
    });
    const forced = await api.apply(configMap("two", { b: "4" }), { fieldManager: "another", force: true });
    assert.deepEqual(forced["data"], { b: "4" });

    assert.deepEqual((await api.patch(reference, { data: { a: null, c: "5" } }))["data"], { c: "5" });
    assert.deepEqual((await api.read(reference))!["data"], { c: "5" });
    const listed = await api.list({ apiVersion: "v1", kind: "ConfigMap", labelSelector: "suite=client" });
    assert.deepEqual(
      listed.map(({ kind, metadata }) => [kind, metadata.name]),
      [
        ["ConfigMap", "one"],
        ["ConfigMap", "two"],
      ],
    );

    await api.delete(reference, { propagationPolicy: "Background" });
    await api.delete(reference);
    assert.equal(await api.read(reference), undefined);
  });

  it("knows kinds defined a moment ago, and takes one that is not defined for absent", async () => {
    const widget = { apiVersion: "example.com/v1", kind: "Widget", name: "w" };
    assert.equal(await api.read(widget), undefined);
    await api.delete(widget);
    await assert.rejects(api.list(widget), { statusCode: 404 });
    await api.create(widgetDefinition);
    const object = {
      apiVersion: "example.com/v1",
      kind: "Widget",
      metadata: { name: "w" },
      spec: { any: { depth: [1] } },
    };
    // The definition is served a little after it is there, and the API server has no event for that.
    const made = await until("a widget", () => api.create(object));
    assert.deepEqual(made["spec"], object.spec);
  });

  it("takes the bootstrap tokens that are minted, for joining machines", async () => {
    const token = await mintBootstrapToken(api, { ttlHours: 24, description: "node x" });
    assert.match(token, /^[a-z0-9]{6}\.[a-z0-9]{16}$/);
    const { endpoint } = parseKubeconfig(kubeconfig);
    const cluster_ = {
      server: endpoint,
      "tls-server-name": "kubernetes",
      "certificate-authority-data": Buffer.from(cluster.ca.certificate).toString("base64"),
    };
    const machine = kubernetesApi(
      stringify({
        clusters: [{ name: "c", cluster: cluster_ }],
        users: [{ name: "u", user: { token } }],
        contexts: [{ name: "x", context: { cluster: "c", user: "u" } }],
        "current-context": "x",
      }),
    );
    const review = await machine.create({
      apiVersion: "authentication.k8s.io/v1",
      kind: "SelfSubjectReview",
      metadata: {},
    });
    const { userInfo } = review["status"] as { userInfo: { username: string; groups: string[] } };
    assert.equal(userInfo.username, `system:bootstrap:${token.split(".")[0]}`);
    assert.ok(userInfo.groups.includes("system:bootstrappers:kubeadm:default-node-token"));
    await assert.rejects(machine.list({ apiVersion: "v1", kind: "Secret" }), { statusCode: 403, reason: "Forbidden" });
    await assert.rejects(mintBootstrapToken(api, { ttlHours: 25, description: "" }), /ttlHours: 25/);
  });

  it("is waited for until it has its nodes", async () => {
    const inputs = {
      kubeconfig,
      nodeGroups: [{ name: "gpu", minSize: 1 }],
      controlPlaneNodes: 0,
      condition: "Ready" as const,
      timeoutSeconds: 30,
    };
    const context = testContext();
    let joined: Promise<unknown> | undefined;
    const log = {
      ...context.log,
      status: (message: string) => {
        context.log.status(message);
        joined ??= api.create(readyNode);
      },
    };
    const { id, outputs } = await nodesReady({}).create(inputs, { ...context, log });
    assert.deepEqual([id, outputs], ["test", { status: "ready" }]);
    assert.match(context.said[0]!, /waiting for nodes \(0 s\): node group "gpu" has 0 of 1 nodes \(1 not joined\)/);
  });

  it("keeps the version when it is refreshed", async () => {
    const inputs = { kubeconfig, timeoutSeconds: 5 };
    const live = await apiServerReady({}).read(
      "test",
      { inputs, outputs: { ready: true, version: "1.0.0" } },
      testContext(),
    );
    assert.match(live!.outputs.version, /^1\.3\d\./);
  });
});

const clusterAdmins = {
  apiVersion: "rbac.authorization.k8s.io/v1",
  kind: "ClusterRoleBinding",
  metadata: { name: "kubeadm:cluster-admins" },
  roleRef: { apiGroup: "rbac.authorization.k8s.io", kind: "ClusterRole", name: "cluster-admin" },
  subjects: [{ kind: "Group", apiGroup: "rbac.authorization.k8s.io", name: "kubeadm:cluster-admins" }],
};

const readyNode = {
  apiVersion: "v1",
  kind: "Node",
  metadata: { name: "g1", labels: { "gpu-clusters/node-group": "gpu" } },
  status: { conditions: [{ type: "Ready", status: "True", reason: "KubeletReady" }] },
};

const widgetDefinition = {
  apiVersion: "apiextensions.k8s.io/v1",
  kind: "CustomResourceDefinition",
  metadata: { name: "widgets.example.com" },
  spec: {
    group: "example.com",
    scope: "Namespaced",
    names: { plural: "widgets", kind: "Widget" },
    versions: [
      {
        name: "v1",
        served: true,
        storage: true,
        schema: { openAPIV3Schema: { type: "object", "x-kubernetes-preserve-unknown-fields": true } },
      },
    ],
  },
};
