/** Kubeconfigs of all kinds that people have: what kubectl reads is merged with nothing lost, the rest is refused in a sentence. */
import assert from "node:assert/strict";
import { parseAllDocuments, type Document } from "yaml";
import { CommandFailure } from "../../cli/command-failure";
import { withAbsolutePaths, withProfile } from "../../cli/cluster-kubeconfig";
import { mergeKubeconfig } from "../../cli/merge-kubeconfig";
import { renderKubeconfig } from "../../sdk/kubernetes/kubeconfig";

const server = "https://203.0.113.7:6443";
const incoming = renderKubeconfig({
  clusterName: "train",
  endpoint: server,
  certificateAuthority: "CA",
  credentials: { clientCertificate: "C", clientKey: "K" },
});
const merge = (local: string, text = incoming) => mergeKubeconfig(local, text, { localPath: "/l", file: "f" }).text;

interface Entry {
  name: string;
  [field: string]: unknown;
}
/** As kubectl: of several documents the first. */
const load = (text: string) => {
  const [first] = parseAllDocuments(text, { merge: true, logLevel: "error" }) as Document[];
  return first?.toJS() as Record<string, Entry[]> | null | undefined;
};

function failureOf(work: () => unknown): string {
  try {
    work();
  } catch (error) {
    assert.ok(error instanceof CommandFailure, (error as Error).stack);
    return `${error.message}\n${error.next}`;
  }
  return assert.fail("it was taken");
}

const body = [
  "clusters:",
  "- name: a",
  "  cluster:",
  "    server: https://a",
  "contexts:",
  "- name: a",
  "  context: {cluster: a, user: a}",
  "users:",
  "- name: a",
  "  user: {token: t}",
  "",
].join("\n");
const ours = (cluster: string) => `clusters:\n- name: train\n  cluster: ${cluster}\n`;

describe("a local kubeconfig", () => {
  const taken: Record<string, string> = {
    null: "null",
    "a tilde": "~\n",
    "null among comments": "# a\nnull # b\n# c\n",
    "the begin of a document": "---\n",
    "an empty document with its end": "---\n...\n",
    "comments and a begin": "# mine\n---\n# more\n",
    "a document's end": `${body}...\n`,
    "a begin": `---\n${body}`,
    "a directive": `%YAML 1.1\n---\n${body}`,
    "an empty second document": `${body}---\n`,
    "a second document of comments": `${body}---\n# end\n`,
    "a list that is another's": "x: &l []\nclusters: *l\nusers: *l\ncontexts: *l\n",
    "entries that are another's": "x: &l\n- name: a\n  cluster: {server: https://a}\nclusters: *l\n",
    "an entry that is another's": "x: &l {name: a, cluster: {server: https://a}}\nclusters:\n- *l\nusers: []\n",
    "names that are others'": "n: &n a\nclusters:\n- name: *n\n  cluster: {server: https://a}\ncurrent-context: *n\n",
    "merged fields": `base: &b {insecure-skip-tls-verify: true}\n${body.replace("    server", "    <<: *b\n    server")}`,
    "a merged name": "base: &b {name: a}\nclusters:\n- <<: *b\n  cluster: {server: https://a}\n",
    "keys of question marks": "? clusters\n: - name: a\n    cluster: {server: https://a}\n",
    "keys without values":
      "? clusters\n:\n- name: a\n  cluster: {server: https://a}\n? users\n? contexts\n? current-context\n",
    "quoted keys": body.replaceAll(/^(\w+):/gm, '"$1":'),
    tags: body.replace("https://a", "!!str https://a").replace("clusters:", "clusters: !!seq"),
    "an unknown tag": body.replace("https://a", "!mine https://a"),
    "binary data": body.replace("token: t", "token: !!binary dA=="),
    anchors: body.replace("clusters:", "clusters: &c # c"),
    "block texts": body.replace("{token: t}", "\n    token: |-\n      abc\n    username: >\n      a\n\n\n"),
    minikube: body.replace(
      "    server",
      "    extensions:\n    - name: cluster_info\n      extension: {version: v1}\n    server",
    ),
    "ours with nothing in it":
      "clusters:\n- name: train\n  cluster:\nusers:\n- name: train\n  user: ~\ncontexts:\n- name: train\n",
    "ours by merged fields": `base: &b {server: "${server}"}\n${ours("{<<: *b, proxy-url: http://p}")}- name: b\n  cluster: *b\n`,
    "ours with a slash": ours(`{server: "${server}/"}`),
    "ours in other letters": ours(`{server: "${server.replace("https", "HTTPS")}"}`),
    "ours as another's alias": `x: &t {name: train, cluster: {server: "${server}"}}\nclusters:\n- *t\n- {name: b, cluster: {server: https://b}}\n`,
    "ours, which others are": `clusters:\n- &t\n  name: train\n  cluster: {server: "${server}"}\nx: *t\ny: [*t]\n`,
    "one name for all": `clusters:\n- name: &n train\n  cluster: {server: "${server}"}\nusers:\n- name: *n\n  user: {token: t}\ncontexts:\n- name: *n\n  context: {cluster: *n, user: *n}\n`,
    "a current context that others are": `${body}current-context: &c a\nx: *c\n`,
  };
  for (const [what, text] of Object.entries(taken)) {
    for (const eol of ["\n", "\r\n"]) {
      it(`of ${what} is merged, ${JSON.stringify(eol)}`, () => {
        const before = text.replaceAll("\n", eol);
        const after = merge(before);
        const [was, is] = [load(before), load(after)!];
        for (const list of ["clusters", "users", "contexts"]) {
          const others = (entries?: Entry[] | null) => (entries ?? []).filter(({ name }) => name !== "train");
          assert.deepEqual(others(is[list]), others(was?.[list]), after);
          assert.ok(
            is[list]!.some(({ name }) => name === "train"),
            after,
          );
        }
        assert.equal(is["current-context"], "train");
        assert.equal(merge(after), after);
        for (const comment of before.match(/# \w+/g) ?? []) assert.ok(after.includes(comment), after);
      });
    }
  }

  it("that kubectl cannot read, or would read a part of, is refused with the reason", () => {
    const refused: [string, RegExp][] = [
      [`${body}---\na: 1\n`, /more than one document of YAML/],
      [`---\n---\n${body}`, /more than one document of YAML/],
      [`${body}users: []\n`, /it has a key twice, line 11/],
      ['{"clusters":[],"clusters":[]}', /it has a key twice, line 1/],
      [body.replace("  cluster:\n", "\tcluster:\n"), /a tab where YAML wants spaces, line 3/],
      [`apiVersion: v2\n${body}`, /its apiVersion is not v1/],
      [`apiVersion: clientcmd/v1\n${body}`, /its apiVersion is not v1/],
      [`apiVersion: 1\n${body}`, /its apiVersion is not v1/],
      [`kind: config\n${body}`, /its kind is not Config/],
      ["users: {}", /its users are not a list/],
      ["users: [null]", /an entry of its users has no name/],
      ["users: [[]]", /an entry of its users has no name/],
      ["contexts: [{name: 12}]", /an entry of its contexts has no name, which would be a text/],
      ["clusters: *nowhere", /it is not YAML: an alias/],
    ];
    for (const [text, reason] of refused)
      assert.match(
        failureOf(() => merge(text)),
        reason,
        text,
      );
    assert.match(
      failureOf(() => merge("a\u0000: [")),
      /it is not YAML/,
    );
  });

  it("whose entry of our name is no entry is not taken for another cluster", () => {
    for (const part of ["text", "5", "[a]", "null"]) {
      const text = `clusters: [{name: train, cluster: ${part}}]\nusers: [{name: train, user: ${part}}]\ncontexts: [{name: train, context: ${part}}]\n`;
      assert.deepEqual(load(merge(text))!["contexts"], [
        { name: "train", context: { cluster: "train", user: "train" } },
      ]);
    }
  });

  it("of five hundred clusters with certificates takes no time to speak of", () => {
    const names = Array.from({ length: 500 }, (_, index) => `c${index}`);
    const data = "QUJD".repeat(500);
    const text = [
      "clusters:",
      ...names.map(
        (name) => `- name: ${name}\n  cluster:\n    server: https://${name}\n    certificate-authority-data: ${data}`,
      ),
      "users:",
      ...names.map((name) => `- name: ${name}\n  user: {token: t}`),
      "contexts:",
      ...names.map((name) => `- name: ${name}\n  context: {cluster: ${name}, user: ${name}}`),
      "",
    ].join("\n");
    assert.equal(load(merge(text))!["contexts"]!.length, 501);
  }).timeout(20_000);
});

describe("a cluster's kubeconfig", () => {
  const field = (from: string, to: string) => incoming.replace(new RegExp(`${from}: .*`), to);

  it("that kubectl could not read does not make the whole local one unreadable", () => {
    const refused: [string, RegExp][] = [
      [
        field("client-key-data", "client-key-data: REDACTED"),
        /its client-key-data was left out by `kubectl config view`: add --raw/,
      ],
      [field("certificate-authority-data", "certificate-authority-data: DATA+OMITTED"), /add --raw/],
      [field("client-key-data", "token: REDACTED"), /its token was left out/],
      [field("client-key-data", "client-key-data: '-----BEGIN'"), /its client-key-data must be the PEM file in base64/],
      [field("client-key-data", "token: 12345"), /its token must be a text: put it in quotes/],
      [field("client-key-data", "password: true"), /its password must be a text/],
      [field("client-key-data", "exec: aws"), /its exec must be a mapping/],
      [field("client-key-data", "exec: {command: aws, args: [1]}"), /the args of its exec must be a list of texts/],
      [field("client-key-data", "exec: {command: aws, env: {A: b}}"), /the env of its exec must be a list/],
      [
        field("server", "insecure-skip-tls-verify: yes\n      server: https://x"),
        /must be true or false, without quotes/,
      ],
      [field("server", "tls-server-name: x"), /its cluster has no server/],
      [field("server", "server: 5"), /its cluster has no server/],
      [field("    user", "    user: train\n      namespace: 404"), /its namespace must be a text/],
    ];
    for (const [text, reason] of refused)
      assert.match(
        failureOf(() => merge(body, text)),
        reason,
        text,
      );
  });

  it("that cannot be read is told with what is wrong, and what a file is", () => {
    for (const text of [
      "a: [",
      `${incoming}---\na: 1\n`,
      "null",
      "- a",
      field("current-context", "current-context: 12"),
    ]) {
      const says = failureOf(() => merge(body, text));
      assert.match(
        says,
        /no current context with a cluster and a user: the kubeconfig .*\n.*kubectl config view --raw/,
        text,
      );
    }
    assert.match(
      failureOf(() => mergeKubeconfig(body, "", { localPath: "/l" })),
      /pulumi stack output/,
    );
    assert.match(
      failureOf(() => mergeKubeconfig(body, incoming, { localPath: "/l", context: "a\u001b]0;b" })),
      /line breaks/,
    );
  });

  it("has its paths, its profile and its merged fields where a field is of another kind, too", () => {
    const merged = `base: &b {certificate-authority: ca.crt, server: "${server}"}\nclusters:\n- name: m\n  cluster: {<<: *b}\nusers: [null, a, {name: m, user: {tokenFile: t}}]\n`;
    const moved = load(withAbsolutePaths(merged, "/srv"))!;
    assert.deepEqual(moved["clusters"]![0]!["cluster"], { "certificate-authority": "/srv/ca.crt", server });
    for (const text of ["a: [secret", "users: 5", "users: [null]", "users: [{user: a}]", "null", ""])
      assert.doesNotMatch(
        failureOf(() => withProfile(text, "p")),
        /secret/,
        text,
      );
    for (const env of ["{}", "null", "[null, {name: AWS_PROFILE, value: x}]", "text"]) {
      const [user] = load(withProfile(`users: [{name: a, user: {exec: {command: /bin/aws, env: ${env}}}}]`, "p"))![
        "users"
      ]!;
      const { exec } = user!["user"] as { exec: { env: unknown[] } };
      assert.deepEqual(exec.env.at(-1), { name: "AWS_PROFILE", value: "p" });
    }
  });
});
