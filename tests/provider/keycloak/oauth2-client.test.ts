import assert from "node:assert/strict";
import { createServer } from "node:https";
import type { AddressInfo } from "node:net";
import { provider } from "../../../plugin/provider";
import { issueCertificate, makeAuthority } from "../../../provider/kubernetes/certificates";
import { Unknown } from "../../../provider/server/values";
import { checkKeycloakConfig, missingKeycloakConfig } from "../../../sdk/keycloak/config";
import { fakeServer } from "../cudo/fake-server";
import { EngineResource, startPlugin, type Plugin } from "../server/harness";
import { clientType, Console, keycloakContract } from "./contract";
import { keycloakStandIn, type KeycloakStandIn } from "./keycloak-stand-in";

describe("OAuth2Client on a stand-in for Keycloak", () => {
  keycloakContract(keycloakStandIn);
});

describe("OAuth2Client when Keycloak fails", function () {
  this.timeout(300_000);
  let keycloak: KeycloakStandIn;
  let console: Console;
  let plugin: Plugin;
  const inputs = { realm: "lab", clientId: "hub" };
  beforeEach(async () => {
    keycloak = await keycloakStandIn();
    console = new Console(keycloak);
    plugin = await startPlugin(provider, { config: { keycloak: { baseUrl: keycloak.baseUrl, ...keycloak.admin } } });
  });
  afterEach(async () => {
    await plugin.stop();
    await keycloak.close();
  });
  const client = () => new EngineResource(plugin, clientType);
  const isCreate = (request: string) => request.startsWith("POST /admin/");

  it("finds the client again whose create had no answer, and its secret logs in", async () => {
    keycloak.fault = (request) => (isCreate(request) ? "lose-answer" : undefined);
    const made = client();
    await made.up(inputs);
    keycloak.fault = () => undefined;
    assert.equal(await console.logIn("hub", made.stored!.state.values["secret"]), 200);
    assert.equal(keycloak.requests.filter(isCreate).length, 1);
  });

  it("keeps in the state a client that may exist, so that the next up finds it and a destroy deletes it", async () => {
    let lost = false;
    keycloak.fault = (request) => {
      if (isCreate(request)) lost = true;
      return isCreate(request) ? "lose-answer" : lost ? 503 : undefined;
    };
    const made = client();
    await assert.rejects(made.up(inputs), /UnexpectedBehavior.*whether the client exists could not be found out/);
    keycloak.fault = () => undefined;
    assert.ok(made.stored);
    await made.destroy();
    assert.equal(await console.find("hub"), undefined);
  });

  it("keeps in the state its own client that an up before left without a state, also when it cannot go on with it", async () => {
    await client().up(inputs);
    const again = client();
    keycloak.fault = (request) => (request.startsWith("PUT /admin/") ? 403 : undefined);
    await assert.rejects(again.up(inputs), /HTTP 403/);
    keycloak.fault = () => undefined;
    assert.equal(again.stored?.id, "lab/hub");
    assert.equal(await again.up(inputs), "update");
    assert.equal(await again.up(inputs), "same");
    await again.destroy();
    assert.equal(await console.find("hub"), undefined);
  });

  it("leaves nothing in the state where nothing was made", async () => {
    keycloak.fault = (request) => (isCreate(request) ? 403 : undefined);
    const made = client();
    await assert.rejects(
      made.up(inputs),
      /UnexpectedBehavior: Keycloak: .*HTTP 403\)\. Who acts needs the role manage-clients/,
    );
    assert.equal(made.stored, undefined);
  });

  it("outlives a moment without Keycloak at each call", async () => {
    const made = client();
    const failedOnce = new Set<string>();
    keycloak.fault = (request) => {
      const kind = request.split("?")[0]!.replace(/[0-9a-f-]{36}/, "uuid");
      if (failedOnce.has(kind) || isCreate(request)) return undefined;
      failedOnce.add(kind);
      return 503;
    };
    await made.up(inputs);
    await made.up({ ...inputs, displayName: "Hub" });
    await made.refresh();
    await made.destroy();
    assert.deepEqual([...failedOnce].map((kind) => kind.split(" ")[0]).sort(), ["DELETE", "GET", "GET", "PUT"]);
  });

  it("logs in again where its session has ended", async () => {
    const made = client();
    await made.up(inputs);
    keycloak.forgetSessions();
    await made.refresh();
    assert.ok(made.stored);
  });

  it("tells applications where people reach Keycloak, and refuses at the preview where that is unencrypted", async () => {
    keycloak.setHostname("http://sso.example.com");
    const refused = client();
    await assert.rejects(
      refused.check(inputs),
      /UnexpectedBehavior: realm: Keycloak says .* "lab" at http:\/\/sso\.example\.com\/realms\/lab, .*proxy-headers/,
    );
    keycloak.setHostname("https://sso.example.com/auth");
    const made = client();
    await made.up(inputs);
    assert.equal(made.stored!.state.values["issuer"], "https://sso.example.com/auth/realms/lab");
    keycloak.setHostname("https://login.example.com");
    await made.refresh();
    assert.equal(made.stored!.state.values["issuer"], "https://login.example.com/realms/lab");
    keycloak.fault = (request) => (request.includes(".well-known") ? 404 : undefined);
    await made.refresh();
    assert.equal(made.stored!.state.values["issuer"], `${keycloak.baseUrl}/realms/lab`);
  });

  it("keeps a secret that who acts may not see, and takes no mask for one", async () => {
    const made = client();
    await made.up(inputs);
    const given = client();
    const named = { ...inputs, clientId: "named", secret: "abcdefghijklmnopqrstuvwx" };
    await given.up(named);
    const kept = made.stored!.state.values["secret"];
    keycloak.onlyView();
    for (const [resource, program] of [
      [made, inputs],
      [given, named],
    ] as const) {
      await resource.refresh();
      const { changes } = await resource.diff((await resource.check(program)).inputs);
      assert.deepEqual(changes, {}, "nothing to do");
    }
    assert.equal(made.stored!.state.values["secret"], kept);
    assert.equal(given.stored!.state.values["secret"], named.secret);
  });

  it("imports and takes over no client whose secret it may not see", async () => {
    await console.create({ clientId: "hub", secret: "made-by-somebody-else-1234" });
    keycloak.onlyView();
    const words = /UnexpectedBehavior: clientId: who acts may not see the secret of "hub".*manage-clients/;
    await assert.rejects(client().import("lab/hub"), words);
    await assert.rejects(client().up({ ...inputs, adopt: true }), words);
  });

  it("takes over no client of Keycloak's own, by which people administer it, nor one of another kind", async () => {
    for (const clientId of [
      "account",
      "account-console",
      "admin-cli",
      "broker",
      "realm-management",
      "security-admin-console",
    ]) {
      const { failures } = await client().check({ ...inputs, clientId, adopt: true });
      assert.deepEqual(
        failures.map(({ property, reason }) => `${property}: ${reason}`),
        [`clientId: "${clientId}" is Keycloak's own, in every realm: name another`],
      );
    }
    await console.create({ clientId: "hub", protocol: "saml" });
    const saml = /UnexpectedBehavior: clientId: the realm "lab" has a client "hub" of the protocol saml/;
    await assert.rejects(client().check({ ...inputs, adopt: true }), saml);
    await assert.rejects(client().up({ ...inputs, adopt: true }), saml);
    assert.equal((await console.find("hub"))!["protocol"], "saml");
  });

  it("refuses by the field what cannot be", async () => {
    const { failures } = await client().check({
      realm: "lab",
      clientId: "two words",
      secret: "short",
      redirectUris: ["https://a.example.com/*", "not a url"],
    });
    assert.deepEqual(failures.map(({ property }) => property).sort(), ["clientId", "redirectUris[1]", "secret"]);
    assert.ok(!JSON.stringify(failures).includes("short"));
    const refused = async (more: object) =>
      (await client().check({ ...inputs, ...more })).failures.map(({ property, reason }) => `${property}: ${reason}`);
    for (const realm of ["", " ", ".", "..", "a b", "a/b", "a\nb", "lab?x", "lab%20"])
      assert.match((await refused({ realm })).join(), /^realm: ".*" is no name of a realm: letters, digits/s, realm);
    for (const clientId of ["", " hub", "hub\n"]) assert.match((await refused({ clientId })).join(), /^clientId: /);
  });

  it("refuses where nobody should be sent back to", async () => {
    const wrong: [uri: string, reason: RegExp][] = [
      ["*", /must be a URL/],
      ["javascript:alert(1)", /no browser may be sent to javascript:/],
      ["data:text/html,x", /no browser may be sent to data:/],
      ["https://*.example.com/cb", /may have a \* only at the end of its path/],
      ["http://localhost:*", /may have a \* only at the end of its path/],
      ["app*", /must be a URL/],
      ["javascript:/*", /no browser may be sent to javascript:/],
      ["https://a.example.com*", /may have a \* only at the end of its path/],
      ["https://a.example.com/*/cb", /may have a \* only at the end of its path/],
      ["https://a.example.com/cb#top", /must have no fragment/],
      ["https://a.example.com/a b", /must be a URL/],
      ["/hub/oauth_callback", /must be a URL/],
      ["https://u:SECRET@a.example.com/cb", /must have no user and password/],
    ];
    const { failures } = await client().check({ ...inputs, redirectUris: wrong.map(([uri]) => uri) });
    assert.equal(failures.length, wrong.length, JSON.stringify(failures));
    failures.forEach(({ property, reason }, index) => {
      assert.equal(property, `redirectUris[${index}]`);
      assert.match(reason, wrong[index]![1]);
      assert.doesNotMatch(reason, /SECRET/);
    });
    const uri = "https://a.example.com/cb";
    const twice = await client().check({ ...inputs, redirectUris: [Unknown.value, uri, uri] });
    assert.deepEqual(twice.failures, [{ property: "redirectUris[2]", reason: `"${uri}" is redirectUris[1] too` }]);
    const right = [
      uri,
      "https://a.example.com/*",
      "https://a.example.com/hub/*",
      "http://127.0.0.1:8000/cb",
      "app://cb",
      "com.example.app:/cb",
      "com.example.app:/cb/*",
      "app:///cb/*",
      "app://*",
      "urn:ietf:wg:oauth:2.0:oob",
    ];
    assert.deepEqual((await client().check({ ...inputs, redirectUris: right })).failures, []);
  });

  /** What somebody is told whose `keycloak.baseUrl` is this one. */
  const saidAt = async (baseUrl: string) => {
    const other = await startPlugin(provider, { config: { keycloak: { baseUrl, ...keycloak.admin } } });
    try {
      return await new EngineResource(other, clientType).check(inputs).then(String, (error: Error) => error.message);
    } finally {
      await other.stop();
    }
  };

  it("sends no credentials where it is led to, and says where that is", async () => {
    const elsewhere = await fakeServer(() => ({ json: { access_token: "stolen", expires_in: 60 } }));
    const leading = await fakeServer(({ url }) => ({
      status: 308,
      headers: { location: `${elsewhere.url}${url}?x=1` },
    }));
    const said = await saidAt(leading.url);
    const place = `${elsewhere.url}/realms/master/protocol/openid-connect/token`;
    assert.ok(said.includes(`it redirects to ${place}, where no credentials are sent: give the address`), said);
    assert.deepEqual([leading.requests.length, elsewhere.requests.length], [1, 0], "nor is it asked again");
    await Promise.all([elsewhere.close(), leading.close()]);
  });

  it("shows nothing of the password, also where a page that quotes it is cut short", async () => {
    const { password } = keycloak.admin;
    const page = "x".repeat(200 - Math.ceil(password.length / 2)) + encodeURIComponent(password);
    const quoting = await fakeServer(() => ({ status: 400, text: page }));
    const said = await saidAt(quoting.url).finally(() => quoting.close());
    assert.match(said, /xxx\[sec/);
    assert.ok(!said.includes(`x${password.slice(0, 3)}`), said);
  });

  it("blames the address, or the realm of the login, where there is none to log in to", async () => {
    const old = await fakeServer(() => ({ status: 404, text: "<html><title>Not Found</title></html>" }));
    const said = await saidAt(`${old.url}/`);
    assert.match(said, /there is no realm to log in to at \S+\/realms\/master: check its name, .*ends in \/auth/);
    assert.doesNotMatch(said, /has no realm "lab"/);
    await old.close();
  });

  it("says how an authority of one's own becomes known", async () => {
    const issued = { commonName: "sso", ipAddresses: ["127.0.0.1"], usages: ["server" as const], validForHours: 1 };
    const { certificate: cert, privateKey: key } = await issueCertificate(await makeAuthority("own"), issued);
    const own = createServer({ cert, key }, (_request, response) => response.end("{}"));
    await new Promise<void>((resolve) => own.listen(0, "127.0.0.1", resolve));
    const said = await saidAt(`https://127.0.0.1:${(own.address() as AddressInfo).port}`);
    assert.match(
      said,
      /no answer from https:\/\/\S+: \w+: its certificate is of an authority that is not known here; NODE_EXTRA_CA_CERTS/,
    );
    await new Promise((resolve) => own.close(resolve));
  });

  it("forgets no client, and makes no second one, where the configuration names another Keycloak", async () => {
    const client = new EngineResource(plugin, clientType, "moved");
    const program = { realm: "lab", clientId: "moved" };
    await client.up(program);
    const other = await keycloakStandIn();
    const elsewhere = await startPlugin(provider, {
      config: { keycloak: { baseUrl: other.baseUrl, ...other.admin } },
    });
    try {
      const moved = new EngineResource(elsewhere, clientType, "moved");
      const words = new RegExp(
        `^keycloak\\.baseUrl: ${other.baseUrl} has no client "moved", and is another Keycloak .* Set it back`,
      );
      const told = (error: Error) => words.test(error.message) || assert.fail(error.message);
      moved.stored = client.stored;
      await assert.rejects(moved.refresh(), told);
      await assert.rejects(moved.up({ ...program, displayName: "Hub" }), told);
      await assert.rejects(moved.destroy(), told);
      assert.equal(await new Console(other).find("moved"), undefined);
    } finally {
      await elsewhere.stop();
      await other.close();
    }
    await client.destroy();
  });

  it("stays ours by another name of the resource", async () => {
    const made = client();
    await made.up(inputs);
    const renamed = new EngineResource(plugin, clientType, "renamed");
    renamed.stored = made.stored;
    assert.equal(await renamed.up({ ...inputs, displayName: "Hub" }), "update");
    assert.equal(await renamed.up({ ...inputs, displayName: "Hub" }), "same");
    const again = new EngineResource(plugin, clientType, "renamed-again");
    again.stored = renamed.stored;
    await again.destroy();
    assert.equal(await console.find("hub"), undefined);
  });

  it("takes a destroy of a client that somebody else made by now for done", async () => {
    const made = client();
    await made.up(inputs);
    await console.delete("hub");
    await console.create({ clientId: "hub", secret: "of-another-hub-1234567890" });
    await made.destroy();
    assert.ok(await console.find("hub"));
  });
});

describe("the provider's configuration for Keycloak", () => {
  it("comes from the environment where it is not given, and says what is missing", () => {
    const { config, failures } = checkKeycloakConfig<string>(
      { baseUrl: "https://sso" },
      { KEYCLOAK_CLIENT_SECRET: "s" },
    );
    assert.deepEqual(failures, []);
    assert.deepEqual([config.realm, config.clientId, config.clientSecret], ["master", "admin-cli", "s"]);
    assert.deepEqual(missingKeycloakConfig(config), []);
    const missing = (given: Record<string, string>) =>
      missingKeycloakConfig(checkKeycloakConfig<string>(given, {}).config).map(({ property }) => property);
    assert.deepEqual(missing({}), ["keycloak.baseUrl", "keycloak.clientSecret"]);
    assert.deepEqual(missing({ baseUrl: "https://sso", username: "admin" }), ["keycloak.password"]);
  });

  it("sends no credentials in plain text over a network", () => {
    for (const baseUrl of [
      "http://sso.example.com",
      "sso.example.com",
      "ftp://sso",
      "https://sso/realms/lab",
      "https://sso/auth/admin/",
      "https://sso?a",
    ])
      assert.equal(checkKeycloakConfig<string>({ baseUrl }, {}).failures.length, 1, baseUrl);
    for (const baseUrl of [
      "https://sso.example.com/auth",
      "https://admin",
      "http://127.0.0.1:8080",
      "http://localhost:8080",
    ])
      assert.deepEqual(checkKeycloakConfig<string>({ baseUrl }, {}).failures, [], baseUrl);
  });
});
