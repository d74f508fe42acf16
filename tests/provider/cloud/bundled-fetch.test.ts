/** What loads undici while it runs still has it in the plugin's bundle, where a CommonJS package that is imported so has a default alone. */
import assert from "node:assert/strict";
import { build } from "esbuild";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { pathToFileURL } from "node:url";
import { runCommand } from "../../../toolchain/tools/command";

describe("fetch in the plugin's bundle", function () {
  this.timeout(120_000);
  const outdir = mkdtempSync(join(tmpdir(), "gpu-clusters-fetch-"));
  after(() => rmSync(outdir, { recursive: true, force: true }));

  it("trusts an authority, and goes by proxies", async () => {
    const entryPoints = ["trusting-fetch", "proxy"].map((name) =>
      join(__dirname, "../../../provider/cloud", `${name}.ts`),
    );
    const require = 'import { createRequire } from "node:module"; const require = createRequire(import.meta.url);';
    await build({
      entryPoints,
      outdir,
      bundle: true,
      splitting: true,
      platform: "node",
      format: "esm",
      outExtension: { ".js": ".mjs" },
      banner: { js: require },
      logLevel: "error",
    });
    const url = (name: string) => JSON.stringify(pathToFileURL(join(outdir, `${name}.mjs`)).href);
    const program = `
      const { fetchTrusting } = await import(${url("trusting-fetch")});
      const { letFetchGoByProxies } = await import(${url("proxy")});
      const own = globalThis.fetch;
      await letFetchGoByProxies();
      console.log(typeof (await fetchTrusting("PEM", "https://127.0.0.1:1")), globalThis.fetch !== own);
    `;
    const { stdout } = await runCommand(process.execPath, ["--input-type=module", "-e", program], {
      env: { HTTPS_PROXY: "http://127.0.0.1:1" },
    });
    assert.equal(String(stdout).trim(), "function true");
  });
});
