import assert from "node:assert/strict";
import { provider } from "../../../plugin/provider";
import { fakeServer, type Answer, type FakeServer } from "../cudo/fake-server";
import { EngineResource, startPlugin, type Plugin } from "../server/harness";

const type = "gpu-clusters:vantage:ReadyNotification";
const settings = { cluster_name: "c1", keycloak_client_secret: "a-secret-of-the-cluster-1" };

describe("ReadyNotification", function () {
  this.timeout(300_000);
  let plugin: Plugin;
  let receiver: FakeServer;
  /** Answers of `/deploy`, one after the other; the last one stays. */
  let answers: Answer[];
  let tokens: string[];
  before(async () => {
    plugin = await startPlugin(provider);
  });
  after(() => plugin.stop());
  beforeEach(async () => {
    answers = [{ json: { message: "deploying" } }];
    tokens = ["token-1", "token-2"];
    receiver = await fakeServer(({ url }) => {
      if (url.endsWith("/token")) return { json: { access_token: tokens.shift(), expires_in: 60 } };
      return answers.length > 1 ? answers.shift()! : answers[0]!;
    });
  });
  afterEach(() => receiver.close());

  const inputs = (more: object = {}) => ({
    baseUrl: `${receiver.url}/vdeployer`,
    settings: JSON.stringify(settings),
    status: "ready",
    issuer: `${receiver.url}/realms/lab`,
    clientId: "c1",
    clientSecret: settings.keycloak_client_secret,
    ...more,
  });
  const calls = () => receiver.requests.filter(({ url }) => url === "/vdeployer/deploy");
  const outcome = (told: EngineResource) => told.stored!.state.values["outcome"];
  const ids = () => new Set(calls().map(({ headers }) => headers["idempotency-key"]));

  it("is one POST with the settings and the cluster's token, and none more without a change", async () => {
    const told = new EngineResource(plugin, type);
    await told.up(inputs());
    await told.refresh();
    assert.deepEqual((await told.diff((await told.check(inputs({ timeoutSeconds: 10 }))).inputs)).changes, {});
    await told.up(inputs());
    const [call, ...others] = calls();
    assert.deepEqual(others, []);
    assert.deepEqual([call!.method, call!.headers.authorization], ["POST", "Bearer token-1"]);
    assert.deepEqual(JSON.parse(call!.body), { settings });
    assert.ok(told.stored!.state.secrets.has("settings"), "credentials are in it");
    await told.destroy();
    assert.equal(calls().length, 1, "nobody is told of the end");
  });

  it("is sent again, as another message, for other settings", async () => {
    const told = new EngineResource(plugin, type);
    await told.up(inputs());
    await told.up(inputs({ settings: JSON.stringify({ ...settings, jupyterhub_enabled: true }) }));
    assert.equal(calls().length, 2);
    assert.equal(ids().size, 2);
  });

  it("is tried again until it is taken, always as the same message, and 409 means that it is", async () => {
    answers = [
      { status: 503 },
      "drop",
      { status: 429, headers: { "retry-after": "1" } },
      { status: 409, json: { detail: "runs" } },
    ];
    const told = new EngineResource(plugin, type);
    await told.up(inputs());
    assert.equal(outcome(told), "already-running");
    assert.deepEqual([calls().length, ids().size], [4, 1]);
  });

  it("asks for another token once where the first is refused", async () => {
    answers = [{ status: 401 }, { json: {} }];
    await new EngineResource(plugin, type).up(inputs());
    assert.deepEqual(
      calls().map(({ headers }) => headers.authorization),
      ["Bearer token-1", "Bearer token-2"],
    );
    answers = [{ status: 401 }];
    tokens = ["token-3", "token-4", "token-5"];
    await assert.rejects(new EngineResource(plugin, type).up(inputs()), /HTTP 401/);
    assert.equal(calls().length, 4);
  });

  it("is an error where it is refused, without the secrets that the receiver quotes, and goes on with the next up", async () => {
    answers = [{ status: 422, text: `no such thing: ${JSON.stringify(settings)}` }];
    const told = new EngineResource(plugin, type);
    await assert.rejects(told.up(inputs()), (error: Error) => {
      assert.match(error.message, /the cluster is ready, but .* was not told: no such thing: .*HTTP 422/);
      assert.ok(!error.message.includes(settings.keycloak_client_secret), error.message);
      return true;
    });
    assert.equal(calls().length, 1, "what is refused is not tried again");
    answers = [{ json: {} }];
    await told.up(inputs());
    assert.deepEqual([outcome(told), ids().size], ["accepted", 1]);
  });

  it("is a warning where that is asked for, and the next up tries again", async () => {
    answers = [{ status: 500 }];
    const told = new EngineResource(plugin, type);
    await told.up(inputs({ onFailure: "warning", timeoutSeconds: 1 }));
    assert.equal(outcome(told), "failed");
    assert.ok(plugin.messages.some(({ message }) => /was not told: .*the next `pulumi up` tries again/.test(message)));
    answers = [{ json: {} }];
    await told.up(inputs({ onFailure: "warning", timeoutSeconds: 1 }));
    assert.equal(outcome(told), "accepted");
  });

  it("follows no redirect: credentials would go along", async () => {
    answers = [{ status: 307, headers: { location: `${receiver.url}/elsewhere` } }];
    await assert.rejects(
      new EngineResource(plugin, type).up(inputs({ timeoutSeconds: 1 })),
      /was not told: it redirects to \S+\/elsewhere, where no credentials are sent/,
    );
    assert.ok(receiver.requests.every(({ url }) => url !== "/elsewhere"));
  });

  it("tells nobody of a cluster that is not ready", async () => {
    await assert.rejects(new EngineResource(plugin, type).up(inputs({ status: "degraded" })), /status: .*not ready/);
    assert.deepEqual(calls(), []);
  });

  it("is refused, and sent anew with the next up, where it is changed as where it is new", async () => {
    tokens = ["token-1", "token-2", "token-3"];
    const told = new EngineResource(plugin, type);
    await told.up(inputs());
    const other = inputs({ settings: JSON.stringify({ ...settings, jupyterhub_enabled: true }) });
    answers = [{ status: 422, text: `no such thing: ${JSON.stringify(settings)}` }];
    await assert.rejects(told.up(other), (error: Error) => {
      assert.match(error.message, /the cluster is ready, but .* was not told: no such thing: .*HTTP 422/);
      return !error.message.includes(settings.keycloak_client_secret);
    });
    assert.equal(outcome(told), "failed");
    await assert.rejects(told.up({ ...other, status: "degraded" }), /status: .*not ready/);
    answers = [{ status: 409 }];
    await told.up(other);
    assert.equal(outcome(told), "already-running");
  });

  it("refuses by the field what cannot be sent", async () => {
    const told = new EngineResource(plugin, type);
    const refused = async (given: object) =>
      (await told.check(given as Record<string, unknown>)).failures.map(({ property }) => property).sort();
    const base = { baseUrl: "https://c1.example.com/vdeployer", settings: "{}", status: "ready" };
    assert.deepEqual(await refused({ ...base, accessToken: "t" }), []);
    assert.deepEqual(await refused(base), ["clientId", "clientSecret", "issuer"]);
    assert.deepEqual(await refused({ ...base, accessToken: "t", issuer: "https://sso/realms/r" }), ["issuer"]);
    assert.deepEqual(await refused({ ...base, accessToken: "t", settings: "[]", baseUrl: "http://c1.example.com" }), [
      "baseUrl",
      "settings",
    ]);
    const refusedAs = async (more: object) => {
      const { failures } = await told.check({ ...base, ...more });
      return failures.map(({ property, reason }) => `${property}: ${reason}`).join("\n");
    };
    for (const end of ["/deploy", "/deploy/", "/vdeployer/deploy"])
      assert.match(
        await refusedAs({ accessToken: "t", baseUrl: `https://c1.example.com${end}` }),
        /^baseUrl: must be without \/deploy at its end, which the call adds$/,
      );
    for (const right of ["https://deploy", "https://deploy/", "https://c1.example.com/predeploy"])
      assert.equal(await refusedAs({ accessToken: "t", baseUrl: right }), "");
    for (const spaced of ["https://c1.example.com/vdeployer ", "https://c1.example.com/v deployer"])
      assert.match(await refusedAs({ accessToken: "t", baseUrl: spaced }), /^baseUrl: ".*" must have no spaces$/);
    for (const accessToken of ["", " ", "SECRET\n", "SEC RET", "SECRET\r\nX-Other: 1", "SECRÉT"]) {
      const words = await refusedAs({ accessToken });
      assert.match(words, /^accessToken: must have one or more printable characters, and no spaces or line breaks$/);
    }
    const login = { issuer: "https://sso.example.com/realms/lab", clientId: "c1", clientSecret: "s" };
    assert.equal(await refusedAs(login), "");
    assert.match(
      await refusedAs({ ...login, issuer: "https://sso.example.com" }),
      /^issuer: .*must be a realm's https/,
    );
    for (const clientId of ["", "two words"])
      assert.match(await refusedAs({ ...login, clientId }), /^clientId: must have 1 to 255 printable/);
    for (const clientSecret of ["", " ", "SECRET\n"])
      assert.match(await refusedAs({ ...login, clientSecret }), /^clientSecret: must have one or more printable/);
    for (const timeoutSeconds of [0, -1, 86_401, 1e10])
      assert.equal(
        await refusedAs({ accessToken: "t", timeoutSeconds }),
        `timeoutSeconds: must be from 1 to 86400, a day, is ${timeoutSeconds}`,
      );
    assert.equal(await refusedAs({ accessToken: "t", timeoutSeconds: 86_400 }), "");
    for (const baseUrl of [
      "https://u:SECRET@c1.example.com",
      "https://c1.example.com/?a=b",
      "https://c1.example.com/#x",
    ]) {
      const { failures } = await told.check({ ...base, accessToken: "t", baseUrl });
      assert.deepEqual(
        failures.map(({ property }) => property),
        ["baseUrl"],
      );
      assert.doesNotMatch(JSON.stringify(failures), /SECRET/);
    }
  });
});
