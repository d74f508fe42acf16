import * as assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { createHash } from "node:crypto";
import { promises as fs } from "node:fs";
import { hostname } from "node:os";
import * as path from "node:path";
import { filesOf } from "../../toolchain/tools/compile";
import { catalogue } from "../../toolchain/tools/catalogue";
import { findOrInstall, type Workshop } from "../../toolchain/tools/ensure";
import type { Fetch } from "../../toolchain/tools/download";
import { ToolCache } from "../../toolchain/tools/tool-cache";
import type { AnyToolName } from "../../toolchain/tools/tool";
import { inTemporaryFolder, writeExecutable } from "./temporary-folder";

/** A workshop without network and with a compiler that writes scripts; `asked` and `compiled` tell what was tried. */
function workshop(folder: string, changes: Partial<Workshop> = {}) {
  const asked: string[] = [];
  const compiled: AnyToolName[][] = [];
  const reports: string[] = [];
  const offline: Fetch = (url) => {
    asked.push(new URL(url).host);
    return Promise.reject(new TypeError("fetch failed", { cause: new Error("getaddrinfo ENOTFOUND") }));
  };
  const parts: Workshop = {
    cache: new ToolCache(path.join(folder, "cache")),
    environment: { PATH: path.join(folder, "bin") },
    platform: { os: "linux", arch: "amd64" },
    downloader: { fetch: offline, answerTimeout: 1_000, stallTimeout: 1_000 },
    compile: async (tools, target) => {
      compiled.push(tools.map((tool) => tool.name));
      for (const tool of tools) await writeExecutable(path.join(target, tool.name), "echo compiled");
    },
    compileRecipe: (tool) => Promise.resolve(`recipe of ${tool.package}`),
    report: (subject, step) => reports.push(`${subject}: ${step}`),
    ...changes,
  };
  return { parts, asked, compiled, reports };
}

describe("finding and installing tools", () => {
  it(
    "takes a fitting tool from PATH and asks it for its version only once",
    inTemporaryFolder(async (folder) => {
      const calls = path.join(folder, "calls");
      const tool = path.join(folder, "bin", "kwok");
      await writeExecutable(tool, `echo called >> '${calls}'\necho "kwok version v0.7.1"`);
      const { parts, asked } = workshop(folder);
      for (let run = 0; run < 2; run++) {
        assert.deepEqual((await findOrInstall(["kwok"], parts)).get("kwok"), { path: tool, origin: "PATH" });
      }
      assert.equal(await fs.readFile(calls, "utf8"), "called\n");
      assert.deepEqual(asked, []);
    }),
  );

  it(
    "keeps the files of a tool's module beside it",
    inTemporaryFolder(async (folder) => {
      const { parts } = workshop(folder, {
        compile: async ([tool], target) => {
          await writeExecutable(path.join(target, tool!.name), "echo compiled");
          await fs.mkdir(filesOf(tool!, target));
          await fs.writeFile(path.join(filesOf(tool!, target), "pools.yaml"), "kind: CustomResourceDefinition");
        },
      });
      const { path: executable } = (await findOrInstall(["karpenter"], parts)).get("karpenter")!;
      const file = path.join(path.dirname(executable), "files", "pools.yaml");
      assert.equal(await fs.readFile(file, "utf8"), "kind: CustomResourceDefinition");
    }),
  );

  it(
    "passes over a version that does not fit",
    inTemporaryFolder(async (folder) => {
      await writeExecutable(path.join(folder, "bin", "kubectl"), "echo Client Version: v1.32.4-dispatcher");
      const { parts, compiled } = workshop(folder);
      assert.equal((await findOrInstall(["kubectl"], parts)).get("kubectl")?.origin, "compiled");
      assert.deepEqual(compiled, [["kubectl"]]);
    }),
  );

  it(
    "wants a language host with a pulumi on PATH",
    inTemporaryFolder(async (folder) => {
      const pulumi = path.join(folder, "bin", "pulumi");
      await writeExecutable(pulumi, "echo v3.230.0");
      const { parts } = workshop(folder);
      assert.equal((await findOrInstall(["pulumi"], parts)).get("pulumi")?.origin, "compiled");
      await writeExecutable(path.join(folder, "bin", "pulumi-language-nodejs"), "");
      assert.deepEqual((await findOrInstall(["pulumi"], parts)).get("pulumi"), { path: pulumi, origin: "PATH" });
    }),
  );

  it(
    "tries one download when offline, then compiles module by module, and then finds all in the cache",
    inTemporaryFolder(async (folder) => {
      let unreachable = 0;
      const { parts, asked, compiled } = workshop(folder, { onUnreachable: () => unreachable++ });
      await findOrInstall(["pulumi", "etcd", "kube-apiserver", "kubectl"], parts);
      assert.equal(asked.length, 1);
      assert.equal(unreachable, 1);
      assert.deepEqual(compiled, [["etcd"], ["kube-apiserver", "kubectl"], ["pulumi"]]);

      const again = workshop(folder);
      const found = await findOrInstall(["pulumi", "etcd", "kube-apiserver", "kubectl"], again.parts);
      assert.deepEqual([again.asked, again.compiled], [[], []]);
      assert.equal(found.get("etcd")?.path, path.join(folder, "cache", "etcd", catalogue.etcd.version, "etcd"));
    }),
  );

  it(
    "compiles again when what decides the result has changed",
    inTemporaryFolder(async (folder) => {
      await findOrInstall(["kwok"], workshop(folder).parts);
      const changed = workshop(folder, { compileRecipe: () => Promise.resolve("other go.sum") });
      await findOrInstall(["kwok"], changed.parts);
      assert.deepEqual(changed.compiled, [["kwok"]]);
    }),
  );

  it(
    "compiles what the publisher has not, and goes on downloading the rest",
    inTemporaryFolder(async (folder) => {
      const script = "#!/bin/sh\n";
      const sha256 = createHash("sha256").update(script).digest("hex");
      const fetch: Fetch = (url) => {
        if (url.includes("kube-apiserver")) return Promise.resolve(new Response("", { status: 404 }));
        return Promise.resolve(new Response(url.endsWith(".sha256") ? sha256 : script));
      };
      const { parts, compiled } = workshop(folder, {
        downloader: { fetch, answerTimeout: 1_000, stallTimeout: 1_000 },
      });
      const found = await findOrInstall(["kube-apiserver", "kube-scheduler"], parts);
      assert.equal(found.get("kube-apiserver")?.origin, "compiled");
      assert.equal(found.get("kube-scheduler")?.origin, "downloaded");
      assert.deepEqual(compiled, [["kube-apiserver"]]);
    }),
  );

  it(
    "refuses a download with a wrong checksum, says so and compiles",
    inTemporaryFolder(async (folder) => {
      const fetch: Fetch = () => Promise.resolve(new Response("not kwok"));
      const { parts, reports } = workshop(folder, {
        downloader: { fetch, answerTimeout: 1_000, stallTimeout: 1_000 },
      });
      assert.equal((await findOrInstall(["kwok"], parts)).get("kwok")?.origin, "compiled");
      assert.ok(
        reports.some((report) => /REFUSED.*SHA-256/.test(report)),
        reports.join("\n"),
      );
    }),
  );

  it(
    "clears what a killed installation left, and not what another is at work on",
    inTemporaryFolder(async (folder) => {
      const { parts } = workshop(folder);
      const { pid } = spawnSync(process.execPath, ["--version"]);
      const left = path.join(folder, "cache", ".scratch", `${pid}-left`);
      await fs.mkdir(left, { recursive: true });
      await parts.cache.withScratch(async (scratch) => {
        await findOrInstall(["kwok"], parts);
        await fs.access(scratch);
      });
      await assert.rejects(fs.access(left), { code: "ENOENT" });
    }),
  );

  it(
    "lets two processes that lack the same tool make it once",
    inTemporaryFolder(async (folder) => {
      const { parts, compiled } = workshop(folder);
      await Promise.all([findOrInstall(["kwok"], parts), findOrInstall(["kwok"], parts)]);
      assert.deepEqual(compiled, [["kwok"]]);
    }),
  );

  it(
    "goes on as soon as its own tools are there, while another process still makes others",
    inTemporaryFolder(async (folder) => {
      const { parts, compiled } = workshop(folder);
      const file = path.join(folder, "cache", ".locks", "install");
      await fs.mkdir(path.dirname(file), { recursive: true });
      await fs.writeFile(file, JSON.stringify({ token: "other", host: hostname(), pid: process.pid }));
      const waiting = findOrInstall(["kwok"], parts);
      await parts.cache.install(
        "kwok",
        catalogue.kwok.version,
        { recipe: await parts.compileRecipe(catalogue.kwok, parts.platform), source: "compiled" },
        (made) => writeExecutable(path.join(made, "kwok"), "echo"),
      );
      assert.equal((await waiting).get("kwok")?.origin, "compiled");
      assert.deepEqual(compiled, []);
    }),
  );
});
