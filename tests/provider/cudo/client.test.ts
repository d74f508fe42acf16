import assert from "node:assert/strict";
import { createCudoClient, type CudoClientOptions } from "../../../provider/cudo/client";
import { CudoApiError, isCudoError, parseError } from "../../../provider/cudo/errors";
import { fakeServer, type Answer, type FakeServer, type SeenRequest } from "./fake-server";

const apiKey = "key-that-nobody-may-see";
const machine = {
  vmId: "a",
  dataCenterId: "d",
  machineType: "m",
  bootDiskImageId: "i",
  vcpus: 1,
  memoryGib: 1,
  gpus: 0,
};
const quick = { retries: 3, firstMs: 1, factor: 1, longestMs: 2 };

describe("Cudo client", () => {
  let server: FakeServer | undefined;
  afterEach(async () => {
    await server?.close();
    server = undefined;
  });

  async function client(
    answer: (request: SeenRequest, index: number) => Answer,
    options: Partial<CudoClientOptions> = {},
  ) {
    server = await fakeServer(answer);
    return createCudoClient({
      baseUrl: `${server.url}/cudo/`,
      apiKey,
      projectId: "my project",
      backoff: quick,
      ...options,
    });
  }
  const never = new AbortController().signal;
  const caught = async (work: Promise<unknown>): Promise<CudoApiError> => {
    const error: unknown = await work.then(
      () => assert.fail("should have failed"),
      (reason: unknown) => reason,
    );
    assert.ok(error instanceof CudoApiError, String(error));
    return error;
  };

  it("sends the key and encodes what it puts into paths", async () => {
    const cudo = await client(() => ({ json: { VM: { id: "a b" } } }));
    await cudo.vms.find("a/b", never);
    const [request] = server!.requests;
    assert.equal(request!.url, "/cudo/v1/projects/my%20project/vms/a%2Fb");
    assert.equal(request!.headers.authorization, `Bearer ${apiKey}`);
  });

  it("reads VMs in all of Cudo's spellings", async () => {
    const cudo = await client(({ url }) =>
      url.endsWith("/vms")
        ? {
            json: {
              VMs: [
                {
                  id: "one",
                  datacenterId: "dc",
                  vcpus: "4",
                  memory: 16,
                  gpuQuantity: "1",
                  publicIpAddress: "192.0.2.1",
                },
              ],
            },
          }
        : {
            json: {
              vm: { id: "two", nics: [{ networkId: "n", internalIpAddress: "10.0.0.2", securityGroupIds: ["g"] }] },
            },
          },
    );
    const [one] = await cudo.vms.list(never);
    assert.deepEqual(
      [one!.dataCenterId, one!.vcpus, one!.memoryGib, one!.gpus, one!.externalIpAddress, one!.state],
      ["dc", 4, 16, 1, "192.0.2.1", "UNKNOWN"],
    );
    const two = await cudo.vms.find("two", never);
    assert.deepEqual(
      [two!.internalIpAddress, two!.securityGroupIds, two!.metadata, two!.vcpus],
      ["10.0.0.2", ["g"], {}, 0],
    );
  });

  it("takes missing and infinite bounds of machine types for no bound", async () => {
    const cudo = await client(() => ({
      json: {
        machineTypes: [{ machineType: "m", maxVcpuPerGpu: "Infinity", minVcpu: "2", vcpuPriceHr: { value: "0.5" } }],
      },
    }));
    const [type] = await cudo.machineTypes(never);
    assert.deepEqual(
      [type!.maxVcpuPerGpu, type!.maxVcpuPerMemoryGib, type!.minVcpu, type!.vcpuPriceHr, type!.gpuPriceHr],
      [Infinity, Infinity, 2, "0.5", "0"],
    );
  });

  for (const [firstPage, totalCount, most] of [
    [0, 250, 100],
    [1, 250, 100],
    [0, undefined, 100],
    [1, undefined, 100],
    // A server's own largest page may be smaller.
    [1, 250, 20],
    [1, undefined, 20],
  ] as const) {
    it(`reads all pages of ${most} when they begin at ${firstPage}, with a total of ${totalCount}`, async () => {
      const groups = Array.from({ length: 250 }, (_, index) => ({ id: `g${index}` }));
      const cudo = await client(({ url }) => {
        const query = new URL(url, "http://x").searchParams;
        const size = Math.min(Number(query.get("pageSize")), most);
        const from = (Number(query.get("pageNumber")) - firstPage) * size;
        return { json: { securityGroups: groups.slice(Math.max(0, from), Math.max(0, from + size)), totalCount } };
      });
      assert.equal((await cudo.securityGroups.list(never)).length, 250);
    });
  }

  it("stops paging when a page brings nothing new, whatever the total says", async () => {
    const cudo = await client(() => ({ json: { securityGroups: [{ id: "same" }], totalCount: 500 } }));
    assert.equal((await cudo.securityGroups.list(never)).length, 1);
    assert.ok(server!.requests.length <= 3);
  });

  it("repeats reads after lost connections, 5xx and 429, and honours Retry-After", async () => {
    const answers: Answer[] = [
      "drop",
      { status: 503, text: "<html><title>503 Service Unavailable</title></html>" },
      { status: 429, headers: { "retry-after": "0.05" }, json: { code: 8, message: "slow down" } },
      { json: { VM: { id: "a" } } },
    ];
    const cudo = await client((_, index) => answers[index]!);
    const started = performance.now();
    assert.equal((await cudo.vms.find("a", never))!.id, "a");
    assert.equal(server!.requests.length, 4);
    assert.ok(performance.now() - started >= 45, "it must wait as long as the cloud asks");
  });

  it("gives up after its retries and keeps what the cloud said", async () => {
    const cudo = await client(() => ({
      status: 500,
      headers: { "x-request-id": "r-1" },
      json: { code: 13, message: "boom" },
    }));
    const error = await caught(cudo.vms.list(never));
    assert.equal(server!.requests.length, 4);
    assert.deepEqual([error.kind, error.httpStatus, error.grpcCode, error.requestId], ["unavailable", 500, 13, "r-1"]);
    assert.match(error.message, /boom .*GET \/v1\/projects\/my%20project\/vms: HTTP 500, code 13, request id r-1/);
  });

  it("never repeats a create by itself, except when it was told to come later", async () => {
    const cudo = await client((_, index) =>
      index === 0 ? { status: 429, json: { code: 8, message: "later" } } : { status: 502, text: "bad" },
    );
    assert.equal((await caught(cudo.vms.create(machine, never))).kind, "unavailable");
    assert.equal(server!.requests.length, 2);
  });

  it("does not repeat when the quota is used up", async () => {
    const cudo = await client(() => ({
      status: 429,
      json: { code: 8, message: "Quota exceeded: 10 vms", details: [] },
    }));
    assert.equal((await caught(cudo.vms.list(never))).kind, "quota");
    assert.equal(server!.requests.length, 1);
  });

  it("takes 404 for absence, also of what it deletes", async () => {
    const cudo = await client(() => ({ status: 404, json: { code: 5, message: "Not Found", details: [] } }));
    assert.equal(await cudo.disks.find("d", never), undefined);
    await cudo.vms.terminate("v", never);
    await cudo.networks.delete("n", never);
    assert.equal(server!.requests.length, 3);
  });

  it("reads a 403 page that is not JSON, and shows no secret that the cloud sends back", async () => {
    const startScript = 'secret "script"';
    const cudo = await client(() => ({
      status: 403,
      text: `<html><body><h1>Sorry, you have been blocked</h1><p>${apiKey} ${startScript}</p></body></html>`,
    }));
    const error = await caught(cudo.vms.create({ ...machine, startScript }, never));
    assert.equal(error.kind, "permission");
    assert.match(error.message, /Sorry, you have been blocked/);
    assert.doesNotMatch(error.message + JSON.stringify(error), /nobody-may-see|secret "script"/);
  });

  it("shows no key that is inside of what it sent, and none in another notation", async () => {
    const startScript = `document() { cat <<'END'\n{"bootstrapToken":"abcdef.0123456789abcdef"}\nEND\n}\n`;
    const basic = Buffer.from(`user:${apiKey}`).toString("base64");
    const cudo = await client(() => ({
      status: 400,
      json: { code: 3, message: `invalid start script near "abcdef.0123456789abcdef"; authorization was ${basic}` },
    }));
    const { message } = await caught(cudo.vms.create({ ...machine, startScript }, never));
    assert.match(message, /invalid start script near "\[secret\]"/);
    assert.doesNotMatch(message, /0123456789abcdef|bmUuYm9k|a2V5LXRoYXQtbm9ib2R5/);
  });

  it("shows nobody who logs in by the address", async () => {
    const cudo = createCudoClient({
      baseUrl: "http://user:hunter22@127.0.0.1:1/cudo",
      apiKey,
      projectId: "p",
      backoff: { ...quick, retries: 0 },
    });
    const { message } = await caught(cudo.vms.list(never));
    assert.match(message, /no answer/);
    assert.doesNotMatch(message, /hunter22/);
  });

  it("names the setting when the key is refused", async () => {
    const cudo = await client(() => ({ status: 401, json: { code: 16, message: "invalid api key" } }));
    assert.match((await caught(cudo.vms.list(never))).message, /invalid api key.*cudo\.apiKey.*CUDO_API_KEY/);
  });

  it("limits the wait for one answer", async () => {
    const cudo = await client(() => "hang", { timeoutMs: 500, backoff: { ...quick, retries: 1 } });
    const error = await caught(cudo.vms.list(never));
    assert.match(error.message, /no answer within 0\.5 s/);
    assert.equal(server!.requests.length, 2);
  });

  it("says from where no answer comes", async () => {
    const cudo = await client(() => "drop", { backoff: { ...quick, retries: 0 } });
    const { url } = server!;
    assert.ok((await caught(cudo.vms.list(never))).message.includes(`no answer from ${url}: `));
    await server!.close();
    const { message } = await caught(cudo.vms.list(never));
    assert.ok(message.includes(`no answer from ${url}: ECONNREFUSED`), message);
    server = undefined;
  });

  it("cancels the request when the signal aborts", async () => {
    const cudo = await client(() => "hang");
    const controller = new AbortController();
    const listing = cudo.vms.list(controller.signal);
    await server!.arrived(1);
    controller.abort(new Error("stop it"));
    await assert.rejects(listing, /stop it/);
  });

  it("takes an answer that is not JSON for no answer", async () => {
    const cudo = await client((_, index) => (index === 0 ? { text: "<html>hello</html>" } : { json: { VMs: [] } }));
    assert.deepEqual(await cudo.vms.list(never), []);
  });
});

describe("Cudo errors", () => {
  const parse = (status: number, body: unknown, headers: Record<string, string> = {}) =>
    parseError("GET /x", status, new Headers(headers), typeof body === "string" ? body : JSON.stringify(body));

  const cases: [string, number, unknown, string][] = [
    [
      "no host",
      400,
      { code: 3, message: "There are no hosts available for your specified virtual machine." },
      "capacity",
    ],
    ["no address", 400, { code: 9, message: "Vm cannot be assigned ip from network. Network full" }, "capacity"],
    ["a wrong argument", 400, { code: 3, message: "invalid vcpus" }, "invalid"],
    ["a wrong state", 400, { code: 9, message: "you cannot terminate a vm that is in the boot state" }, "precondition"],
    ["absence", 404, { code: 5, message: "Not Found", details: [] }, "notFound"],
    ["existence", 409, { code: 6, message: "A disk with that id already exists" }, "alreadyExists"],
    ["a concurrent change", 409, { code: 10, message: "aborted" }, "precondition"],
    ["a documented body", 404, { code: 404, status: "NOT_FOUND", message: "nope" }, "notFound"],
    ["an unknown key", 401, { code: 16, message: "bad key" }, "unauthenticated"],
    ["a forbidden project", 403, { code: 7, message: "no" }, "permission"],
    ["too many requests", 429, { code: 8, message: "too many requests" }, "rateLimit"],
    ["a gateway time-out", 504, "", "unavailable"],
  ];
  for (const [what, status, body, kind] of cases) {
    it(`tells ${what} as ${kind}`, () => {
      const error = parse(status, body);
      assert.equal(error.kind, kind);
      assert.ok(isCudoError(error, error.kind));
      assert.equal(error.httpStatus, status);
    });
  }

  it("only takes small codes for gRPC's", () => {
    assert.equal(parse(404, { code: 404, message: "x" }).grpcCode, undefined);
    assert.equal(parse(404, { code: "5", message: "x" }).grpcCode, 5);
  });

  it("reads how long to wait from the header, a date, or RetryInfo", () => {
    const details = [{ "@type": "type.googleapis.com/google.rpc.RetryInfo", retryDelay: "1.5s" }];
    assert.equal(parse(429, { code: 8, details }).retryAfter, 1500);
    assert.equal(parse(429, { code: 8, details }, { "retry-after": "3" }).retryAfter, 3000);
    const date = new Date(Date.now() + 10_000).toUTCString();
    assert.ok(parse(503, {}, { "retry-after": date }).retryAfter! > 5_000);
    const [ahead, later] = [5, 8].map((minutes) => new Date(Date.now() + minutes * 60_000).toUTCString()) as [
      string,
      string,
    ];
    assert.equal(parse(503, {}, { "retry-after": later, date: ahead }).retryAfter, 180_000);
    assert.equal(parse(503, {}).retryAfter, undefined);
  });

  it("finds a quota failure in the details", () => {
    const details = [{ "@type": "type.googleapis.com/google.rpc.QuotaFailure" }];
    assert.equal(parse(429, { code: 8, message: "exhausted", details }).kind, "quota");
  });
});
