import assert from "node:assert/strict";
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { gunzipSync } from "node:zlib";
import { parse } from "yaml";
import { chartsOfOurs } from "../../simulator/services/charts";
import { chartRepository } from "./chart-repository";

interface Index {
  entries: Record<string, { version: string; urls: string[] }[]>;
}

describe("a chart repository on loopback", () => {
  it("lists every chart that an add-on asks for, and hands it out with its schema", async () => {
    const repository = await chartRepository(chartsOfOurs);
    try {
      const { entries } = parse(await (await fetch(`${repository.url}/index.yaml`)).text()) as Index;
      assert.ok(Object.keys(entries).length >= 11, Object.keys(entries).join());
      for (const [name, [entry]] of Object.entries(entries)) {
        const answer = await fetch(`${repository.url}/${entry!.urls[0]!}`);
        const archive = gunzipSync(Buffer.from(await answer.arrayBuffer())).toString("latin1");
        for (const file of ["Chart.yaml", "values.schema.json"]) assert.ok(archive.includes(`${name}/${file}`), file);
      }
      assert.deepEqual(repository.fetched.length, Object.keys(entries).length);
      assert.equal((await fetch(`${repository.url}/../secret.tgz`)).status, 404);
      repository.fault = { of: "index", kind: "error" };
      assert.equal((await fetch(`${repository.url}/index.yaml`)).status, 500);
      for (const kind of ["away", "half"] as const) {
        repository.fault = { of: "index", kind };
        await assert.rejects(fetch(`${repository.url}/index.yaml`).then((answer) => answer.text()));
      }
    } finally {
      await repository.close();
    }
  });

  it("has a publisher's own chart where there is one", async () => {
    const folder = mkdtempSync(join(tmpdir(), "gpu-clusters-published-"));
    mkdirSync(join(folder, "cilium"));
    writeFileSync(join(folder, "cilium", "Chart.yaml"), "name: cilium\ndescription: the publisher's\n");
    const repository = await chartRepository(chartsOfOurs, folder);
    try {
      const { entries } = parse(await (await fetch(`${repository.url}/index.yaml`)).text()) as Index;
      const archive = async (name: string) => {
        const answer = await fetch(`${repository.url}/${entries[name]![0]!.urls[0]!}`);
        return gunzipSync(Buffer.from(await answer.arrayBuffer())).toString("latin1");
      };
      assert.ok((await archive("cilium")).includes("the publisher's"));
      assert.ok(!(await archive("jupyterhub")).includes("the publisher's"));
    } finally {
      await repository.close();
      rmSync(folder, { recursive: true, force: true });
    }
  });
});
