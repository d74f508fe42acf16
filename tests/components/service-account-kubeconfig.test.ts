import assert from "node:assert/strict";
import * as pulumi from "@pulumi/pulumi";
import { stringify } from "yaml";
import {
  checkServiceAccountKubeconfig,
  ServiceAccountKubeconfig,
} from "../../components/addons/service-account-kubeconfig";
import type { KubernetesCluster } from "../../components/cluster";
import { InvalidInput } from "../../components/errors";
import { parseKubeconfig, renderKubeconfig } from "../../sdk/kubernetes/kubeconfig";
import { mockProgram, settled, valueOf, warnings, type Registered } from "./mocks";

const base64 = (text: string) => Buffer.from(text).toString("base64");
const filled = { "kubernetes:core/v1:Secret": () => ({ data: { token: base64("TOKEN"), "ca.crt": base64("CA") } }) };

class Provider extends pulumi.ProviderResource {
  constructor(name: string) {
    super("kubernetes", name, {});
  }
}

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

  it("says at the preview where a ServiceAccount's token, or the cluster's authority, may be of no use", async () => {
    const told = async (fields: object) => {
      const cluster = { server: "https://rancher.example/k8s/clusters/c-abc", ...fields };
      const kubeconfig = stringify({
        clusters: [{ name: "c", cluster }],
        users: [{ name: "u", user: { token: "ADMIN" } }],
        contexts: [{ name: "x", context: { cluster: "c", user: "u" } }],
        "current-context": "x",
      });
      await mockProgram(filled, true);
      return warnings(async () => {
        new ServiceAccountKubeconfig("ci", {
          cluster: { clusterName: pulumi.output("x"), kubeconfig: pulumi.secret(kubeconfig) } as KubernetesCluster,
        });
        await settled();
      });
    };
    const path = /cluster: its server has a path, https:\/\/rancher\.example\/k8s\/clusters\/c-abc: who stands before/;
    assert.match((await told({})).join(), path);
    const [first, second, ...others] = await told({ "insecure-skip-tls-verify": true });
    assert.match(first!, path);
    assert.match(second!, /insecure-skip-tls-verify\).*which must have signed for rancher\.example$/);
    assert.deepEqual(others, []);
    assert.deepEqual(await told({ server: "https://k8s.example/" }), []);
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

  it("looks for a role that is not Kubernetes' own before it writes anything: one that is not there would be bound without a word", async () => {
    const cluster = { ...clusterWith("CA"), kubeProvider: new Provider("to-train") } as KubernetesCluster;
    const { registered } = await made({ cluster, clusterRole: "cluster-admim" });
    const { hint, ...inputs } = registered.inputs("gpu-clusters:kubernetes:ObjectReady");
    assert.deepEqual(
      [inputs["kind"], inputs["name"], inputs["conditions"], inputs["timeoutSeconds"]],
      ["ClusterRole", "cluster-admim", [], 30],
    );
    assert.match(String(hint), /^clusterRole must name a ClusterRole .*\(did you mean "cluster-admin"\?\)/);
    assert.deepEqual(registered.dependenciesOf("ci-existing-role"), ["to-train"]);
    assert.deepEqual(registered.dependenciesOf("ci-account"), ["ci-existing-role"]);
    for (const clusterRole of ["view", "edit", "admin", "cluster-admin", undefined]) {
      const { registered: own } = await made({ clusterRole });
      assert.deepEqual(own.all("gpu-clusters:kubernetes:ObjectReady"), []);
    }
  });

  it("has an account to itself: a second of the program would take the first one's away", async () => {
    const cluster = { ...clusterWith("CA"), kubeProvider: new Provider("to-train") } as KubernetesCluster;
    await made({ cluster });
    await assert.rejects(
      made({ cluster }),
      /accountName: the ServiceAccount kube-system\/ci is that of "ci", in this program/,
    );
    await made({ cluster, accountNamespace: "default" });
    await made({ cluster: clusterWith("CA") });
  });

  const rule = { apiGroups: [""], resources: ["pods"], verbs: ["get"] };
  const ofRule = (changes: object) => ({ rules: [{ ...rule, ...changes }] });
  const refused: Record<string, [args: object, expected: RegExp]> = {
    "every namespace's own account": [{ accountName: "default" }, /^accountName "default" is in every namespace/],
    "an account by its user's name": [{ accountName: "system:serviceaccount:ops:ci" }, /^accountName/],
    "an account with its namespace": [{ accountName: "ops/ci" }, /^accountName/],
    "no name of a role": [{ clusterRole: "" }, /^clusterRole "" must be the name of a ClusterRole, such as view, edit/],
    "a role with its kind": [{ clusterRole: "ClusterRole/edit" }, /^clusterRole "ClusterRole\/edit" must be the name/],
    "a role with a blank": [{ clusterRole: "edit " }, /^clusterRole "edit " must be the name/],
    "a group for a role": [{ clusterRole: "system:masters" }, /^clusterRole .* is a group, not a role: cluster-admin/],
    "all namespaces by a star": [{ namespaces: ["*"] }, /^namespaces\[0\] "\*" must have/],
    "an end of the token": [{ duration: "1h" }, /^duration there is no such property/],
    "verbs of HTTP": [ofRule({ verbs: ["GET"] }), /^rules\[0\]\.verbs\[0\] "GET" must be one verb: get, list/],
    "verbs in one text": [ofRule({ verbs: ["get,list"] }), /^rules\[0\]\.verbs\[0\] "get,list" must be one verb/],
    "a word that is no verb": [ofRule({ verbs: ["get", "read"] }), /^rules\[0\]\.verbs\[1\] "read" must be one verb/],
    "the core group by its name": [
      ofRule({ apiGroups: ["core"] }),
      /^rules\[0\]\.apiGroups\[0\] .*the core group is ""/,
    ],
    "the core group by its version": [
      ofRule({ apiGroups: ["v1"] }),
      /^rules\[0\]\.apiGroups\[0\] .*the core group is ""/,
    ],
    "a group with its version": [
      ofRule({ apiGroups: ["apps/v1"], resources: ["deployments"] }),
      /^rules\[0\]\.apiGroups\[0\] "apps\/v1" must be the group without a version: "apps"/,
    ],
    "a group in capitals": [
      ofRule({ apiGroups: ["Ray.io"] }),
      /^rules\[0\]\.apiGroups\[0\] "Ray\.io" must be one group/,
    ],
    "a group that no API has": [
      ofRule({ apiGroups: ["ray..io"] }),
      /^rules\[0\]\.apiGroups\[0\] "ray\.\.io" must be one/,
    ],
    "a group longer than any": [
      ofRule({ apiGroups: ["a".repeat(254)] }),
      /^rules\[0\]\.apiGroups\[0\] .* must be one group/,
    ],
    "a resource longer than any": [
      ofRule({ resources: ["a".repeat(64)] }),
      /^rules\[0\]\.resources\[0\] .* must be one/,
    ],
    "a part of a resource that is longer": [
      ofRule({ resources: [`pods/${"a".repeat(64)}`] }),
      /^rules\[0\]\.resources\[0\] .* must be one resource/,
    ],
    "a resource with a hyphen at its end": [
      ofRule({ resources: ["pods-"] }),
      /^rules\[0\]\.resources\[0\] "pods-" must/,
    ],
    "a verb longer than any": [ofRule({ verbs: ["g".repeat(64)] }), /^rules\[0\]\.verbs\[0\] .* must be one verb/],
    "a kind for a resource": [ofRule({ resources: ["Pod"] }), /^rules\[0\]\.resources\[0\] "Pod" must be one resource/],
    "the singular": [ofRule({ resources: ["pod"] }), /^rules\[0\]\.resources\[0\] "pod" must be the plural, "pods"$/],
    "another singular": [
      ofRule({ apiGroups: ["networking.k8s.io"], resources: ["networkpolicy"] }),
      /must be the plural, "networkpolicies"$/,
    ],
    "a resource with its group": [
      ofRule({ resources: ["deployments.apps"] }),
      /^rules\[0\]\.resources\[0\] .*"deployments" belongs here, "apps" into apiGroups/,
    ],
    "resources in one text": [ofRule({ resources: ["pods, services"] }), /"pods, services" must be one resource/],
    "a resource of another group": [
      ofRule({ resources: ["deployments"] }),
      /^rules\[0\]\.resources\[0\] "deployments" is of the group "apps", which apiGroups does not have$/,
    ],
    "what is in no namespace": [
      { ...ofRule({ resources: ["nodes"] }), namespaces: ["ml"] },
      /^rules\[0\]\.resources\[0\] "nodes" is in no namespace, .*leave it out, or namespaces$/,
    ],
  };
  for (const [what, [args, expected]] of Object.entries(refused))
    it(`refuses ${what}`, () => {
      const given = { cluster: clusterWith("CA"), ...args } as Args;
      const found = checkServiceAccountKubeconfig("ci", given).all.map(
        ({ propertyPath, reason }) => `${propertyPath} ${reason}`,
      );
      assert.equal(found.length, 1, found.join("\n"));
      assert.match(found[0]!, expected);
    });

  it("takes the rules that people have", () => {
    const rules = [
      { apiGroups: ["*"], resources: ["*"], verbs: ["*"] },
      { apiGroups: ["", "apps"], resources: ["pods", "pods/log", "deployments", "deployments/scale"], verbs: ["get"] },
      { apiGroups: ["ray.io"], resources: ["rayclusters", "*/status"], verbs: ["deletecollection"] },
      { apiGroups: ["serving.knative.dev"], resources: ["services", "service"], verbs: ["create"] },
      { apiGroups: ["metrics.k8s.io"], resources: ["pods"], verbs: ["list"] },
      { apiGroups: ["rbac.authorization.k8s.io"], resources: ["clusterroles"], verbs: ["bind", "escalate"] },
      { apiGroups: [""], resources: ["namespaces"], verbs: ["get"] },
    ];
    const faults = (args: object) =>
      checkServiceAccountKubeconfig("ci", { cluster: clusterWith("CA"), ...args }).all.map((each) => each.propertyPath);
    assert.deepEqual(faults({ rules }), ["rules[3].resources[1]"]);
  });
});
