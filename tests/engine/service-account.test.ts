import assert from "node:assert/strict";
import { join } from "node:path";
import type { KubernetesApi, KubernetesObject } from "../../provider/kubernetes/api";
import { kubernetesApi } from "../../provider/kubernetes/client";
import { controlPlane, type TestControlPlane } from "../provider/kubernetes/control-plane";
import { until } from "../until";
import { areBroughtBack, comeBack } from "./by-hand";
import { EngineEnvironment } from "./environment";

const rbac = { apiVersion: "rbac.authorization.k8s.io/v1" };
const namespace = "team";
const account = { apiVersion: "v1", kind: "ServiceAccount", namespace, name: "deploy" };
const binding = { ...rbac, kind: "RoleBinding", namespace, name: "team-deploy" };

/** Others', and never ours. */
const others: KubernetesObject[] = [
  { apiVersion: "v1", kind: "Namespace", metadata: { name: namespace } },
  { apiVersion: "v1", kind: "ServiceAccount", metadata: { name: "ci", namespace } },
  {
    ...rbac,
    kind: "ClusterRole",
    metadata: { name: "team-role" },
    rules: [{ apiGroups: [""], resources: ["configmaps"], verbs: ["get", "list", "create"] }],
  },
  {
    ...rbac,
    kind: "RoleBinding",
    metadata: { name: "ci", namespace },
    roleRef: { apiGroup: "rbac.authorization.k8s.io", kind: "ClusterRole", name: "team-role" },
    subjects: [{ kind: "ServiceAccount", name: "ci", namespace }],
  },
];

describe("an account beside others' in a cluster", function () {
  this.timeout(1_200_000);
  let server: TestControlPlane;
  let admin: string;
  let api: KubernetesApi;
  let environment: EngineEnvironment;

  before(async () => {
    server = await controlPlane([
      "serviceaccount-token-controller",
      "namespace-controller",
      "garbage-collector-controller",
    ]);
    admin = await server.kubeconfig("system:masters");
    api = kubernetesApi(admin);
    await until("the API server is ready", async () => (await api.text("/readyz").catch(() => "")) === "ok");
    for (const object of others) await api.apply(object, { fieldManager: "others" });
    environment = await EngineEnvironment.start({ machines: false });
  });
  after(async () => {
    await environment?.stop();
    await server?.close();
  });

  const uids = () =>
    Promise.all(
      others.map(async ({ apiVersion, kind, metadata: { name, namespace } }) => {
        const found = await api.read({ apiVersion, kind, name: name!, ...(namespace && { namespace }) });
        return found?.metadata.uid;
      }),
    );

  it("has others' role in others' namespace, comes back where somebody took it away, and leaves what is theirs", async () => {
    const before = await uids();
    const config = (more: object = {}) => {
      const values = { accountName: "deploy", clusterRole: "team-role", namespaces: namespace, ...more };
      return Object.fromEntries(Object.entries(values).map(([key, value]) => [`service-account:${key}`, value]));
    };
    const stack = await environment.stack(config({ clusterRole: "team-rule", namespaces: "team nowhere" }), {
      program: join(__dirname, "programs", "service-account"),
    });
    await stack.setSecret("service-account:kubeconfig", admin);
    const noRole = await stack.up();
    assert.ok(!noRole.ok);
    assert.match(noRole.text, /ClusterRole team-rule .*clusterRole must name a ClusterRole of the cluster/s);
    stack.configure({ ...environment.providerConfig, ...config({ namespaces: "team nowhere" }) });
    const noNamespace = await stack.up();
    assert.ok(!noNamespace.ok);
    assert.match(noNamespace.text, /access-binding-nowhere.*namespaces "nowhere" not found/s);

    stack.configure({ ...environment.providerConfig, ...config({ accountName: "ci" }) });
    const taken = await stack.up();
    assert.ok(!taken.ok);
    assert.match(taken.text, /ServiceAccount team\/ci already exists/);
    stack.configure({ ...environment.providerConfig, ...config() });
    const up = await stack.up();
    assert.ok(up.ok, up.text);
    assert.deepEqual(await stack.preview(), []);
    const own = async () => kubernetesApi((await stack.outputs())["kubeconfig"] as string);
    const configMap = { apiVersion: "v1", kind: "ConfigMap", metadata: { name: "made", namespace } };
    await (await own()).create(configMap);
    await assert.rejects((await own()).list({ apiVersion: "v1", kind: "Secret", namespace }), /forbidden/);

    const { name } = binding;
    const edited = { ...rbac, kind: "RoleBinding", metadata: { name, namespace }, subjects: [] };
    await areBroughtBack(stack, api, [edited]);
    await comeBack(stack, api, [account, binding, { ...account, kind: "Secret", name: "deploy-token" }]);
    assert.ok((await (await own()).list({ apiVersion: "v1", kind: "ConfigMap", namespace })).length > 0);

    await api.delete(account);
    const destroyed = await stack.destroy();
    assert.ok(destroyed.ok, destroyed.text);
    assert.deepEqual(await uids(), before, "what others made");
    for (const reference of [account, binding]) assert.equal(await api.read(reference), undefined);
    assert.ok(await api.read({ ...account, kind: "ConfigMap", name: "made" }));
  });
});
