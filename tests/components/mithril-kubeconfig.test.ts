import assert from "node:assert/strict";
import fc from "fast-check";
import { parse, stringify } from "yaml";
import { authorityOf, reachableKubeconfig } from "../../components/mithril/kubeconfig";
import { parseKubeconfig } from "../../sdk/kubernetes/kubeconfig";

function served(server = "https://10.0.0.10:6443", extra: object = {}): string {
  return stringify({
    apiVersion: "v1",
    kind: "Config",
    clusters: [{ name: "kubernetes", cluster: { server, "certificate-authority-data": "Q0EtQ0VSVA==" } }],
    users: [{ name: "kubernetes-admin", user: { token: "secret-token" } }],
    contexts: [{ name: "admin@kubernetes", context: { cluster: "kubernetes", user: "kubernetes-admin" } }],
    "current-context": "admin@kubernetes",
    ...extra,
  });
}

describe("the kubeconfig of a Mithril control plane", () => {
  it("gets the cluster's host, and a context named after it", () => {
    const text = reachableKubeconfig(served(), { clusterName: "train", host: "203.0.113.7" });
    const document = parse(text) as { contexts: { name: string }[]; "current-context": string };
    assert.equal(document["current-context"], "mithril:train");
    assert.deepEqual(
      document.contexts.map(({ name }) => name),
      ["mithril:train"],
    );
    assert.deepEqual(parseKubeconfig(text), {
      clusterName: "mithril:train",
      endpoint: "https://203.0.113.7:6443",
      certificateAuthority: "CA-CERT",
      trustsSystem: false,
      insecureSkipTlsVerify: false,
      credentials: { kind: "token", token: "secret-token" },
    });
    assert.equal(authorityOf(text), "CA-CERT");
  });

  it("keeps the port, whatever it is, and is the same when done twice", () => {
    const hosts = fc.oneof(fc.ipV4(), fc.domain());
    const server = fc.tuple(hosts, fc.integer({ min: 1024, max: 65_535 }));
    fc.assert(
      fc.property(server, hosts, ([inside, port], host) => {
        const reach = { clusterName: "c", host };
        const once = reachableKubeconfig(served(`https://${inside}:${port}`), reach);
        assert.equal(parseKubeconfig(once).endpoint, `https://${host}:${port}`);
        assert.equal(reachableKubeconfig(once, reach), once);
      }),
    );
  });

  it("takes the current context among several, with its namespace", () => {
    const other = { name: "other", context: { cluster: "kubernetes", user: "kubernetes-admin", namespace: "team" } };
    const text = reachableKubeconfig(served(undefined, { contexts: [other], "current-context": "other" }), {
      clusterName: "train",
      host: "2001:db8::7",
    });
    assert.match(text, /namespace: team/);
    assert.equal(parseKubeconfig(text).endpoint, "https://[2001:db8::7]:6443");
  });

  describe("takes data only:", () => {
    const reach = { clusterName: "train", host: "203.0.113.7" };
    const fields = (cluster: object, user: object, context: object = {}) =>
      served(undefined, {
        clusters: [{ name: "kubernetes", cluster: { server: "https://10.0.0.10:6443", ...cluster } }],
        users: [{ name: "kubernetes-admin", user }],
        contexts: [
          { name: "admin@kubernetes", context: { cluster: "kubernetes", user: "kubernetes-admin", ...context } },
        ],
      });
    const secret = "secret-of-the-host";
    for (const [name, cluster, user] of [
      ["exec", {}, { exec: { apiVersion: "client.authentication.k8s.io/v1", command: secret, args: [] } }],
      ["auth-provider", {}, { "auth-provider": { name: "gcp", config: { "cmd-path": secret } } }],
      ["tokenFile", {}, { token: "t", tokenFile: `/etc/${secret}` }],
      ["client-key", {}, { "client-certificate-data": "Q0VSVA==", "client-key": `/root/${secret}` }],
      ["client-certificate", {}, { "client-certificate": secret }],
      ["username", {}, { username: secret, password: secret }],
      ["as", {}, { token: "t", as: secret }],
      ["insecure-skip-tls-verify", { "insecure-skip-tls-verify": true }, { token: "t" }],
      ["certificate-authority", { "certificate-authority": `/${secret}` }, { token: "t" }],
      ["proxy-url", { "proxy-url": `http://${secret}` }, { token: "t" }],
    ] as const) {
      it(`refuses ${name} by its name`, () => {
        assert.throws(
          () => reachableKubeconfig(fields(cluster, user), reach),
          (error: Error) => error.message.includes(`"${name}"`) && !error.message.includes(secret),
        );
      });
    }

    it("and all of it", () => {
      const data = { "client-certificate-data": "Q0VSVA==", "client-key-data": "S0VZ" };
      const cluster = { "certificate-authority-data": "Q0E=", "tls-server-name": "kubernetes" };
      const written = parse(
        reachableKubeconfig(fields({ ...cluster, "insecure-skip-tls-verify": false }, data), reach),
      ) as {
        clusters: { cluster: object }[];
        users: { user: object }[];
      };
      assert.deepEqual(written.clusters[0]!.cluster, { server: "https://203.0.113.7:6443", ...cluster });
      assert.deepEqual(written.users[0]!.user, data);
    });

    it("nothing that is not text, whatever fields the host writes", () => {
      const known = [
        "server",
        "certificate-authority-data",
        "tls-server-name",
        "client-certificate-data",
        "client-key-data",
        "token",
      ];
      fc.assert(
        fc.property(
          fc.dictionary(fc.string(), fc.jsonValue()),
          fc.dictionary(fc.string(), fc.jsonValue()),
          (cluster, user) => {
            let text: string;
            try {
              text = reachableKubeconfig(fields(cluster, user), reach);
            } catch {
              return;
            }
            const { clusters, users } = parse(text) as { clusters: { cluster: object }[]; users: { user: object }[] };
            for (const [field, value] of [...Object.entries(clusters[0]!.cluster), ...Object.entries(users[0]!.user)]) {
              assert.ok(known.includes(field) && typeof value === "string", field);
            }
          },
        ),
      );
    });
  });

  it("refuses what is no kubeconfig without quoting it", () => {
    for (const text of ["", "token: [secret", "just-text secret", served(undefined, { "current-context": "secret" })]) {
      assert.throws(
        () => reachableKubeconfig(text, { clusterName: "train", host: "203.0.113.7" }),
        (error: Error) =>
          /^the control plane's ~\/\.kube\/config cannot be used: /.test(error.message) &&
          !/secret/.test(error.message),
      );
    }
  });
});
