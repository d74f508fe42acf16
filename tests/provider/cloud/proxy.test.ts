/** The plugin's HTTP through a proxy on loopback, which knows names that nobody else knows. */
import assert from "node:assert/strict";
import { once } from "node:events";
import { createServer, type Server } from "node:http";
import { connect, type AddressInfo } from "node:net";
import { GetCallerIdentityCommand } from "@aws-sdk/client-sts";
import { AwsClients } from "../../../provider/aws/clients";
import { letFetchGoByProxies, namesProxies } from "../../../provider/cloud/proxy";
import { proxyFor } from "../../../sdk/proxy-rules";
import { kubernetesApi } from "../../../provider/kubernetes/client";
import { httpsServer } from "../kubernetes/https-server";
import { useTestCredentials } from "../aws/scene";

const variables = ["HTTP_PROXY", "HTTPS_PROXY", "NO_PROXY", "http_proxy", "https_proxy", "no_proxy", "ALL_PROXY"];

describe("proxies of the environment", () => {
  const before_ = Object.fromEntries(variables.map((name) => [name, process.env[name]]));
  const ownFetch = globalThis.fetch;
  const servers: Server[] = [];
  let asked: string[];
  let proxy: string;
  /** Where the proxy leads every name to. */
  let target: number;

  const listen = async (server: Server): Promise<number> => {
    servers.push(server);
    await once(server.listen(0, "127.0.0.1"), "listening");
    return (server.address() as AddressInfo).port;
  };
  const environment = (values: Record<string, string>) => {
    for (const name of variables) delete process.env[name];
    Object.assign(process.env, values);
  };

  beforeEach(async () => {
    asked = [];
    const server = createServer((_request, response) => response.writeHead(405).end());
    server.on("connect", ({ url = "" }, client, head) => {
      asked.push(url);
      const upstream = connect(target, "127.0.0.1", () => {
        client.write("HTTP/1.1 200 Connection established\r\n\r\n");
        upstream.write(head);
        upstream.pipe(client).pipe(upstream);
      });
      for (const socket of [client, upstream]) socket.on("error", () => undefined);
    });
    proxy = `http://127.0.0.1:${await listen(server)}`;
  });
  afterEach(() => {
    globalThis.fetch = ownFetch;
    environment(Object.fromEntries(Object.entries(before_).filter(([, value]) => value !== undefined)) as never);
    for (const server of servers.splice(0)) {
      server.closeAllConnections();
      server.close();
    }
  });

  it("are those that the engine goes by, in capitals or not, and never for loopback", () => {
    for (const [name, noProxy] of [
      ["HTTPS_PROXY", "NO_PROXY"],
      ["https_proxy", "no_proxy"],
    ] as const) {
      environment({ [name]: "http://proxy:3128", [noProxy]: "internal.example,.corp.example" });
      assert.equal(proxyFor("https://rest.compute.cudo.org/v1"), "http://proxy:3128");
      for (const direct of ["internal.example", "a.corp.example", "localhost", "127.0.0.1:6443", "127.79.0.4", "[::1]"])
        assert.equal(proxyFor(`https://${direct}/`), undefined, direct);
      assert.equal(proxyFor("http://rest.compute.cudo.org"), undefined, "HTTPS_PROXY is for https");
      assert.ok(namesProxies());
    }
    environment({ HTTPS_PROXY: "socks5://proxy:1080" });
    assert.equal(proxyFor("https://example.com"), undefined);
    environment({});
    assert.ok(!namesProxies());
  });

  it("leave alone what NO_PROXY has, as Go reads it: ranges, addresses, names and those below them, with or without a port", () => {
    const cases: [noProxy: string, direct: string[], proxied: string[]][] = [
      ["10.0.0.0/8", ["10.0.0.10:6443", "10.255.0.1"], ["11.0.0.1", "10.example"]],
      ["192.168.1.7, fd00::/8", ["192.168.1.7", "[fd00::1]:6443"], ["192.168.1.70", "[fe00::1]"]],
      ["[FD00:0::1]:6443", ["[fd00::1]:6443"], ["[fd00::1]"]],
      ["fd00::1", ["[fd00::1]:6443"], ["[fd00::2]:6443"]],
      ["10.1.2.3:6443", ["10.1.2.3:6443"], ["10.1.2.3"]],
      ["Example.com", ["example.com", "a.example.com", "a.b.EXAMPLE.com:8443"], ["notexample.com", "example.com.org"]],
      [".example.com", ["a.example.com"], ["example.com"]],
      ["*.example.com", ["a.example.com"], ["example.com"]],
      ["example.com:443", ["example.com", "a.example.com:443"], ["example.com:6443"]],
      ["10.0.0.0/33,10.0.0.0/,,:443, /8", [], ["10.0.0.1", "example.com"]],
      ["*", ["example.com", "10.0.0.1"], []],
    ];
    for (const [noProxy, direct, proxied] of cases) {
      environment({ HTTPS_PROXY: "http://proxy:3128", NO_PROXY: noProxy });
      for (const host of direct) assert.equal(proxyFor(`https://${host}/`), undefined, `${noProxy}: ${host}`);
      for (const host of proxied)
        assert.equal(proxyFor(`https://${host}/`), "http://proxy:3128", `${noProxy}: ${host}`);
    }
  });

  it("are HTTP's own without a scheme, and not quoted where they are no address", () => {
    environment({ HTTPS_PROXY: " proxy.corp:3128 " });
    assert.equal(proxyFor("https://example.com"), "http://proxy.corp:3128");
    environment({ https_proxy: "http://user:p%40ss@proxy:3128", ALL_PROXY: "http://other:1" });
    assert.equal(proxyFor("https://example.com"), "http://user:p%40ss@proxy:3128");
    assert.equal(proxyFor("http://example.com"), undefined, "ALL_PROXY is none to the engine");
    for (const HTTPS_PROXY of ["http://user:s3cret#@proxy:3128", "http://user:s3cret%zz@proxy:3128"]) {
      environment({ HTTPS_PROXY });
      assert.throws(
        () => proxyFor("https://example.com"),
        (error: Error) =>
          /^HTTPS_PROXY is no address of a proxy/.test(error.message) && !error.message.includes("s3cret"),
      );
    }
  });

  it("are used by fetch, with which Cudo, Mithril and Keycloak are asked", async () => {
    target = await listen(createServer((_request, response) => response.end("answer")));
    environment({ HTTP_PROXY: proxy, NO_PROXY: "direct.test" });
    await letFetchGoByProxies();
    assert.equal(await (await fetch("http://api.cloud.test/v1")).text(), "answer");
    assert.deepEqual(asked, ["api.cloud.test:80"]);
    assert.equal(await (await fetch(`http://127.0.0.1:${target}/`)).text(), "answer");
    await assert.rejects(fetch("http://direct.test/"));
    assert.equal(asked.length, 1, "neither loopback nor what NO_PROXY names");
  });

  it("are used by AWS's SDK", async () => {
    const body = `<GetCallerIdentityResponse><GetCallerIdentityResult><Account>123456789012</Account></GetCallerIdentityResult></GetCallerIdentityResponse>`;
    target = await listen(createServer((_request, response) => response.end(body)));
    environment({ HTTP_PROXY: proxy });
    useTestCredentials();
    const clients = new AwsClients({ region: "us-west-2", endpoint: "http://aws.test" });
    assert.equal((await clients.sts.send(new GetCallerIdentityCommand({}))).Account, "123456789012");
    assert.deepEqual(asked, ["aws.test:80"]);
    const near = new AwsClients({ region: "us-west-2", endpoint: `http://127.0.0.1:${target}` });
    assert.equal((await near.sts.send(new GetCallerIdentityCommand({}))).Account, "123456789012");
    assert.equal(asked.length, 1);
  });

  it("are used for a cluster's API server, whose certificate is checked as ever", async () => {
    const cluster = await httpsServer((_request, response) => response.end("ok"));
    try {
      target = Number(new URL(cluster.endpoint).port);
      environment({ https_proxy: proxy });
      const api = kubernetesApi(cluster.kubeconfig.replace(cluster.endpoint, "https://cluster.test:6443"));
      assert.equal(await api.text("/readyz"), "ok");
      assert.deepEqual(asked, ["cluster.test:6443"]);
      assert.equal(await kubernetesApi(cluster.kubeconfig).text("/readyz"), "ok");
      assert.equal(asked.length, 1);
    } finally {
      await cluster.close();
    }
  });

  it("are used for an API server that is named by its address, which its certificate must have", async () => {
    environment({ https_proxy: proxy });
    for (const [address, words] of [
      ["10.40.0.4", undefined],
      ["10.40.0.5", /does not match certificate's altnames/],
    ] as const) {
      const cluster = await httpsServer((_request, response) => response.end("ok"), { ipAddresses: ["10.40.0.4"] });
      try {
        target = Number(new URL(cluster.endpoint).port);
        const api = kubernetesApi(cluster.kubeconfig.replace(cluster.endpoint, `https://${address}:6443`));
        if (words) await assert.rejects(api.text("/readyz"), words);
        else assert.equal(await api.text("/readyz"), "ok");
      } finally {
        await cluster.close();
      }
    }
  });
});
