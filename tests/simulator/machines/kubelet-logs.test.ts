import assert from "node:assert/strict";
import { appendFileSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { get } from "node:https";
import { once } from "node:events";
import type { IncomingMessage } from "node:http";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { serveLogs } from "../../../simulator/machines/worker/kubelet-logs";
import { until } from "../../until";

describe("logs of a light machine's pods", () => {
  const folder = mkdtempSync(join(tmpdir(), "kubelet-logs-"));
  const file = join(folder, "server.log");
  const end = new AbortController();
  let port: number;
  before(async () => {
    writeFileSync(file, "one\ntwo\nthree\n");
    port = await serveLogs("127.0.0.1", ({ pod }) => (pod === "autoscaler" ? file : undefined), end.signal);
  });
  after(() => {
    end.abort();
    rmSync(folder, { recursive: true, force: true });
  });

  async function ask(path: string): Promise<{ response: IncomingMessage; said: () => string }> {
    const request = get({ host: "127.0.0.1", port, path, rejectUnauthorized: false });
    const [response] = (await once(request, "response")) as [IncomingMessage];
    let text = "";
    response.setEncoding("utf8").on("data", (part: string) => (text += part));
    return { response, said: () => text };
  }

  async function whole(path: string): Promise<string> {
    const { response, said } = await ask(path);
    if (!response.readableEnded) await once(response, "end");
    return said();
  }

  it("are what really runs wrote, from the end where that is asked, and of nothing else", async () => {
    assert.equal(await whole("/containerLogs/kube-system/autoscaler/server"), "one\ntwo\nthree\n");
    assert.equal(await whole("/containerLogs/kube-system/autoscaler/server?tailLines=2"), "two\nthree\n");
    assert.match(await whole("/containerLogs/default/web/main"), /run no containers/);
    assert.equal((await ask("/exec/default/web/main")).response.statusCode, 404);
  });

  it("go on where they are followed", async () => {
    const { response, said } = await ask("/containerLogs/kube-system/autoscaler/server?follow=true&tailLines=1");
    await until("the beginning", async () => said() === "three\n");
    appendFileSync(file, "four\n");
    await until("what came since", async () => said() === "three\nfour\n");
    response.destroy();
  });
});
