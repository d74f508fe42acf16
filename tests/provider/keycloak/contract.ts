/** What `OAuth2Client` and Keycloak promise each other. Runs on the stand-in and on a real Keycloak. */
import assert from "node:assert/strict";
import { provider } from "../../../plugin/provider";
import { driveResource, EngineResource, startPlugin, type Plugin } from "../server/harness";

export interface Keycloak {
  readonly baseUrl: string;
  /** One that is there for the test alone. */
  readonly realm: string;
  readonly admin: { username: string; password: string };
  close(): Promise<void>;
}

export const clientType = "gpu-clusters:keycloak:OAuth2Client";

/** What a person at the console does, by the same interface. */
export class Console {
  constructor(private readonly keycloak: Keycloak) {}

  /** The answer's status, which is 200 where the client's secret is right. */
  async logIn(clientId: string, secret: unknown): Promise<number> {
    const form = { grant_type: "client_credentials", client_id: clientId, client_secret: String(secret) };
    return (await this.token(this.keycloak.realm, form)).status;
  }

  async find(clientId: string): Promise<Record<string, unknown> | undefined> {
    const found = await this.call("GET", `?clientId=${encodeURIComponent(clientId)}`);
    return ((await found.json()) as Record<string, unknown>[])[0];
  }

  async create(client: object): Promise<void> {
    assert.equal((await this.call("POST", "", client)).status, 201);
  }

  async change(clientId: string, changes: object): Promise<void> {
    const found = (await this.find(clientId))!;
    assert.equal((await this.call("PUT", `/${String(found["id"])}`, { ...found, ...changes })).status, 204);
  }

  /** The id of one of the realm's own flows, by which a client may let people log in in the place of the realm's choice. */
  async flow(alias: string): Promise<string> {
    const flows = (await (await this.call("GET", "", undefined, "authentication/flows")).json()) as object[];
    return (flows as { id: string; alias: string }[]).find((flow) => flow.alias === alias)!.id;
  }

  async delete(clientId: string): Promise<void> {
    const found = await this.find(clientId);
    if (found) assert.equal((await this.call("DELETE", `/${String(found["id"])}`)).status, 204);
  }

  /** Who can log in to the realm. */
  async addPerson({ username, password }: { username: string; password: string }): Promise<void> {
    const profile = { firstName: username, lastName: "Tester", email: `${username}@example.com`, emailVerified: true };
    const credentials = [{ type: "password", value: password, temporary: false }];
    const person = { username, enabled: true, ...profile, credentials };
    assert.equal((await this.call("POST", "", person, "users")).status, 201);
  }

  private async call(method: string, path: string, body?: object, kind = "clients"): Promise<Response> {
    const { baseUrl, realm, admin } = this.keycloak;
    const login = await this.token("master", { grant_type: "password", client_id: "admin-cli", ...admin });
    const { access_token } = (await login.json()) as { access_token: string };
    return fetch(`${baseUrl}/admin/realms/${realm}/${kind}${path}`, {
      method,
      headers: { authorization: `Bearer ${access_token}`, "content-type": "application/json" },
      ...(body && { body: JSON.stringify(body) }),
    });
  }

  private token(realm: string, form: Record<string, string>): Promise<Response> {
    const url = `${this.keycloak.baseUrl}/realms/${realm}/protocol/openid-connect/token`;
    return fetch(url, { method: "POST", body: new URLSearchParams(form) });
  }
}

export function keycloakContract(open: () => Promise<Keycloak>): void {
  let keycloak: Keycloak;
  let console: Console;
  let plugin: Plugin;
  before(async () => {
    keycloak = await open();
    console = new Console(keycloak);
    plugin = await startPlugin(provider, { config: { keycloak: { baseUrl: keycloak.baseUrl, ...keycloak.admin } } });
  });
  after(async () => {
    await plugin?.stop();
    await keycloak?.close();
  });
  afterEach(() => Promise.all(["hub", "services"].map((clientId) => console.delete(clientId))));

  const hub = () => ({ realm: keycloak.realm, clientId: "hub", redirectUris: ["https://hub.example.com/*"] });
  const services = () => ({ realm: keycloak.realm, clientId: "services" });
  const secretOf = (client: EngineResource) => client.stored!.state.values["secret"] as string;

  it("keeps the contract of a resource, and its secret logs in", () =>
    driveResource({
      plugin,
      type: clientType,
      inputs: hub(),
      updated: {
        ...hub(),
        displayName: "Hub",
        redirectUris: ["https://b.example.com/cb", "https://a.example.com/cb"],
        secret: "abcdefghijklmnopqrstuvwx",
      },
      replaced: { ...hub(), clientId: "other" },
      volatile: ["secret"],
      notImported: ["secret"],
      inspect: async ({ state }, when) => {
        assert.equal(await console.logIn("hub", state.values["secret"]), 200);
        const found = (await console.find("hub"))!;
        const { standardFlowEnabled, directAccessGrantsEnabled, publicClient, webOrigins } = found;
        assert.deepEqual(
          { standardFlowEnabled, directAccessGrantsEnabled, publicClient, webOrigins },
          { standardFlowEnabled: true, directAccessGrantsEnabled: false, publicClient: false, webOrigins: ["+"] },
        );
        assert.equal(found["name"], when === "created" ? "" : "Hub");
      },
    }));

  it("makes a secret once and keeps it, whatever else changes", async () => {
    const client = new EngineResource(plugin, clientType);
    await client.up(services());
    const secret = secretOf(client);
    assert.match(secret, /^[A-Za-z0-9]{32}$/);
    await client.up({ ...services(), displayName: "Services" });
    await client.refresh();
    assert.equal(secretOf(client), secret);
    assert.equal(await console.logIn("services", secret), 200);
    const { realm, issuer } = client.stored!.state.values;
    const described = await fetch(`${keycloak.baseUrl}/realms/${String(realm)}/.well-known/openid-configuration`);
    assert.equal(issuer, ((await described.json()) as { issuer: string }).issuer);
    assert.equal(issuer, `${keycloak.baseUrl}/realms/${keycloak.realm}`);
    assert.equal((await console.find("services"))!["standardFlowEnabled"], false, "nobody logs in by it");
    await client.destroy();
    assert.equal(await console.find("services"), undefined);
  });

  it("refuses a client that was there, takes it over when asked to, and then leaves it", async () => {
    await console.create({ clientId: "services", secret: "made-by-somebody-else-1234", publicClient: false });
    const refused = new EngineResource(plugin, clientType);
    await assert.rejects(
      refused.up(services()),
      /UnexpectedBehavior: clientId: the realm "[^"]+" has a client "services" that this stack did not make; .*adopt: true/,
    );
    const client = new EngineResource(plugin, clientType);
    await client.up({ ...services(), adopt: true });
    assert.equal(secretOf(client), "made-by-somebody-else-1234");
    assert.equal(await console.logIn("services", secretOf(client)), 200);
    await client.destroy();
    assert.ok(await console.find("services"), "it is not ours to delete");
  });

  it("sees at a refresh what others changed, and mends it", async () => {
    const client = new EngineResource(plugin, clientType);
    await client.up(hub());
    await console.change("hub", { enabled: false, name: "Mine", redirectUris: ["https://evil.example.com/*"] });
    await client.refresh();
    const { changes } = await client.diff((await client.check(hub())).inputs);
    assert.deepEqual(Object.keys(changes).sort(), ["active", "displayName", "redirectUris[0]"]);
    await client.up(hub());
    const { enabled, name, redirectUris } = (await console.find("hub"))!;
    assert.deepEqual({ enabled, name, redirectUris }, { enabled: true, name: "", redirectUris: hub().redirectUris });

    await console.change("hub", { secret: "rotated-by-an-operator-12" });
    await client.refresh();
    assert.equal(secretOf(client), "rotated-by-an-operator-12", "what logs in is what applications are given");

    await console.delete("hub");
    await client.refresh();
    assert.equal(client.stored, undefined);
  });

  it("sees at a refresh each way to log in that others opened or closed, and mends it", async () => {
    const client = new EngineResource(plugin, clientType);
    await client.up(hub());
    const ours = (await console.find("hub"))!;
    for (const change of [
      { webOrigins: ["+", "https://evil.example.com"] },
      { webOrigins: [] },
      { authenticationFlowBindingOverrides: { browser: await console.flow("direct grant") } },
      { implicitFlowEnabled: true },
      { directAccessGrantsEnabled: true },
      { standardFlowEnabled: false },
      { clientAuthenticatorType: "client-jwt" },
    ]) {
      const what = Object.keys(change).join();
      await console.change("hub", change);
      await client.refresh();
      const { changes } = await client.diff((await client.check(hub())).inputs);
      assert.deepEqual(Object.keys(changes), ["active"], what);
      await client.up(hub());
      assert.deepEqual((await console.find("hub"))![what], ours[what], what);
      await client.refresh();
      assert.deepEqual((await client.diff((await client.check(hub())).inputs)).changes, {}, what);
    }
  });

  it("leaves a client that it took over the flows by which its people log in", async () => {
    const flows = { browser: await console.flow("direct grant") };
    await console.create({ clientId: "services", authenticationFlowBindingOverrides: flows });
    const client = new EngineResource(plugin, clientType);
    const program = { ...services(), adopt: true };
    await client.up(program);
    await client.refresh();
    assert.deepEqual((await client.diff((await client.check(program)).inputs)).changes, {});
    assert.deepEqual((await console.find("services"))!["authenticationFlowBindingOverrides"], flows);
  });

  it("owns the client that it makes where the one it took over is gone", async () => {
    await console.create({ clientId: "services" });
    const client = new EngineResource(plugin, clientType);
    const program = { ...services(), adopt: true };
    await client.up(program);
    await console.delete("services");
    await client.up({ ...program, displayName: "Services" });
    assert.equal(client.stored!.state.values["adopted"], false);
    await client.destroy();
    assert.equal(await console.find("services"), undefined);
  });

  it("does not own the client of somebody who made another in its place", async () => {
    const client = new EngineResource(plugin, clientType);
    await client.up(services());
    await console.delete("services");
    await console.create({ clientId: "services" });
    await client.up({ ...services(), displayName: "Services", adopt: true });
    assert.equal(client.stored!.state.values["adopted"], true);
    await client.destroy();
    assert.ok(await console.find("services"));
  });

  it("says what is wrong with realm or login in words, at the preview already", async () => {
    const none = new EngineResource(plugin, clientType);
    await assert.rejects(
      none.check({ ...services(), realm: "nowhere" }),
      /UnexpectedBehavior: realm: http.* has no realm "nowhere"/,
    );
    const wrong = { baseUrl: keycloak.baseUrl, username: "admin", password: "not-the-password" };
    const other = await startPlugin(provider, { config: { keycloak: wrong } });
    try {
      await assert.rejects(new EngineResource(other, clientType).check(services()), (error: Error) => {
        assert.match(error.message, /UnexpectedBehavior: Keycloak: invalid_grant: Invalid user credentials/);
        assert.ok(!error.message.includes(wrong.password));
        return true;
      });
    } finally {
      await other.stop();
    }
  });
}
