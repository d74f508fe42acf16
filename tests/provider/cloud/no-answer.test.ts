/** Requests that get no answer: what the user reads, and what may be sent once more. */
import assert from "node:assert/strict";
import { once } from "node:events";
import { createServer, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import { fetch as undiciFetch, ProxyAgent } from "undici";
import { createTransport, type Call } from "../../../provider/cloud/http";
import { OutcomeUnknown } from "../../../provider/cloud/outcome-unknown";
import { createOnce as createOnceOnCudo } from "../../../provider/cudo/create-once";
import { CudoApiError } from "../../../provider/cudo/errors";
import { isRefusal } from "../../../provider/cudo/group-shortfall";
import { createOnce as createOnceOnMithril } from "../../../provider/mithril/create-once";
import { MithrilApiError, parseError } from "../../../provider/mithril/errors";
import { freePort } from "../../free-port";

const never = new AbortController().signal;
const quick = { retries: 4, firstMs: 100, factor: 1, longestMs: 100 };

function transport(baseUrl: string, send?: typeof fetch, backoff = quick) {
  return createTransport({
    baseUrl,
    apiKey: "key",
    backoff,
    timeoutMs: 10_000,
    errors: {
      unavailable: (failure, options) => new MithrilApiError({ ...failure, kind: "unavailable" }, options),
      refusal: parseError,
    },
    fetch: send,
  });
}

async function caught(work: Promise<unknown>): Promise<MithrilApiError> {
  const error: unknown = await work.then(
    () => assert.fail("should have failed"),
    (reason: unknown) => reason,
  );
  assert.ok(error instanceof MithrilApiError, String(error));
  return error;
}

/** As Node's `fetch` is rejected. */
function rejecting(...causes: Error[]) {
  let sent = 0;
  const send = () => {
    sent++;
    return Promise.reject(new TypeError("fetch failed", { cause: causes[Math.min(sent, causes.length) - 1] }));
  };
  return { send, sent: () => sent };
}

const systemError = (code: string, syscall?: string) =>
  Object.assign(new Error(`${syscall} ${code}`), { code, syscall });

const create: Call = { body: { name: "a" }, safety: "once" };

describe("a create that never left the computer", () => {
  let server: Server | undefined;
  afterEach(() => {
    server?.close();
    server?.closeAllConnections();
    server = undefined;
  });

  it("is sent again when somebody takes connections again", async () => {
    const port = await freePort();
    let posts = 0;
    setTimeout(() => {
      server = createServer((_, response) => {
        posts++;
        response.end("{}");
      }).listen(port, "127.0.0.1");
    }, 150);
    await transport(`http://127.0.0.1:${port}`)("POST", "/bids", never, create);
    assert.equal(posts, 1);
  });

  for (const [what, cause, again] of [
    ["its name was not found for a moment", systemError("EAI_AGAIN", "getaddrinfo"), true],
    [
      "no address took a connection",
      new AggregateError([systemError("ETIMEDOUT", "connect"), systemError("ENETUNREACH", "connect")]),
      true,
    ],
    ["the connection took too long", systemError("UND_ERR_CONNECT_TIMEOUT"), true],
    ["its connection was reset", systemError("ECONNRESET", "read"), false],
    ["its connection timed out when it was there", systemError("ETIMEDOUT", "read"), false],
    ["the other side closed", systemError("UND_ERR_SOCKET"), false],
  ] as const) {
    it(`is ${again ? "" : "not "}sent again where ${what}`, async () => {
      const { send, sent } = rejecting(cause);
      const error = await caught(
        transport("http://127.0.0.1:1", send, { ...quick, firstMs: 1, longestMs: 1 })("POST", "/bids", never, create),
      );
      assert.deepEqual([error.kind, error.unsent, sent()], ["unavailable", again, again ? 5 : 1]);
    });
  }

  it("is nothing to look for afterwards on Mithril, and no outcome that is unknown", async () => {
    const sent = new MithrilApiError({
      request: "POST /bids",
      cloudMessage: "ENOTFOUND",
      kind: "unavailable",
      unsent: true,
    });
    let looks = 0;
    const order = {
      kind: "spot bid",
      name: "a",
      token: "t",
      find: () => {
        looks++;
        return Promise.resolve<{ fid: string }[]>([]);
      },
      send: () => Promise.reject(sent),
      differences: () => [],
    };
    await assert.rejects(createOnceOnMithril(order, never), (error) => error === sent);
    assert.equal(looks, 1);
  });

  it("is nothing to look for afterwards on Cudo, unless an answer was lost before", async () => {
    const init = { request: "POST /vm", cloudMessage: "ENOTFOUND", kind: "unavailable" } as const;
    const unsent = new CudoApiError({ ...init, unsent: true });
    assert.ok(isRefusal(unsent));
    const made = (...failures: CudoApiError[]) =>
      createOnceOnCudo(
        {
          kind: "VM",
          id: "a",
          find: () => Promise.resolve(undefined),
          send: () => Promise.reject(failures.shift() as Error),
          differences: () => [],
          importHint: "",
        },
        never,
        { ...quick, firstMs: 1, longestMs: 1 },
      );
    await assert.rejects(made(unsent), (error) => error === unsent);
    await assert.rejects(made(new CudoApiError(init), unsent), OutcomeUnknown);
  });
});

describe("what is said of a request without an answer", () => {
  it("has what a proxy refused with, which undici hides", async () => {
    for (const [status, words] of [
      [
        407,
        /no answer from https:\/\/api\.example\.com: the proxy .* refused with HTTP 407: it wants a user and a password/,
      ],
      [403, /refused with HTTP 403: NO_PROXY names/],
    ] as const) {
      const proxy = createServer().on("connect", (_, socket) => socket.end(`HTTP/1.1 ${status} No\r\n\r\n`));
      await once(proxy.listen(0, "127.0.0.1"), "listening");
      const dispatcher = new ProxyAgent(`http://127.0.0.1:${(proxy.address() as AddressInfo).port}`);
      const send = ((url: string, init: object) =>
        undiciFetch(url, { ...init, dispatcher })) as unknown as typeof fetch;
      try {
        const error = await caught(
          transport("https://api.example.com", send, { ...quick, retries: 0 })("GET", "/", never),
        );
        assert.match(error.message, words);
      } finally {
        proxy.close();
        await dispatcher.close();
      }
    }
  });

  it("has the system's code, or else the words of the innermost cause", async () => {
    for (const [cause, words] of [
      [systemError("ECONNRESET", "read"), /: ECONNRESET \(/],
      [systemError("CERT_NOT_YET_VALID"), /: CERT_NOT_YET_VALID: is this computer's clock right\? \(/],
      [new Error("outer", { cause: new Error("inner") }), /: inner \(/],
    ] as const) {
      const { send } = rejecting(cause);
      const error = await caught(transport("http://127.0.0.1:1", send, { ...quick, retries: 0 })("GET", "/", never));
      assert.match(error.message, words);
    }
  });
});
