import * as assert from "node:assert/strict";
import { createHash } from "node:crypto";
import { promises as fs } from "node:fs";
import * as path from "node:path";
import {
  ChecksumMismatchError,
  download,
  findChecksum,
  UnreachableError,
  type Downloader,
  type Fetch,
} from "../../toolchain/tools/download";
import type { Download } from "../../toolchain/tools/tool";
import { inTemporaryFolder } from "./temporary-folder";

const content = "#!/bin/sh\necho hello\n";
const sha256 = createHash("sha256").update(content).digest("hex");
const url = "https://releases.example/kwok";

function answering(answers: Record<string, string>): { fetch: Fetch; asked: string[] } {
  const asked: string[] = [];
  const fetch: Fetch = (asking) => {
    asked.push(asking);
    const answer = answers[asking];
    return Promise.resolve(new Response(answer ?? "no such file", { status: answer === undefined ? 404 : 200 }));
  };
  return { fetch, asked };
}

async function run(recipe: Download, fetch: Fetch, folder: string, options: Partial<Downloader> = {}): Promise<string> {
  const target = path.join(folder, "target");
  const scratch = path.join(folder, "scratch");
  await fs.mkdir(target);
  await fs.mkdir(scratch);
  await download(recipe, "kwok", target, scratch, { fetch, answerTimeout: 1_000, stallTimeout: 1_000, ...options });
  return path.join(target, "kwok");
}

describe("download", () => {
  it(
    "installs an executable whose pinned checksum is right, without asking for another",
    inTemporaryFolder(async (folder) => {
      const { fetch, asked } = answering({ [url]: content });
      const file = await run({ url, form: "executable", sha256, checksumUrl: `${url}.sha256` }, fetch, folder);
      assert.equal(await fs.readFile(file, "utf8"), content);
      assert.equal((await fs.stat(file)).mode & 0o777, 0o755);
      assert.deepEqual(asked, [url]);
    }),
  );

  it(
    "refuses what has another checksum and leaves no file",
    inTemporaryFolder(async (folder) => {
      const { fetch } = answering({ [url]: "something else" });
      await assert.rejects(run({ url, form: "executable", sha256 }, fetch, folder), ChecksumMismatchError);
      assert.deepEqual(await fs.readdir(path.join(folder, "target")), []);
      assert.deepEqual(await fs.readdir(path.join(folder, "scratch")), []);
    }),
  );

  it(
    "takes the publisher's checksum where none is pinned",
    inTemporaryFolder(async (folder) => {
      const checksumUrl = "https://releases.example/SHA256SUMS";
      const { fetch } = answering({ [url]: content, [checksumUrl]: `${"0".repeat(64)}  other\n${sha256}  kwok\n` });
      assert.equal(
        await fs.readFile(await run({ url, form: "executable", checksumUrl }, fetch, folder), "utf8"),
        content,
      );
    }),
  );

  it(
    "downloads nothing that can not be verified",
    inTemporaryFolder(async (folder) => {
      const { fetch, asked } = answering({ [url]: content });
      await assert.rejects(run({ url, form: "executable" }, fetch, folder), /no known checksum/);
      assert.deepEqual(asked, []);
    }),
  );

  it(
    "calls a host unreachable that gives no answer in time",
    inTemporaryFolder(async (folder) => {
      const silent: Fetch = (_url, { signal }) =>
        new Promise((_resolve, reject) => signal.addEventListener("abort", () => reject(new Error("aborted"))));
      const attempt = run({ url, form: "executable", sha256 }, silent, folder, { answerTimeout: 10 });
      await assert.rejects(
        attempt,
        (error) => error instanceof UnreachableError && /releases\.example/.test(error.message),
      );
    }),
  );

  it(
    "gives up a checksum that stalls",
    inTemporaryFolder(async (folder) => {
      const stalling: Fetch = () => Promise.resolve(new Response(new ReadableStream()));
      const recipe: Download = { url, form: "executable", checksumUrl: `${url}.sha256` };
      await assert.rejects(run(recipe, stalling, folder, { stallTimeout: 10 }), /kwok\.sha256 stalled/);
    }),
  );

  it(
    "does not call a host unreachable that answers with an error",
    inTemporaryFolder(async (folder) => {
      const attempt = run({ url, form: "executable", sha256 }, answering({}).fetch, folder);
      await assert.rejects(attempt, (error) => !(error instanceof UnreachableError) && /HTTP 404/.test(String(error)));
    }),
  );

  it("reads both forms of checksum files", () => {
    assert.equal(findChecksum(`${sha256}\n`, "kubectl"), sha256);
    assert.equal(findChecksum(`${sha256} *kubectl\n`, "kubectl"), sha256);
    assert.equal(findChecksum(`${sha256}  other\n`, "kubectl"), undefined);
    assert.equal(findChecksum("<html>not found</html>", "kubectl"), undefined);
  });
});
