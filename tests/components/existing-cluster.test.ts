import assert from "node:assert/strict";
import * as pulumi from "@pulumi/pulumi";
import { parse, stringify } from "yaml";
import { InvalidInput } from "../../components/errors";
import { ExistingCluster, formed } from "../../components/existing/cluster";
import { narrowKubeconfig } from "../../components/existing/narrow";
import { issueCertificate, makeAuthority } from "../../provider/kubernetes/certificates";
import { mockProgram, promiseOf, settled, valueOf, warnings } from "./mocks";

const exec = {
  apiVersion: "client.authentication.k8s.io/v1",
  interactiveMode: "IfAvailable",
  command: "aws",
  args: ["eks", "get-token"],
};
const authority = "-----BEGIN CERTIFICATE-----\nMIIB\n-----END CERTIFICATE-----\n";
const authorityData = Buffer.from(authority).toString("base64");
const file = {
  apiVersion: "v1",
  kind: "Config",
  clusters: [
    { name: "east", cluster: { server: "https://192.0.2.7:6443", "certificate-authority-data": authorityData } },
    { name: "12", cluster: { server: "https://east.example:443", "tls-server-name": "no" } },
  ],
  users: [
    { name: "me", user: { token: "hunter2" } },
    { name: "plugin", user: { exec } },
  ],
  contexts: [
    { name: "prod", context: { cluster: "east", user: "me" } },
    { name: "dev", context: { cluster: "12", user: "plugin", namespace: "404" } },
  ],
  "current-context": "prod",
};
const text = stringify(file);

interface Kubeconfig {
  clusters: { name: string; cluster: object }[];
  users: { user: object }[];
  contexts: { context: { namespace?: string } }[];
}

function refusal(given: string, context?: string): string {
  try {
    narrowKubeconfig(given, context);
  } catch (error) {
    assert.ok(error instanceof InvalidInput);
    assert.ok(!error.message.includes("hunter2"), "no secret in an error");
    return error.message;
  }
  return "nothing";
}

describe("narrowKubeconfig", () => {
  it("keeps the current context, or the one that is asked for, with all that its user says", () => {
    const prod = parse(narrowKubeconfig(text)) as Kubeconfig;
    assert.deepEqual(prod.clusters, [{ name: "prod", cluster: file.clusters[0]!.cluster }]);
    assert.deepEqual(prod.users, [{ name: "prod", user: { token: "hunter2" } }]);
    const dev = parse(narrowKubeconfig(text, "dev")) as Kubeconfig;
    assert.deepEqual(dev.users[0]!.user, { exec });
    assert.equal(dev.contexts[0]!.context.namespace, "404");
    assert.ok(!narrowKubeconfig(text, "dev").includes("hunter2"), "another context's credentials stay where they are");
  });

  it("leaves no text to readers who would take it for a number or a boolean", () => {
    assert.match(narrowKubeconfig(text, "dev"), /tls-server-name: "no"/);
    assert.match(narrowKubeconfig(text, "dev"), /namespace: "404"/);
  });

  it("leaves no key of a plugin's settings to them either", () => {
    const config = { no: "a", "012": "b", "1:20": "c", y: "d", "idp-issuer-url": "https://sso.example.com" };
    const users = [{ name: "me", user: { "auth-provider": { name: "oidc", config } } }];
    const narrowed = narrowKubeconfig(stringify({ ...file, users }));
    const read = parse(narrowed, { version: "1.1" }) as { users: [{ user: { "auth-provider": { config: object } } }] };
    assert.deepEqual(read.users[0].user["auth-provider"].config, config);
  });

  it("takes what people paste, and hands on what every reader takes", () => {
    const pasted = {
      ...file,
      clusters: [
        {
          name: "east",
          cluster: {
            server: "https://[2001:db8::1]:6443",
            "certificate-authority-data": `${authorityData.slice(0, 10)}\n  ${authorityData.slice(10)}\n`,
          },
        },
      ],
      users: [{ name: "me", user: { token: "hunter2\n" } }],
    };
    const narrowed = parse(narrowKubeconfig(stringify(pasted).replaceAll("\n", "\r\n"))) as Kubeconfig;
    assert.deepEqual(narrowed.clusters[0]!.cluster, {
      server: "https://[2001:db8::1]:6443",
      "certificate-authority-data": authorityData,
    });
    assert.deepEqual(narrowed.users[0]!.user, { token: "hunter2" });
    const aliased = text
      .replace("clusters:", "base: &base\n  server: https://192.0.2.9\nclusters:")
      .replace("server: https://192.0.2.7:6443", "<<: *base");
    assert.match(narrowKubeconfig(aliased), /server: "https:\/\/192\.0\.2\.9"/);
  });

  it("refuses what nobody could use, all at once, and files that blow themselves up", () => {
    const cluster = {
      server: "http://127.0.0.1:8080",
      "proxy-url": "socks5://127.0.0.1",
      "insecure-skip-tls-verify": true,
    };
    const user = { exec: { ...exec, command: "bin/login" }, as: "root" };
    const said = refusal(stringify({ ...file, clusters: [{ name: "east", cluster }], users: [{ name: "me", user }] }));
    assert.match(said, /4 invalid inputs/);
    assert.match(said, /kubeconfig: context "prod": its server is http:\/\/127\.0\.0\.1:8080, and must be https/);
    const levels = Array.from(
      { length: 9 },
      (_, index) =>
        `l${index}: &l${index} [${
          index === 0
            ? "1"
            : Array(10)
                .fill(`*l${index - 1}`)
                .join()
        }]`,
    );
    assert.match(refusal(levels.join("\n")), /kubeconfig: is not a kubeconfig/);
  });

  it("says by the field what is wrong, and which contexts there are", () => {
    assert.match(refusal("/home/me/.kube/config"), /kubeconfig: is not a kubeconfig: give the text of the file/);
    assert.match(refusal("token: [hunter2"), /kubeconfig: is not a kubeconfig/);
    assert.match(
      refusal(text, "test"),
      /context: "test" is not among the kubeconfig's contexts, which are: "prod", "dev"/,
    );
    assert.match(refusal(stringify({ ...file, "current-context": "" })), /context: is required/);
    assert.match(refusal(stringify({ ...file, users: [] })), /has no user of the name that it says/);
    assert.match(refusal(stringify({ ...file, clusters: [] })), /leads to no server/);
    const relative = { name: "me", user: { "client-certificate": "client.crt", "client-key": "/keys/client.key" } };
    const said = refusal(stringify({ ...file, users: [relative] }));
    assert.match(
      said,
      /1 invalid input\b[^]*client-certificate is a relative path: `kubectl config view --flatten --minify`/,
    );
  });
});

describe("credentials with an end", () => {
  const hour = 3_600_000;
  const jwt = (claims: object) =>
    ["{}", JSON.stringify(claims), "hunter2"].map((part) => Buffer.from(part).toString("base64url")).join(".");
  const tokenUntil = (left: number, life: number) => {
    const exp = Math.floor((Date.now() + left) / 1000);
    return { token: jwt({ exp, iat: exp - life / 1000 }) };
  };
  const certificateUntil = async (left: number) => {
    const authority = await makeAuthority("test");
    const request = { commonName: "me", usages: ["client" as const], validForHours: 90 * 24 };
    const begun = new Date(Date.now() + left - 90 * 24 * hour);
    const { certificate, privateKey } = await issueCertificate(authority, request, begun);
    const [data, key] = [certificate, privateKey].map((pem) => Buffer.from(pem).toString("base64"));
    return { "client-certificate-data": data, "client-key-data": key };
  };
  const given = (user: object) => stringify({ ...file, users: [{ name: "me", user }] });

  it("are refused once that has passed, by the field and with the time", async () => {
    const time = String.raw`\d{4}-\d\d-\d\dT[\d:.]+Z`;
    const refused = (what: string) =>
      new RegExp(
        `1 invalid input\\n  kubeconfig: context "prod": its ${what} ended at ${time}, so that it can do nothing`,
      );
    assert.match(refusal(given(await certificateUntil(-1_000))), refused("client's certificate"));
    assert.match(refusal(given(tokenUntil(-1_000, hour))), refused("token"));
    for (const user of [await certificateUntil(hour), tokenUntil(60_000, hour), { token: "a.b.c" }, { token: jwt({}) }])
      assert.equal(refusal(given(user)), "nothing");
  });

  it("are warned of at the preview in the last third of their life, and no sooner", async () => {
    const warned = async (user: object) => {
      await mockProgram({ "gpu-clusters:kubernetes:ApiServerReady": () => ({ version: "1.35.4" }) });
      const told = await warnings(async () => {
        await valueOf(new ExistingCluster("shared", { kubeconfig: pulumi.secret(given(user)) }).kubeconfig);
        await settled();
      });
      return told.join();
    };
    assert.match(
      await warned(await certificateUntil(24 * hour)),
      /kubeconfig: its client's certificate ends at \S+Z: `pulumi up` with another/,
    );
    assert.match(await warned(tokenUntil(60_000, hour)), /kubeconfig: its token ends at/);
    assert.deepEqual(
      [await warned(await certificateUntil(31 * 24 * hour)), await warned(tokenUntil(0.9 * hour, hour))],
      ["", ""],
    );
  });
});

describe("ExistingCluster", () => {
  it("is what its kubeconfig says, waits for it to answer, and creates nothing in it", async () => {
    const registered = await mockProgram({ "gpu-clusters:kubernetes:ApiServerReady": () => ({ version: "1.35.4" }) });
    const cluster = new ExistingCluster("shared", { kubeconfig: text });
    assert.equal(await valueOf(cluster.status), "ready");
    assert.deepEqual(
      [
        await valueOf(cluster.clusterName),
        await valueOf(cluster.endpoint),
        await valueOf(cluster.certificateAuthority),
      ],
      ["prod", "https://192.0.2.7:6443", authority],
    );
    assert.deepEqual(
      [await pulumi.isSecret(cluster.kubeconfig), await pulumi.isSecret(cluster.endpoint)],
      [true, false],
    );
    await settled();
    const { hint } = registered.inputs("gpu-clusters:kubernetes:ApiServerReady");
    assert.match(String(hint), /^Look whether `kubectl --context prod get --raw \/readyz` says ok/);
    assert.deepEqual(registered.names(), [
      "gpu-clusters:index:ExistingCluster shared",
      "gpu-clusters:kubernetes:ApiServerReady shared-api-server",
      "pulumi:providers:kubernetes shared-kubernetes",
    ]);
    const provider = registered.inputs("pulumi:providers:kubernetes");
    assert.equal(provider["enableSecretMutable"], "true", "one that somebody keeps would not go for another to come");
  });

  it("throws without a stack, which Node.js 20.20 would never end to colour where it has a file beside packages", () => {
    assert.throws(
      () => narrowKubeconfig("nonsense"),
      (error: Error) => error.stack === error.message,
    );
  });

  it("says what makes a text of an object, as @pulumi/eks gives one, whether it is known or comes to be", async () => {
    const words = /kubeconfig: must be a text, not an object: `pulumi\.jsonStringify\(…\)` makes that of it$/;
    const registered = await mockProgram({});
    assert.throws(() => new ExistingCluster("shared", { kubeconfig: file as never }), words);
    await settled();
    assert.deepEqual(registered.names(), []);
    for (const later of [pulumi.output(file), pulumi.secret(file)])
      await assert.rejects(promiseOf(formed(later as never)), words);
    await mockProgram({ "gpu-clusters:kubernetes:ApiServerReady": () => ({ version: "1.35.4" }) });
    const made = new ExistingCluster("shared", { kubeconfig: pulumi.jsonStringify(file) });
    assert.equal(await valueOf(made.endpoint), "https://192.0.2.7:6443");
  });

  it("refuses a kubeconfig that cannot be right before anything is registered", async () => {
    const registered = await mockProgram({});
    assert.throws(() => new ExistingCluster("shared", { kubeconfig: text, context: "test" }), InvalidInput);
    await settled();
    assert.deepEqual(registered.names(), []);
  });
});
