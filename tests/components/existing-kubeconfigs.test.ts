/** Kubeconfigs as people have them: each is taken, or refused with one clear sentence that quotes no secret. */
import assert from "node:assert/strict";
import { stringify } from "yaml";
import { InvalidInput } from "../../components/errors";
import { narrowKubeconfig } from "../../components/existing/narrow";
import { makeAuthority } from "../../provider/kubernetes/certificates";
import { parseKubeconfig } from "../../sdk/kubernetes/kubeconfig";

const base64 = (text: string) => Buffer.from(text).toString("base64");
const pem = "-----BEGIN CERTIFICATE-----\nMIIB\n-----END CERTIFICATE-----\n";
const certificate = base64(pem);

type Fields = Record<string, unknown>;
interface Given {
  cluster?: Fields;
  user?: Fields | null;
  context?: Fields;
  whole?: Fields;
}

function file({ cluster, user = { token: "hunter2" }, context, whole }: Given = {}): object {
  return {
    apiVersion: "v1",
    kind: "Config",
    clusters: [
      { name: "c", cluster: { server: "https://k8s:6443", "certificate-authority-data": certificate, ...cluster } },
    ],
    users: [{ name: "u", user }],
    contexts: [{ name: "x", context: { cluster: "c", user: "u", ...context } }],
    "current-context": "x",
    ...whole,
  };
}
const text = (given?: Given) => stringify(file(given));
const exec = (fields: Fields = {}) => ({
  exec: { apiVersion: "client.authentication.k8s.io/v1beta1", command: "aws", args: ["eks", "get-token"], ...fields },
});
const server = (address: unknown) => text({ cluster: { server: address } });
const user = (fields: Fields | null) => text({ user: fields });
const cluster = (fields: Fields) => text({ cluster: fields });
const twice = (list: string, entry: object) =>
  text({ whole: { [list]: [...(file() as Record<string, object[]>)[list]!, entry] } });
const alone = { "certificate-authority-data": "" };
const v1 = "client.authentication.k8s.io/v1";

describe("a kubeconfig that people bring", () => {
  const taken: Record<string, [given: string, kind?: string]> = {
    "a token": [text(), "token"],
    "aws's, gcloud's, az's credential plugin": [user(exec()), "other"],
    "a plugin of version v1": [user(exec({ apiVersion: v1, interactiveMode: "IfAvailable", env: null })), "other"],
    "a plugin with settings": [user(exec({ env: [{ name: "AWS_PROFILE", value: "ml" }], installHint: "…" })), "other"],
    "an OpenID provider": [user({ "auth-provider": { name: "oidc", config: { "id-token": "hunter2" } } }), "other"],
    "a name and a password, as proxies take them": [user({ username: "me", password: "hunter2" }), "other"],
    "files by absolute paths": [user({ "client-certificate": "/keys/c.crt", "client-key": "/keys/c.key" }), "other"],
    "nobody to act as": [user({ token: "hunter2", as: "", "as-groups": [] }), "token"],
    "a server that is not checked": [cluster({ ...alone, "insecure-skip-tls-verify": true }), "token"],
    "a proxy": [cluster({ "proxy-url": "http://me:hunter2@proxy:3128" }), "other"],
    "another name in the certificate": [cluster({ "tls-server-name": "kubernetes" }), "token"],
    "an IPv6 address": [server("https://[2001:db8::1]:6443"), "token"],
    "Rancher's address": [server("https://rancher.example/k8s/clusters/c-abc"), "token"],
    "an address that ends in a slash": [server("https://k8s.example/"), "token"],
    "fields that others put there": [
      cluster({ "disable-compression": true, extensions: [{ name: "minikube" }] }),
      "token",
    ],
    JSON: [JSON.stringify(file()), "token"],
    "JSON with tabs": [JSON.stringify(file(), null, "\t"), "token"],
    "line ends of Windows": [text().replaceAll("\n", "\r\n"), "token"],
    "a mark at its beginning": [`\ufeff${text()}`, "token"],
    "a text that is indented": [text().replace(/^/gm, "    "), "token"],
    "a document between marks": [`---\n${text()}...\n`, "token"],
    "the same cluster twice": [
      text({ whole: { clusters: Array(2).fill((file() as { clusters: object[] }).clusters[0]) } }),
      "token",
    ],
    "others of one name": [twice("users", { name: "other", user: {} }), "token"],
    "a name of digits": [
      text({ whole: { contexts: [{ name: 12, context: { cluster: "c", user: "u" } }], "current-context": 12 } }),
      "token",
    ],
    "Amazon's name of a context": [
      text({
        whole: {
          contexts: [{ name: "arn:aws:eks:us-east-1:1:cluster/x", context: { cluster: "c", user: "u" } }],
          "current-context": "arn:aws:eks:us-east-1:1:cluster/x",
        },
      }),
      "token",
    ],
  };
  for (const [what, [given, kind]] of Object.entries(taken))
    it(`with ${what} is taken`, () => {
      const narrowed = narrowKubeconfig(given);
      assert.equal(parseKubeconfig(narrowed).credentials.kind, kind);
      assert.equal(narrowKubeconfig(narrowed), narrowed);
    });

  it("of a megabyte is taken in some seconds, and most of it stays where it was", () => {
    const others = Array.from({ length: 600 }, (_, index) => ({
      name: `other-${index}`,
      cluster: { server: "https://k", "certificate-authority-data": base64(pem.padEnd(1_200)) },
    }));
    const large = text({ whole: { clusters: [...(file() as { clusters: object[] }).clusters, ...others] } });
    assert.ok(large.length > 1_000_000);
    assert.ok(narrowKubeconfig(large).length < 1_000);
  });

  const refused: Record<string, [given: string, reason: RegExp, wanted?: string]> = {
    "a path": ["~/.kube/config", /kubeconfig: is not a kubeconfig: give the text of the file, not its path/],
    "two paths": ["/a/config:/b/config", /is not a kubeconfig: give the text/],
    nothing: ["", /kubeconfig: is empty/],
    "blanks alone": [" \n", /kubeconfig: is empty/],
    "base64 of the file": [base64(text()), /kubeconfig: is a kubeconfig in base64: decode it first/],
    "JSON of JSON": [JSON.stringify(JSON.stringify(file())), /kubeconfig: is a kubeconfig in quotes: .*jsonStringify/],
    "JSON of the file": [JSON.stringify(text()), /kubeconfig: is a kubeconfig in quotes/],
    "two files, one after the other": [
      text() + text(),
      /seems to be several files in one \(line \d+, column 1: DUPLICATE_KEY\): `KUBECONFIG=one:other/,
    ],
    "two documents": [`${text()}---\n${text()}`, /seems to be several files in one .*MULTIPLE_DOCS/],
    "tabs in the place of blanks": [
      text().replace(/^ {2}/gm, "\t"),
      /it is not YAML \(line \d+, column \d+: TAB_AS_INDENT\)/,
    ],
    "a Secret that has one": [
      stringify({ apiVersion: "v1", kind: "Secret", data: {} }),
      /kubeconfig: is a Secret, not a kubeconfig/,
    ],
    "what a credential plugin printed": [
      stringify({ kind: "ExecCredential", status: { token: "hunter2" } }),
      /is a ExecCredential, not/,
    ],
    "no current context": [text({ whole: { "current-context": "" } }), /context: is required, because .*it has: "x"/],
    "another context": [text(), /context: "prod" is not among the kubeconfig's contexts, which are: "x"/, "prod"],
    "two contexts of a name": [
      twice("contexts", { name: "x", context: { cluster: "c", user: "v" } }),
      /has several contexts of the name/,
    ],
    "two users of a name": [twice("users", { name: "u", user: { token: "other" } }), /has several users of the name/],
    "a context without a cluster": [
      text({ context: { cluster: undefined } }),
      /it leads to no server: the kubeconfig has no cluster/,
    ],
    "no users": [text({ whole: { users: null } }), /the kubeconfig has no user of the name that it says/],
    "an empty user": [user({}), /its user has no credentials/],
    "a user of nothing": [user(null), /its user has no credentials/],
    "no user in the context": [text({ context: { user: "" } }), /its user has no credentials/],
    "an empty token": [user({ token: "" }), /its user has no credentials/],
    "a token of digits": [user({ token: 123456 }), /its token must be a text: put it in quotes/],
    "a token over two lines": [user({ token: "hunter2\nhunter2" }), /its token has a space, a line end/],
    "what kubectl left out": [
      text({ cluster: { "certificate-authority-data": "DATA+OMITTED" }, user: { token: "REDACTED" } }),
      /certificate-authority-data was left out by `kubectl config view`: add --raw.*\n.*its token was left out/,
    ],
    "no address": [server(undefined), /its server must be https:\/\/host:port\n?$/],
    "an address without https": [
      server("10.0.0.1:6443"),
      /its server must be https:\/\/host:port, is "10\.0\.0\.1:6443"/,
    ],
    "an address of IPv6 without brackets": [
      server("https://2001:db8::1:6443"),
      /its server must be https:\/\/host:port, is/,
    ],
    "a port that is none": [server("https://k8s:99999"), /its server must be https:\/\/host:port, is/],
    "kubectl's proxy": [server("http://127.0.0.1:8001"), /must be https:\/\/: anybody on the way/],
    "an address with a query": [server("https://k8s:6443/?a=b"), /its server must be https:\/\/host:port, is/],
    "credentials in the address": [server("https://me:hunter2@k8s"), /its server has a user in it/],
    "credentials in what is no address": [server("me:hunter2@k8s:port"), /its server must be https:\/\/host:port/],
    "a SOCKS proxy": [cluster({ "proxy-url": "socks5://proxy:1080" }), /its proxy-url must be an HTTP proxy/],
    "a proxy without http": [cluster({ "proxy-url": "proxy:3128" }), /its proxy-url must be an HTTP proxy/],
    "an authority that is no PEM": [
      cluster({ "certificate-authority-data": base64("hello") }),
      /must be a PEM file in base64, once/,
    ],
    "an authority that is encoded twice": [
      cluster({ "certificate-authority-data": base64(certificate) }),
      /must be a PEM file in base64, once/,
    ],
    "an authority in plain text": [
      cluster({ "certificate-authority-data": pem }),
      /its certificate-authority-data must be the PEM file in base64/,
    ],
    "an authority twice": [
      cluster({ "certificate-authority": "/ca.crt" }),
      /both certificate-authority-data and certificate-authority/,
    ],
    "an authority that is not looked at": [
      cluster({ "insecure-skip-tls-verify": true }),
      /both an authority's certificate and insecure-skip/,
    ],
    "a text for true": [
      cluster({ ...alone, "insecure-skip-tls-verify": "true" }),
      /must be true or false, without quotes/,
    ],
    "a number for a name": [cluster({ "tls-server-name": 12 }), /its tls-server-name must be a text/],
    "a certificate without its key": [
      user({ "client-certificate-data": certificate }),
      /a client's certificate without its key/,
    ],
    "a key without its certificate": [
      user({ "client-key-data": certificate }),
      /a client's key without its certificate/,
    ],
    "a certificate twice": [
      user({ "client-certificate": "/c", "client-certificate-data": certificate, "client-key": "/k" }),
      /both client-certificate and client-certificate-data/,
    ],
    "a relative path": [
      user({ tokenFile: "token" }),
      /tokenFile is a relative path: `kubectl config view --flatten --minify`/,
    ],
    "a path from home": [
      user({ "client-certificate": "~/c.crt", "client-key": "/c.key" }),
      /client-certificate is a relative path/,
    ],
    "somebody to act as": [
      user({ token: "hunter2", "as-groups": ["system:masters"] }),
      /acts as somebody else \(as-groups\)/,
    ],
    "Google's old provider": [
      user({ "auth-provider": { name: "gcp", config: {} } }),
      /auth-provider "gcp" has gone .*gke-gcloud-auth-plugin/,
    ],
    "Azure's old provider": [
      user({ "auth-provider": { name: "azure" } }),
      /auth-provider "azure" has gone .*kubelogin/,
    ],
    "a provider of nobody": [
      user({ "auth-provider": { name: "mine" } }),
      /its auth-provider is none that clients know/,
    ],
    "a plugin and a provider": [
      user({ ...exec(), "auth-provider": { name: "oidc" } }),
      /both an exec and an auth-provider/,
    ],
    "a plugin of an old version": [
      user(exec({ apiVersion: "client.authentication.k8s.io/v1alpha1" })),
      /the apiVersion of its exec must be .*aws eks update-kubeconfig/,
    ],
    "a plugin of v1 without its mode": [
      user(exec({ apiVersion: v1 })),
      /has no interactiveMode, which .*\/v1 asks for: IfAvailable/,
    ],
    "a plugin that always asks": [
      user(exec({ interactiveMode: "Always" })),
      /must be Never or IfAvailable: nobody is asked/,
    ],
    "a plugin without a command": [user(exec({ command: undefined })), /its exec has no command/],
    "a plugin beside the file": [
      user(exec({ command: "./bin/hunter2" })),
      /the command of its exec is a relative path/,
    ],
    "a plugin's arguments in one text": [user(exec({ args: "eks get-token" })), /the args of its exec must be a list/],
    "a plugin's settings by name": [user(exec({ env: { AWS_PROFILE: "ml" } })), /the env of its exec must be a list/],
    "a plugin in one text": [user({ exec: "aws eks get-token" }), /its exec must be a mapping/],
  };
  for (const [what, [given, reason, wanted]] of Object.entries(refused))
    it(`with ${what} is refused`, () => {
      assert.throws(
        () => narrowKubeconfig(given, wanted),
        (error: Error) => {
          assert.ok(error instanceof InvalidInput, error.message);
          assert.match(error.message, reason);
          assert.ok(!error.message.includes("hunter2"), "no secret in an error");
          return true;
        },
      );
    });
});

describe("a client's certificate and key in a kubeconfig", () => {
  it("are a pair, or refused", async () => {
    const [one, other] = await Promise.all([makeAuthority("one"), makeAuthority("other")]);
    const given = (key: string) =>
      user({ "client-certificate-data": base64(one.certificate), "client-key-data": base64(key) });
    assert.doesNotThrow(() => narrowKubeconfig(given(one.privateKey)));
    assert.throws(
      () => narrowKubeconfig(given(other.privateKey)),
      /client-key-data is not the key of its client-certificate-data/,
    );
  });
});
