import assert from "node:assert/strict";
import { execFile } from "node:child_process";
import { once } from "node:events";
import type { IncomingMessage, ServerResponse } from "node:http";
import type { TLSSocket } from "node:tls";
import { promisify } from "node:util";
import { join } from "node:path";
import { parse, stringify } from "yaml";
import { KubernetesApiError, referenceTo } from "../../../provider/kubernetes/api";
import { kubernetesApi, type KubernetesApiOptions } from "../../../provider/kubernetes/client";
import { httpsServer, type HttpsServer } from "./https-server";

describe("kubernetesApi", () => {
  let server: HttpsServer;
  const start = async (
    answer: (request: IncomingMessage, response: ServerResponse) => void,
    names?: { serverName?: string },
    options?: KubernetesApiOptions,
  ) => {
    server = await httpsServer(answer, names);
    return kubernetesApi(server.kubeconfig, options);
  };
  afterEach(() => server.close());

  it("checks the server's certificate against tls-server-name, and shows its own", async () => {
    const api = await start((request, response) => {
      const { subject } = (request.socket as TLSSocket).getPeerCertificate();
      response.end(`${(request.socket as TLSSocket).authorized} ${subject.CN}`);
    });
    assert.equal(await api.text("/readyz"), "true someone");
  });

  it("refuses a server whose certificate is for another name", async () => {
    const api = await start((_request, response) => response.end("ok"), { serverName: undefined });
    await assert.rejects(api.text("/readyz"), /^Error: https:\/\/127\.0\.0\.1:\d+: Hostname\/IP does not match/);
  });

  it("uses a connection again, and opens another where the server closed it", async () => {
    let closeNext = false;
    const api = await start((request, response) => {
      response.end("ok");
      if (closeNext) response.once("finish", () => request.socket.destroy());
    });
    await api.text("/readyz");
    closeNext = true;
    await api.text("/readyz");
    assert.equal(server.connections(), 1);
    closeNext = false;
    assert.equal(await api.text("/readyz"), "ok");
    assert.equal(server.connections(), 2);
  });

  it("takes a 404 for absence where the API server says it, and not a proxy that stands before it", async () => {
    let answer = "";
    const api = await start((_request, response) => response.writeHead(404).end(answer));
    const read = { apiVersion: "v1", kind: "Secret", namespace: "default", name: "keys" };
    for (answer of ['{"kind":"Status","reason":"NotFound"}', "404 page not found\n"]) {
      assert.equal(await api.read(read), undefined);
      await api.delete(read);
    }
    for (answer of ["<html><title>404 Not Found</title></html>", "default backend - 404", ""]) {
      const strange = /a 404 that is not the API server's/;
      await assert.rejects(api.read(read), strange);
      await assert.rejects(api.delete(read), strange);
    }
  });

  it("waits as long as a busy server asks, then repeats", async () => {
    let calls = 0;
    const api = await start((_request, response) => {
      calls++;
      if (calls === 1) response.writeHead(429, { "retry-after": "0.05" });
      response.end(calls === 1 ? "too many requests" : "ok");
    });
    assert.equal(await api.text("/readyz"), "ok");
  });

  it("says so when a server was busy all the time, and not that it did not answer", async () => {
    const api = await start(
      (_request, response) => response.writeHead(429, { "retry-after": "60" }).end("too many requests"),
      undefined,
      { timeoutMs: 2_000 },
    );
    await assert.rejects(api.text("/readyz"), {
      statusCode: 429,
      message: "GET /readyz: too many requests (HTTP 429)",
    });
  });

  it("takes a request that got no answer for none that was refused, although the server was busy before it", async () => {
    let requests = 0;
    const api = await start(
      (_request, response) => {
        if (requests++ === 0) response.writeHead(429, { "retry-after": "0.01" }).end("too many requests");
      },
      undefined,
      { timeoutMs: 2_000 },
    );
    await assert.rejects(api.text("/readyz"), (error: Error) => {
      assert.ok(!(error instanceof KubernetesApiError), error.message);
      assert.match(error.message, /did not answer GET \/readyz within 2 s$/);
      return true;
    });
    assert.equal(requests, 2);
  });

  it("keeps the API server's own words, also where they are not JSON", async () => {
    const api = await start((request, response) => {
      response.writeHead(request.url === "/json" ? 403 : 502);
      response.end(
        request.url === "/json"
          ? JSON.stringify({ kind: "Status", message: "secrets is forbidden", reason: "Forbidden" })
          : "<html>bad gateway</html>",
      );
    });
    const forbidden = await api.text("/json").catch((error: unknown) => error);
    assert.ok(forbidden instanceof KubernetesApiError);
    assert.equal(forbidden.message, "GET /json: secrets is forbidden (HTTP 403)");
    assert.deepEqual([forbidden.statusCode, forbidden.reason], [403, "Forbidden"]);
    await assert.rejects(api.text("/proxy"), {
      statusCode: 502,
      message: "GET /proxy: <html>bad gateway</html> (HTTP 502)",
    });
  });

  it("shows nothing of a Secret that it sent, or of its own credentials, whoever quotes them", async () => {
    const api = await start((request, response) => {
      let sent = "";
      request.on("data", (chunk: Buffer) => (sent += chunk.toString()));
      request.on("end", () => {
        if (request.method === "GET") {
          const resources = [{ name: "secrets", kind: "Secret", namespaced: true, verbs: ["create"] }];
          return response.end(JSON.stringify({ kind: "APIResourceList", resources }));
        }
        response.writeHead(400);
        response.end(JSON.stringify({ message: `the webhook refuses ${sent} of ${request.headers.authorization}` }));
      });
    });
    const metadata = { name: "bootstrap-token-abcdef", namespace: "kube-system" };
    const stringData = { "token-secret": "0123456789abcdef" };
    const data = { password: Buffer.from("hunter22").toString("base64") };
    const secret = { apiVersion: "v1", kind: "Secret", metadata };
    const patched = { stringData, data: { ...data, old: null } };
    for (const call of [api.create({ ...secret, stringData, data }), api.patch(referenceTo(secret), patched)]) {
      const refused = String(await call.catch(String));
      assert.match(refused, /the webhook refuses .*"token-secret":"\[secret\]"/);
      assert.doesNotMatch(refused, /0123456789abcdef|aHVudGVyMjI/);
    }
  });

  it("stops when it is aborted, with the signal's reason", async () => {
    const controller = new AbortController();
    const api = await start(() => controller.abort(new Error("the user interrupted")));
    await assert.rejects(api.text("/readyz", controller.signal), /^Error: the user interrupted$/);
  });

  it("gives up on a server that does not answer", async () => {
    await start(() => {});
    const api = kubernetesApi(server.kubeconfig, { timeoutMs: 100 });
    await assert.rejects(api.text("/readyz"), /did not answer GET \/readyz within 0\.1 s$/);
  });

  it("says where it cannot connect to", async () => {
    const api = await start(() => {});
    server.server.close();
    await once(server.server, "close");
    await assert.rejects(api.text("/readyz"), new RegExp(`^Error: ${server.endpoint}: connect ECONNREFUSED`));
    server = { ...server, close: async () => {} };
  });

  it("reads every page of a list", async () => {
    const api = await start((request, response) => {
      const url = new URL(request.url!, "https://host");
      if (url.pathname === "/api/v1") {
        response.end(JSON.stringify({ resources: [{ name: "nodes", kind: "Node", namespaced: false }] }));
      } else if (url.searchParams.get("continue") === null) {
        response.end(JSON.stringify({ metadata: { continue: "more" }, items: [{ metadata: { name: "a" } }] }));
      } else {
        response.end(JSON.stringify({ metadata: {}, items: [{ metadata: { name: "b" } }] }));
      }
    });
    assert.deepEqual(await api.list({ apiVersion: "v1", kind: "Node" }), [
      { apiVersion: "v1", kind: "Node", metadata: { name: "a" } },
      { apiVersion: "v1", kind: "Node", metadata: { name: "b" } },
    ]);
  });

  it("asks a credential plugin, and checks the server as strictly", async () => {
    await start((request, response) => response.end(request.headers.authorization));
    const config = parse(server.kubeconfig) as {
      clusters: { cluster: Record<string, string> }[];
      users: { user: object }[];
    };
    const credential = {
      apiVersion: "client.authentication.k8s.io/v1",
      kind: "ExecCredential",
      status: { token: "from-plugin" },
    };
    const program = `console.log(${JSON.stringify(JSON.stringify(credential))})`;
    config.users[0]!.user = {
      exec: {
        apiVersion: credential.apiVersion,
        command: process.execPath,
        args: ["-e", program],
        interactiveMode: "Never",
      },
    };
    assert.equal(await kubernetesApi(stringify(config)).text("/"), "Bearer from-plugin");
    config.clusters[0]!.cluster["tls-server-name"] = "another";
    await assert.rejects(kubernetesApi(stringify(config)).text("/"), /does not match certificate's altnames/);
  });

  it("does not keep a process alive", async () => {
    await start((_request, response) => response.end("ok"));
    const program = `
      const { kubernetesApi } = require(${JSON.stringify(join(__dirname, "../../../provider/kubernetes/client"))});
      kubernetesApi(process.env.KUBECONFIG_TEXT).text("/readyz").then(console.log);`;
    const environment = { ...process.env, KUBECONFIG_TEXT: server.kubeconfig };
    const { stdout } = await promisify(execFile)(process.execPath, ["--require", "tsx/cjs", "-e", program], {
      env: environment,
      timeout: 20_000,
    });
    assert.equal(stdout, "ok\n");
  });
});
