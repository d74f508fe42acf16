import assert from "node:assert/strict";
import * as pulumi from "@pulumi/pulumi";
import { stringify } from "yaml";
import { ServiceAccountKubeconfig } from "../../components/addons/service-account-kubeconfig";
import type { KubernetesCluster } from "../../components/cluster";
import { InvalidInput } from "../../components/errors";
import { parseKubeconfig, renderKubeconfig } from "../../sdk/kubernetes/kubeconfig";
import { mockProgram, settled, valueOf, type Registered } from "./mocks";

const base64 = (text: string) => Buffer.from(text).toString("base64");
const filled = { "kubernetes:core/v1:Secret": () => ({ data: { token: base64("TOKEN"), "ca.crt": base64("CA") } }) };

function clusterWith(certificateAuthority: string): KubernetesCluster {
  const kubeconfig = renderKubeconfig({
    clusterName: "train",
    endpoint: "https://192.0.2.7:6443",
    certificateAuthority,
    tlsServerName: "kubernetes",
    credentials: { clientCertificate: "ADMIN", clientKey: "ADMIN-KEY" },
  });
  return { clusterName: pulumi.output("train"), kubeconfig: pulumi.secret(kubeconfig) } as KubernetesCluster;
}

type Args = ConstructorParameters<typeof ServiceAccountKubeconfig>[1];

async function made(args: Partial<Args> = {}): Promise<{ registered: Registered; made: ServiceAccountKubeconfig }> {
  const registered = await mockProgram(filled);
  const made = new ServiceAccountKubeconfig("ci", { cluster: clusterWith("CLUSTER-CA"), ...args });
  await valueOf(made.kubeconfig);
  await settled();
  return { registered, made };
}

describe("ServiceAccountKubeconfig", () => {
  it("has the token in place of the administrator's certificate, and reaches the server as the cluster's kubeconfig does", async () => {
    const { made: ci } = await made();
    const { credentials, ...rest } = parseKubeconfig(await valueOf(ci.kubeconfig));
    assert.deepEqual(credentials, { kind: "token", token: "TOKEN" });
    assert.deepEqual(rest, {
      clusterName: "train",
      endpoint: "https://192.0.2.7:6443",
      certificateAuthority: "CLUSTER-CA",
      trustsSystem: false,
      tlsServerName: "kubernetes",
      insecureSkipTlsVerify: false,
    });
    assert.deepEqual([await pulumi.isSecret(ci.kubeconfig), await pulumi.isSecret(ci.token)], [true, true]);
  });

  it("goes by the cluster's proxy, and trusts whom the cluster's kubeconfig trusts, or the cluster itself", async () => {
    const reached = async (fields: object) => {
      const cluster = { server: "https://k8s.example", ...fields };
      const kubeconfig = stringify({
        clusters: [{ name: "c", cluster }],
        users: [{ name: "u", user: { token: "ADMIN" } }],
        contexts: [{ name: "x", context: { cluster: "c", user: "u" } }],
        "current-context": "x",
      });
      const { made: ci } = await made({
        cluster: { clusterName: pulumi.output("x"), kubeconfig: pulumi.secret(kubeconfig) } as KubernetesCluster,
      });
      const { certificateAuthority, trustsSystem, proxyUrl } = parseKubeconfig(await valueOf(ci.kubeconfig));
      return { certificateAuthority, trustsSystem, proxyUrl };
    };
    const none = { certificateAuthority: undefined, trustsSystem: true, proxyUrl: undefined };
    const own = { certificateAuthority: "CA", trustsSystem: false, proxyUrl: undefined };
    assert.deepEqual(await reached({}), none, "a server whose certificate everybody trusts");
    assert.deepEqual(await reached({ "certificate-authority": "/etc/ca.crt" }), own);
    assert.deepEqual(await reached({ "insecure-skip-tls-verify": true }), own);
    const proxyUrl = "http://proxy.example:3128";
    assert.deepEqual(await reached({ "proxy-url": proxyUrl }), { ...none, proxyUrl });
  });

  it("may read the cluster and no more unless more is asked for", async () => {
    const { registered } = await made();
    const binding = registered.inputs("kubernetes:rbac.authorization.k8s.io/v1:ClusterRoleBinding");
    assert.equal((binding["roleRef"] as { name: string }).name, "view");
    assert.deepEqual(binding["subjects"], [{ kind: "ServiceAccount", name: "ci", namespace: "kube-system" }]);
  });

  it("ends at its namespaces, with rules of its own", async () => {
    const rules = [{ apiGroups: ["ray.io"], resources: ["rayclusters"], verbs: ["create"] }];
    const { registered } = await made({ rules, namespaces: ["ml", "batch"] });
    assert.deepEqual(registered.all("kubernetes:rbac.authorization.k8s.io/v1:ClusterRoleBinding"), []);
    const bindings = registered.all("kubernetes:rbac.authorization.k8s.io/v1:RoleBinding");
    const where = bindings.map(({ inputs }) => {
      const { metadata, roleRef } = inputs as { metadata: { namespace: string }; roleRef: { name: string } };
      return [metadata.namespace, roleRef.name];
    });
    assert.deepEqual(where.sort(), [
      ["batch", "kube-system-ci"],
      ["ml", "kube-system-ci"],
    ]);
    const role = registered.inputs("kubernetes:rbac.authorization.k8s.io/v1:ClusterRole");
    assert.deepEqual(role["rules"], rules);
  });

  it("ends at namespaces that are known later, whose bindings stay once they are known", async () => {
    const later = pulumi.output(Promise.resolve("ml"));
    const { registered } = await made({ namespaces: [later, "batch"] });
    const found = registered.resources.filter(({ type }) => type.endsWith(":RoleBinding"));
    const namespaces = found.map(({ name, inputs }) => [name, (inputs["metadata"] as { namespace: string }).namespace]);
    assert.deepEqual(namespaces.sort(), [
      ["ci-binding-0", "ml"],
      ["ci-binding-batch", "batch"],
    ]);
  });

  it("gives the token out only with its rights, and takes it back before them", async () => {
    const { registered } = await made();
    assert.deepEqual(registered.dependenciesOf("ci-token").sort(), ["ci-account", "ci-binding"]);
  });

  it("has an account of a name that Kubernetes takes, whatever the resource is called", async () => {
    const cluster = clusterWith("CA");
    const fieldsOf = (name: string, args: Partial<Args>) => {
      try {
        new ServiceAccountKubeconfig(name, { cluster, ...args });
        return [];
      } catch (error) {
        return (error as InvalidInput).errors.map(({ propertyPath }) => propertyPath);
      }
    };
    assert.deepEqual(fieldsOf("CI_main", {}), ["accountName"]);
    assert.deepEqual(fieldsOf("ci", { accountNamespace: "Ops", namespaces: ["ml", "M L", "ml"] }), [
      "accountNamespace",
      "namespaces[1]",
      "namespaces[2]",
    ]);
    const registered = await mockProgram(filled);
    new ServiceAccountKubeconfig("CI_main", { cluster, accountName: "ci" });
    await settled();
    const { metadata } = registered.inputs("kubernetes:core/v1:Secret");
    assert.deepEqual(metadata, {
      name: "ci-token",
      namespace: "kube-system",
      annotations: { "kubernetes.io/service-account.name": "ci" },
    });
    const { subjects, metadata: bound } = registered.inputs(
      "kubernetes:rbac.authorization.k8s.io/v1:ClusterRoleBinding",
    );
    assert.deepEqual(
      [subjects, bound],
      [[{ kind: "ServiceAccount", name: "ci", namespace: "kube-system" }], { name: "kube-system-ci" }],
    );
  });

  it("refuses contradictions by their fields", () => {
    const cluster = clusterWith("CA");
    const wrong = { cluster, clusterRole: "edit", rules: [], namespaces: [] };
    assert.throws(
      () => new ServiceAccountKubeconfig("ci", wrong),
      (error: InvalidInput) => {
        assert.deepEqual(
          error.errors.map(({ propertyPath }) => propertyPath),
          ["rules", "rules", "namespaces"],
        );
        return true;
      },
    );
  });
});
