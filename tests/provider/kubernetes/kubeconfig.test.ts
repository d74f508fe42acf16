import assert from "node:assert/strict";
import fc from "fast-check";
import { parse } from "yaml";
import { InvalidKubeconfig, parseKubeconfig, renderKubeconfig } from "../../../sdk/kubernetes/kubeconfig";

const parts = {
  clusterName: "train",
  endpoint: "https://192.0.2.7:6443",
  certificateAuthority: "-----BEGIN CERTIFICATE-----\nAA==\n-----END CERTIFICATE-----\n",
  credentials: { clientCertificate: "certificate", clientKey: "key" },
};

describe("renderKubeconfig", () => {
  it("gives one context with the cluster's name, and the same text each time", () => {
    const text = renderKubeconfig({ ...parts, tlsServerName: "kubernetes" });
    assert.equal(text, renderKubeconfig({ tlsServerName: "kubernetes", ...parts }));
    assert.deepEqual(parse(text), {
      apiVersion: "v1",
      kind: "Config",
      clusters: [
        {
          name: "train",
          cluster: {
            server: "https://192.0.2.7:6443",
            "certificate-authority-data": Buffer.from(parts.certificateAuthority).toString("base64"),
            "tls-server-name": "kubernetes",
          },
        },
      ],
      users: [{ name: "train", user: { "client-certificate-data": "Y2VydGlmaWNhdGU=", "client-key-data": "a2V5" } }],
      contexts: [{ name: "train", context: { cluster: "train", user: "train" } }],
      "current-context": "train",
    });
  });

  it("names a credential plugin", () => {
    const exec = { command: "aws", args: ["eks", "get-token"], env: { AWS_PROFILE: "ml" } };
    const { users } = parse(renderKubeconfig({ ...parts, credentials: { exec } })) as { users: { user: object }[] };
    assert.deepEqual(users[0]!.user, {
      exec: {
        apiVersion: "client.authentication.k8s.io/v1",
        command: "aws",
        args: ["eks", "get-token"],
        env: [{ name: "AWS_PROFILE", value: "ml" }],
        interactiveMode: "IfAvailable",
      },
    });
  });

  it("is undone by parseKubeconfig", () => {
    const text = fc.string({ unit: "binary", minLength: 1 });
    const record = fc.record({
      clusterName: text,
      certificateAuthority: text,
      tlsServerName: text,
      clientCertificate: text,
      clientKey: text,
    });
    fc.assert(
      fc.property(record, ({ clientCertificate, clientKey, ...rest }) => {
        const credentials = { clientCertificate, clientKey };
        assert.deepEqual(parseKubeconfig(renderKubeconfig({ ...parts, ...rest, credentials })), {
          ...rest,
          endpoint: parts.endpoint,
          trustsSystem: false,
          insecureSkipTlsVerify: false,
          credentials: { kind: "certificate", ...credentials },
        });
      }),
    );
  });
});

describe("parseKubeconfig", () => {
  const edited = (edit: (config: any) => void) => {
    const config: unknown = parse(renderKubeconfig(parts));
    edit(config);
    return JSON.stringify(config);
  };

  it("tells credentials apart", () => {
    const kind = (user: object) => parseKubeconfig(edited((config) => (config.users[0].user = user))).credentials.kind;
    assert.equal(kind({ token: "t" }), "token");
    assert.equal(kind({}), "anonymous");
    assert.equal(kind({ exec: { apiVersion: "client.authentication.k8s.io/v1beta1", command: "aws" } }), "other");
    assert.equal(kind({ "client-certificate": "/file", "client-key": "/file" }), "other");
  });

  it("knows whom to trust, and by which proxy to go", () => {
    const read = (fields: object) => {
      const { certificateAuthority, trustsSystem, proxyUrl, credentials } = parseKubeconfig(
        edited((config) => (config.clusters[0].cluster = { server: "https://k8s.example", ...fields })),
      );
      return [certificateAuthority, trustsSystem, proxyUrl, credentials.kind];
    };
    assert.deepEqual(read({}), [undefined, true, undefined, "certificate"]);
    assert.deepEqual(read({ "certificate-authority-data": "" }), [undefined, true, undefined, "certificate"]);
    assert.deepEqual(read({ "certificate-authority": "/ca.crt" }), [undefined, false, undefined, "other"]);
    assert.deepEqual(read({ "insecure-skip-tls-verify": true }), [undefined, false, undefined, "certificate"]);
    assert.deepEqual(read({ "proxy-url": "http://p:1" }), [undefined, true, "http://p:1", "other"]);
  });

  it("reads what people's files have: aliases, other line ends, a mark at the beginning, a token with its line end", () => {
    const text = [
      "base: &base { server: https://192.0.2.7 }",
      "clusters: [{ name: c, cluster: { <<: *base, tls-server-name: kubernetes } }]",
      'users: [{ name: u, user: { token: "abc\\n" } }]',
      "contexts: [{ name: x, context: { cluster: c, user: u } }]",
      "current-context: x",
    ];
    for (const given of [text.join("\n"), text.join("\r\n"), `\ufeff${text.join("\n")}`]) {
      const { endpoint, tlsServerName, credentials } = parseKubeconfig(given);
      assert.deepEqual([endpoint, tlsServerName], ["https://192.0.2.7", "kubernetes"]);
      assert.deepEqual(credentials, { kind: "token", token: "abc" });
    }
  });

  it("says what is wrong, and quotes no secret", () => {
    const rejects = (text: string, message: RegExp) =>
      assert.throws(
        () => parseKubeconfig(text),
        (error: Error) =>
          error instanceof InvalidKubeconfig && message.test(error.message) && !error.message.includes("hunter2"),
      );
    rejects("", /empty/);
    rejects("password: [hunter2", /not YAML/);
    rejects("password: hunter2", /names no current-context/);
    rejects(
      edited((config) => (config["current-context"] = "other")),
      /has no "other" among its contexts/,
    );
    rejects(
      edited((config) => (config.clusters = [])),
      /has no "train" among its clusters/,
    );
    rejects(
      edited((config) => (config.clusters[0].cluster = {})),
      /cluster "train" has no server/,
    );
    rejects(
      edited((config) => (config.users = "hunter2")),
      /has no "train" among its users/,
    );
    const cluster = (fields: object) => edited((config) => Object.assign(config.clusters[0].cluster, fields));
    const user = (fields: object) => edited((config) => (config.users[0].user = fields));
    rejects(cluster({ server: "http://127.0.0.1:8001" }), /server is http:\/\/127\.0\.0\.1:8001, and must be https/);
    rejects(cluster({ server: "k8s.example:6443" }), /server must be https:\/\/host:port, is "k8s\.example:6443"/);
    rejects(cluster({ server: "https://me:hunter2@k8s.example" }), /server has a user in it/);
    rejects(cluster({ "proxy-url": "socks5://hunter2@127.0.0.1" }), /proxy-url must be an HTTP proxy/);
    rejects(cluster({ "insecure-skip-tls-verify": true }), /both an authority's certificate and insecure-skip/);
    rejects(cluster({ "certificate-authority-data": parts.certificateAuthority }), /must be the PEM file in base64/);
    rejects(user({ "client-key-data": "-----BEGIN hunter2" }), /client-key-data must be the PEM file in base64/);
    rejects(
      user({ exec: { apiVersion: "client.authentication.k8s.io/v1beta1", command: "./bin/hunter2" } }),
      /command of its exec is a relative path/,
    );
    rejects(user({ token: "hunter2", as: "root" }), /acts as somebody else \(as\)/);
  });
});
