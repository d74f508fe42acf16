import assert from "node:assert/strict";
import fc from "fast-check";
import { parse } from "yaml";
import { renderKubeconfig } from "../../sdk/kubernetes/kubeconfig";
import { jsonInYaml, yamlText } from "../../sdk/yaml";

/** Texts that some reader takes for something else: YAML 1.1's, Go's, Python's. */
const traps = [
  "y",
  "Y",
  "n",
  "N",
  "yes",
  "No",
  "NO",
  "on",
  "Off",
  "OFF",
  "true",
  "True",
  "FALSE",
  "null",
  "Null",
  "~",
  "=",
  "<<",
  "0",
  "12",
  "404",
  "007",
  "0o17",
  "0O7",
  "0b101",
  "0x1F",
  "0X1f",
  "1_000",
  "1_",
  "+1",
  "-1",
  "1e3",
  "1E5",
  ".5",
  "5.",
  "e0",
  "-E12",
  ".e+3",
  "._e3",
  "1:20",
  "190:20:30",
  "1:20.5",
  ".inf",
  "-.Inf",
  "+.INF",
  ".nan",
  ".NaN",
  "2026-11-28",
  "2026-1-2",
  ".",
  "-._",
  "2001-12-14t21:59:43.10-05:00",
  "",
  " ",
  "- a",
  "# a",
  "a: b",
  "!x",
  "&a",
  "*a",
  "a #b",
  "'",
  '"',
  "%a",
  "@a",
  "`",
  "{",
  "[",
  "|",
  ">",
  "?",
  "-",
];
const word = fc.oneof(fc.constantFrom(...traps), fc.string(), fc.stringMatching(/^[-+.]?[0-9][0-9_.:xobeEa-f-]{0,8}$/));
const value = fc.letrec((tie) => ({
  any: fc.oneof(
    word,
    fc.array(tie("any"), { maxLength: 4 }),
    fc.dictionary(word, tie("any"), { maxKeys: 4, noNullPrototype: true }),
  ),
})).any;

describe("YAML that others read", () => {
  it("has the same texts for a reader of YAML 1.1 and one of 1.2", () => {
    fc.assert(
      fc.property(value, (written) => {
        const text = yamlText(written);
        assert.deepEqual(parse(text), written);
        assert.deepEqual(parse(text, { version: "1.1", merge: false }), written);
        assert.deepEqual(parse(text, { schema: "failsafe" }), written);
      }),
    );
  });

  for (const trap of traps.slice(0, -20)) {
    it(`quotes ${trap}`, () => assert.match(yamlText({ name: trap }), /^name: "/));
  }

  it("quotes tabs, which Python's reader takes nowhere else", () => {
    for (const text of ["a\tb", "\ttab", "tab\t"])
      assert.equal(yamlText({ name: text }), `name: ${JSON.stringify(text)}\n`);
  });

  it("escapes what breaks lines in YAML 1.1, and what no YAML has as it is, in values, keys and blocks", () => {
    const odd = ["\u0085", "\u2028", "\u2029", "\ufeff", "\u007f", "\u009b", "\uffff", "\ufffe", "\ud800", "\udc00"];
    for (const character of odd)
      for (const text of [
        `a${character}b`,
        character,
        `one\ntwo${character}\n`,
        `"${character}`,
        `\ud83d\ude00${character}`,
      ]) {
        for (const written of [{ a: text }, [text], { [text]: { b: [text] } }]) {
          const yaml = yamlText(written);
          assert.ok(!yaml.replaceAll("\ud83d\ude00", "").includes(character), JSON.stringify(yaml));
          for (const version of ["1.1", "1.2"] as const) assert.deepEqual(parse(yaml, { version }), written);
        }
        assert.deepEqual(JSON.parse(jsonInYaml({ text })), { text });
        assert.ok(!jsonInYaml(text).replaceAll("\ud83d\ude00", "").includes(character));
      }
    assert.equal(yamlText("\ud83d\ude00 café"), "\ud83d\ude00 café\n");
  });

  it("leaves plain words plain", () => {
    for (const plain of ["train", "https://203.0.113.7:6443", "mithril:train", "v1", "nothing", "a-1"]) {
      assert.equal(yamlText(plain), `${plain}\n`);
    }
  });

  it("is every kubeconfig of ours, whatever the cluster is called", () => {
    for (const clusterName of ["no", "on", "12", "1e3", "0x10", "null", "2026-11-28"]) {
      const credentials = { exec: { command: "aws", args: ["--region", "no", "12"], env: { FLAG: "yes" } } };
      const text = renderKubeconfig({
        clusterName,
        endpoint: "https://c:6443",
        certificateAuthority: "CA",
        credentials,
      });
      const read = parse(text, { version: "1.1" }) as {
        "current-context": unknown;
        users: { user: { exec: { args: string[] } } }[];
      };
      assert.equal(read["current-context"], clusterName);
      assert.deepEqual(read.users[0]!.user.exec.args, ["--region", "no", "12"]);
    }
  });
});
