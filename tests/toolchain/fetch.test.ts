import assert from "node:assert/strict";
import { once } from "node:events";
import { createServer, type Server } from "node:http";
import { connect, type AddressInfo } from "node:net";
import { fetchByProxies } from "../../toolchain/tools/fetch";

const variables = ["HTTP_PROXY", "HTTPS_PROXY", "NO_PROXY", "ALL_PROXY"].flatMap((name) => [name, name.toLowerCase()]);

describe("downloads of tools", () => {
  const before = variables.map((name) => [name, process.env[name]] as const);
  const servers: Server[] = [];
  afterEach(() => {
    for (const [name, value] of before)
      if (value === undefined) delete process.env[name];
      else process.env[name] = value;
    for (const server of servers.splice(0)) {
      server.closeAllConnections();
      server.close();
    }
  });

  const listen = async (server: Server) => {
    servers.push(server);
    await once(server.listen(0, "127.0.0.1"), "listening");
    return (server.address() as AddressInfo).port;
  };

  it("go by HTTP proxies of the environment, which know names that nobody else knows", async () => {
    const publisher = await listen(createServer((_request, response) => response.end("a tool")));
    const asked: string[] = [];
    const server = createServer();
    server.on("connect", ({ url = "" }, client) => {
      asked.push(url);
      const upstream = connect(publisher, "127.0.0.1", () => {
        client.write("HTTP/1.1 200 Connection established\r\n\r\n");
        upstream.pipe(client).pipe(upstream);
      });
      for (const socket of [client, upstream]) socket.on("error", () => undefined);
    });
    const proxy = `http://127.0.0.1:${await listen(server)}`;
    const tool = (host: string) => fetchByProxies(`http://${host}/tool`, { signal: AbortSignal.timeout(10_000) });
    for (const name of variables) delete process.env[name];
    Object.assign(process.env, { HTTP_PROXY: proxy, NO_PROXY: "direct.test" });
    assert.equal(await (await tool("releases.test")).text(), "a tool");
    assert.deepEqual(asked, ["releases.test:80"]);
    for (const host of ["direct.test", "files.direct.test"]) await assert.rejects(tool(host), TypeError);
    process.env["HTTP_PROXY"] = proxy.replace("http", "socks5");
    await assert.rejects(tool("releases.test"), TypeError);
    assert.equal(asked.length, 1);
    process.env["HTTPS_PROXY"] = proxy.replace("http://", "");
    await assert.rejects(fetchByProxies("https://releases.test/tool", { signal: AbortSignal.timeout(10_000) }));
    assert.deepEqual(asked.slice(1), ["releases.test:443"], "without a scheme it is one of HTTP");
  });
});
