/** Kubeconfigs as people and tools write them: a merge changes its own entries, and not a byte of the others. */
import assert from "node:assert/strict";
import fc from "fast-check";
import { parse, stringify } from "yaml";
import { CommandFailure } from "../../cli/command-failure";
import { withAbsolutePaths, withProfile } from "../../cli/cluster-kubeconfig";
import { mergeKubeconfig, type MergeOptions } from "../../cli/merge-kubeconfig";
import { parseKubeconfig, renderKubeconfig } from "../../sdk/kubernetes/kubeconfig";
import { yamlText } from "../../sdk/yaml";

const server = "https://203.0.113.7:6443";
const incoming = (clusterName = "train", endpoint = server) => {
  const credentials = { clientCertificate: "C", clientKey: "K" };
  return renderKubeconfig({ clusterName, endpoint, certificateAuthority: "CA", credentials });
};
const merge = (local: string | undefined, text = incoming(), options: Partial<MergeOptions> = {}) =>
  mergeKubeconfig(local, text, { localPath: "/home/me/.kube/config", ...options });
interface Kubeconfig {
  clusters: { name: string; cluster: Record<string, unknown> }[];
  users: { name: string; user: Record<string, unknown> }[];
  contexts: { name: string; context: Record<string, unknown> }[];
  "current-context": unknown;
}
const load = (text: string) => parse(text, { version: "1.1" }) as Kubeconfig;
/** The lines of the first text, in the second one's order. */
const keepsLines = (before: string, after: string, except: RegExp) => {
  const left = after.split("\n");
  for (const line of before.split("\n")) {
    if (except.test(line)) continue;
    const index = left.indexOf(line);
    assert.ok(index >= 0, `gone: ${line}\nin\n${after}`);
    left.splice(0, index + 1);
  }
};

const bare = [
  "apiVersion: v1",
  "kind: Config",
  "clusters:",
  '- {name: "12", cluster: {server: "https://192.0.2.10:6443"}}',
  "contexts:",
  "",
  "# the one that I use",
  '- {name: twelve, context: {cluster: "12", user: helper, namespace: "404"}}   # often',
  "users:",
  "- name: helper",
  "  user:",
  '    exec: {apiVersion: client.authentication.k8s.io/v1, command: helper, args: ["yes"], env: [{name: FLAG, value: "no"}]}',
  "current-context: twelve",
  "",
].join("\n");

const indented = [
  "kind: Config",
  "clusters:",
  "    - cluster:",
  "          server: 'https://192.0.2.10:6443'   # spare",
  "      name: 'no'",
  "",
  "    # between",
  "    - name: b",
  "      cluster:",
  "          server: https://192.0.2.11:6443",
  "users: []",
  "contexts:   # none yet",
  "preferences: {colors:   true}",
  "# the end",
].join("\n");

describe("The text of a merged kubeconfig", () => {
  for (const [what, text] of Object.entries({ bare, indented })) {
    for (const eol of ["\n", "\r\n"]) {
      it(`keeps what is not ours: ${what}, ${JSON.stringify(eol)}`, () => {
        const before = text.replaceAll("\n", eol);
        const merged = merge(before);
        keepsLines(before, merged.text, /^(current-context|users: \[\]|contexts: +#)/);
        assert.ok(!/[^\r]\n/.test(merged.text) || eol === "\n");
        const [was, is] = [load(before), load(merged.text)];
        for (const list of ["clusters", "users", "contexts"] as const) {
          assert.deepEqual(
            is[list].filter(({ name }) => name !== "train"),
            was[list] ?? [],
          );
        }
        assert.equal(parseKubeconfig(merged.text).endpoint, server);
        assert.equal(merge(merged.text).text, merged.text);
      });
    }
  }

  it("stays JSON, with its indentation", () => {
    for (const indent of [undefined, 2, 4, "\t"]) {
      const before = JSON.stringify({ ...parse(bare), "x-mine": [1, "2"] }, undefined, indent);
      const { text } = merge(before);
      const after = JSON.parse(text) as Kubeconfig & { "x-mine": unknown };
      assert.deepEqual(after["x-mine"], [1, "2"]);
      assert.equal(after.contexts.length, 2);
      assert.equal(text, JSON.stringify(after, undefined, indent));
    }
  });

  it("fits lists of every style", () => {
    for (const clusters of [
      "[]",
      "",
      "null",
      "~",
      "[{name: a, cluster: {server: 'https://a'}}]",
      "[ {name: a, cluster: {}}, ]",
    ]) {
      const before = `kind: Config\nclusters: ${clusters}\n`;
      const after = load(merge(before).text);
      assert.equal(after.clusters.at(-1)!.name, "train", clusters);
      assert.equal(after["current-context"], "train");
    }
    assert.equal(load(merge("{kind: Config, clusters: []}").text).clusters.length, 1);
    assert.equal(load(merge("kind: Config").text).clusters.length, 1);
  });

  it("reads for kubectl as the names that they are", () => {
    for (const name of ["no", "13", "1e3", "null", "0x1F", "2026-11-28"]) {
      const { text } = merge(bare, incoming(name));
      assert.equal(load(text)["current-context"], name);
      assert.ok(load(text).clusters.some((entry) => entry.name === name));
    }
  });

  it("writes out what others refer to in an entry that is replaced", () => {
    const anchored = [
      "clusters:",
      "- name: train",
      `  cluster: &shared {server: "${server}", certificate-authority-data: Q0E=, proxy-url: "http://proxy"}`,
      "- name: other",
      "  cluster: *shared",
      "users:",
      "- {name: train, user: &me {token: made-up}}",
      "- {name: other, user: *me}",
      "contexts: []",
    ].join("\n");
    const after = load(merge(anchored).text);
    assert.deepEqual(after.clusters[1]!.cluster, after.clusters[0]!.cluster);
    assert.deepEqual(
      after.users.map(({ user }) => Object.keys(user)),
      [["client-certificate-data", "client-key-data"], ["token"]],
    );
  });

  it("keeps the user's proxy and namespace in entries of ours", () => {
    const once = merge(undefined).text;
    const changed = parse(once) as Kubeconfig;
    changed.clusters[0]!.cluster["proxy-url"] = "http://proxy:3128";
    changed.contexts[0]!.context["namespace"] = "team";
    const again = load(merge(yamlText(changed), incoming().replace("Sw==", "TmV3")).text);
    assert.equal(again.clusters[0]!.cluster["proxy-url"], "http://proxy:3128");
    assert.equal(again.contexts[0]!.context["namespace"], "team");
    assert.equal(again.users[0]!.user["client-key-data"], "TmV3");
  });

  it("refuses a file with a name twice, which kubectl does not read", () => {
    const twice = stringify({ clusters: [1, 2].map((n) => ({ name: "x", cluster: { server: `https://${n}` } })) });
    assert.throws(() => merge(twice), /two entries of its clusters have the same name/);
  });

  it("does not shadow entries of another file of KUBECONFIG", () => {
    const prod = stringify({
      clusters: [{ name: "train", cluster: { server: "https://192.0.2.10:6443" } }],
      contexts: [{ name: "prod", context: { cluster: "train", user: "train" } }],
      users: [{ name: "train", user: { token: "made-up" } }],
    });
    const others = [{ path: "/b", text: prod }];
    const error = (options: Partial<MergeOptions>) => () => merge("clusters: []\n", incoming(), options);
    assert.throws(error({ others }), /^Error: \/b has entries named "train" that the context "prod" uses/);
    assert.doesNotThrow(error({ others, context: "mine" }));
    assert.doesNotThrow(
      error({
        others: [
          { path: "/b", text: merge(undefined).text },
          { path: "/c", text: "[" },
        ],
      }),
    );
  });

  it("leaves the current context where it should stay", () => {
    assert.equal(load(merge(bare, incoming(), { keepCurrentContext: true }).text)["current-context"], "twelve");
  });

  it("has, whatever the file is, ours and all others", () => {
    const name = fc.stringMatching(/^[a-z0-9][a-z0-9@:./-]{0,8}$/).map((text) => `o-${text}`);
    const style = fc.record({
      indent: fc.constantFrom(2, 4, 7),
      flow: fc.boolean(),
      seq: fc.boolean(),
      crlf: fc.boolean(),
    });
    fc.assert(
      fc.property(
        fc.uniqueArray(name, { maxLength: 4 }),
        style,
        fc.boolean(),
        (names, { indent, flow, seq, crlf }, end) => {
          const before = {
            kind: "Config",
            clusters: names.map((each) => ({
              name: each,
              cluster: { server: `https://${each}.test`, note: "a\nb\n" },
            })),
            users: names.map((each) => ({ name: each, user: { token: "0123" } })),
            contexts: names.map((each) => ({ name: each, context: { cluster: each, user: each } })),
          };
          let text = stringify(before, { indent, indentSeq: seq, ...(flow && { collectionStyle: "flow" as const }) });
          if (end) text = text.trimEnd();
          if (crlf) text = text.replaceAll("\n", "\r\n");
          const merged = merge(text).text;
          const after = parse(merged) as Kubeconfig;
          for (const list of ["clusters", "users", "contexts"] as const) {
            assert.deepEqual(after[list].slice(0, -1), (parse(text) as Kubeconfig)[list]);
            assert.equal(after[list].at(-1)!.name, "train");
          }
          assert.equal(merge(merged).text, merged);
        },
      ),
    );
  });
});

describe("A kubeconfig that is merged", () => {
  it("has its paths from its own folder", () => {
    const text = stringify({
      clusters: [{ name: "m", cluster: { server, "certificate-authority": "ca.crt" } }],
      users: [
        { name: "m", user: { "client-certificate": "../client.crt", "client-key": "/abs/client.key" } },
        { name: "e", user: { exec: { command: "./bin/plugin" } } },
        { name: "p", user: { exec: { command: "aws" } } },
      ],
    });
    const moved = withAbsolutePaths(text, "/srv/mini");
    for (const path of [
      "/srv/mini/ca.crt",
      "/srv/client.crt",
      "/abs/client.key",
      "/srv/mini/bin/plugin",
      "command: aws",
    ]) {
      assert.ok(moved.includes(path), path);
    }
    assert.equal(withAbsolutePaths(incoming(), "/srv"), incoming());
  });

  it("asks AWS with the profile that is given, and only AWS", () => {
    const exec = renderKubeconfig({
      clusterName: "train",
      endpoint: server,
      certificateAuthority: "CA",
      credentials: { exec: { command: "aws", args: ["ssm"] } },
    });
    const { users } = load(withProfile(exec, "no"));
    assert.deepEqual((users[0]!.user["exec"] as { env: unknown }).env, [{ name: "AWS_PROFILE", value: "no" }]);
    assert.throws(() => withProfile(incoming(), "dev"), CommandFailure);
  });
});
