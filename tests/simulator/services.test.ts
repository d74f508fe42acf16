import assert from "node:assert/strict";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { jupyterhub } from "../../components/versions";
import { startSimulator, type Simulator } from "../../simulator/server";

describe("what is no cloud on the simulator", () => {
  const stateDir = mkdtempSync(join(tmpdir(), "gpu-clusters-services-"));
  let simulator: Simulator;
  before(async () => {
    simulator = await startSimulator({ stateDir, machines: undefined });
  });
  after(async () => {
    await simulator?.close();
    rmSync(stateDir, { recursive: true, force: true });
  });

  it("is a repository of charts, and of nothing else", async () => {
    const { chartRepository } = simulator.services;
    const index = (await (await fetch(`${chartRepository}/index.yaml`)).json()) as {
      entries: Record<string, { version: string; urls: string[] }[]>;
    };
    const [{ version, urls }] = index.entries[jupyterhub.chart] as [{ version: string; urls: [string] }];
    assert.equal(version, jupyterhub.version);
    assert.equal((await fetch(`${chartRepository}/${urls[0]}`)).status, 200);
    for (const file of ["other.tgz", "..%2f..%2fetc%2fpasswd", "..%2findex.yaml", ""])
      assert.equal((await fetch(`${chartRepository}/${file}`)).status, 404, file);
  });

  it("is a Keycloak with a realm, which lets its administrator alone make clients", async () => {
    const { baseUrl, realm, username, password } = simulator.services.keycloak;
    const described = await fetch(`${baseUrl}/realms/${realm}/.well-known/openid-configuration`);
    assert.deepEqual(await described.json(), { issuer: `${baseUrl}/realms/${realm}` });
    const clients = `${baseUrl}/admin/realms/${realm}/clients`;
    const logIn = (secret: string) =>
      fetch(`${baseUrl}/realms/master/protocol/openid-connect/token`, {
        method: "POST",
        body: new URLSearchParams({ grant_type: "password", client_id: "admin-cli", username, password: secret }),
      });
    assert.equal((await logIn("wrong")).status, 401);
    assert.equal((await fetch(`${clients}?clientId=hub`)).status, 401);
    const { access_token } = (await (await logIn(password)).json()) as { access_token: string };
    const headers = { authorization: `Bearer ${access_token}`, "content-type": "application/json" };
    const made = await fetch(clients, { method: "POST", headers, body: JSON.stringify({ clientId: "hub" }) });
    assert.equal(made.status, 201);
    const [found] = (await (await fetch(`${clients}?clientId=hub`, { headers })).json()) as [{ clientId: string }];
    assert.equal(found.clientId, "hub");
  });
});
