/** Kubeconfigs that somebody else has written, to do harm where they are merged. */
import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { parse } from "yaml";
import { CommandFailure } from "../../cli/command-failure";
import { mergeKubeconfig } from "../../cli/merge-kubeconfig";
import { renderKubeconfig } from "../../sdk/kubernetes/kubeconfig";
import { shellWord } from "../../sdk/shell-word";

const localPath = "/home/me/.kube/config";
const named = (clusterName: string, endpoint = "https://203.0.113.7:6443") =>
  renderKubeconfig({ clusterName, endpoint, certificateAuthority: "CA", credentials: { token: "t" } });
const merge = (local: string | undefined, text: string, context?: string) =>
  mergeKubeconfig(local, text, { localPath, context });

function failureOf(work: () => unknown): CommandFailure {
  try {
    work();
  } catch (error) {
    assert.ok(error instanceof CommandFailure, String(error));
    return error;
  }
  return assert.fail("it was taken");
}

describe("merging a hostile kubeconfig", () => {
  const hostile = "x'; echo pwned; '$(echo pwned)`echo pwned`";

  it("tells commands that do with a name no more than they say", () => {
    const { next } = failureOf(() => merge(named(hostile), named(hostile, "https://203.0.113.8:6443")));
    const commands = next!.slice(next!.indexOf("kubectl config delete-context"));
    const ran = execFileSync("sh", ["-c", `kubectl() { printf '%s\\n' "$3"; }\n${commands}`], { encoding: "utf8" });
    assert.deepEqual(ran.trimEnd().split("\n"), [hostile, hostile, hostile]);
    const words = ["a b", "", "--x", "$HOME", "it's", "arn:aws:eks:us-west-2:123456789012:cluster/a"];
    const printed = execFileSync("sh", ["-c", `printf '%s\\n' ${words.map(shellWord).join(" ")}`], {
      encoding: "utf8",
    });
    assert.deepEqual(printed.slice(0, -1).split("\n"), words);
  });

  it("writes nothing to the terminal that it would obey", () => {
    for (const name of ["a\u001b]0;b\u0007", "a\nMerged context", "a\u202eb", "a\u009bb", "a\u2028b"]) {
      const { message, next } = failureOf(() => merge(undefined, named(name)));
      assert.match(message, /the name of the cluster's context has line breaks/);
      assert.doesNotMatch(message + next!, /[\p{Cc}\p{Cf}\p{Zl}]/u);
      assert.equal(merge(undefined, named(name), "mine").context, "mine");
    }
  });

  it("does not grow by aliases", () => {
    const bomb = ["a: &a [x,x,x,x,x,x,x,x,x,x]"];
    for (const [each, before] of ["ba", "cb", "dc", "ed", "fe", "gf", "hg"])
      bomb.push(`${each}: &${each} [${Array(10).fill(`*${before}`).join()}]`);
    failureOf(() => merge(undefined, `${bomb.join("\n")}\n${named("train")}`));
  });

  it("takes __proto__ for a field like another", () => {
    const text = named("train").replace(
      "  - name: train\n    user:\n",
      "  - name: train\n    __proto__: {polluted: 1}\n    user:\n      __proto__: {polluted: 1}\n",
    );
    assert.match(text, /polluted/);
    const { text: merged } = merge(undefined, `__proto__: {polluted: 1}\n${text}`);
    assert.equal(({} as { polluted?: number }).polluted, undefined);
    assert.equal((parse(merged) as { users: unknown[] }).users.length, 1);
    merge(`__proto__: {polluted: 1}\n${merged}`, named("other"));
    assert.equal(({} as { polluted?: number }).polluted, undefined);
  });
});
