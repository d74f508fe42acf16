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
    assert.equal(kind({ exec: { command: "aws" } }), "other");
    assert.equal(kind({ "client-certificate": "/file", "client-key": "/file" }), "other");
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
  });
});
