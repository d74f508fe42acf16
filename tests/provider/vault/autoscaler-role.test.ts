/** What a cluster's autoscaler acts by in Vault: made, renewed, lost and taken back. */
import assert from "node:assert/strict";
import { provider } from "../../../plugin/provider";
import { createVaultClient } from "../../../provider/vault/client";
import { openMachineAccess } from "../../../provider/vault/machine-access";
import { driveResource, EngineResource, startPlugin, type Plugin } from "../server/harness";
import { RoleStandIn, standInToken } from "./role-stand-in";

const never = new AbortController().signal;
const type = "gpu-clusters:vault:AutoscalerRole";
const role = "lab.train.nodes";
const name = `gpu-clusters/${role}`;

describe("an autoscaler's role in Vault", function () {
  this.timeout(300_000);
  let vault: RoleStandIn;
  let plugin: Plugin;
  before(async () => {
    vault = await RoleStandIn.start();
    plugin = await startPlugin(provider, { config: { vault: { token: standInToken } } });
  });
  after(async () => {
    await plugin.stop();
    await vault.close();
  });
  afterEach(() => (vault.trouble = () => undefined));

  const inputs = () => ({ vault: vault.place, role });

  it("keeps what every resource keeps, with its secret id a secret", async () => {
    await driveResource({
      plugin,
      type,
      inputs: inputs(),
      importable: false,
      updated: { ...inputs(), policy: "own" },
      replaced: { vault: { ...vault.place, authMount: "elsewhere" }, role },
      inspect: ({ state }, when) => {
        const { settings, secretIds } = vault.roles.get(name)!;
        const policy = when === "created" ? "gpu-clusters-autoscaler" : "own";
        assert.deepEqual(settings, { token_policies: [policy], token_ttl: "30m", token_max_ttl: "30m" });
        assert.deepEqual(secretIds, [state.values["secretId"]], "one, and the same after a change");
        assert.ok(state.secrets.has("secretId"));
      },
    });
    assert.deepEqual(vault.left(), []);
  });

  it("is made anew where it is gone, and where another has its name", async () => {
    const resource = new EngineResource(plugin, type, "role");
    await resource.up(inputs());
    const first = resource.stored!.state.values["secretId"];
    for (const loss of [() => vault.roles.delete(name), () => (vault.roles.get(name)!.id = "another")]) {
      loss();
      assert.equal(await resource.refresh(), false);
      assert.equal(await resource.up(inputs()), "create");
      assert.notEqual(resource.stored!.state.values["secretId"], first);
    }
    await resource.destroy();
    assert.deepEqual(vault.left(), []);
  });

  it("gets another secret id where its own was destroyed by hand, and stays as it is while Vault does not say", async () => {
    const resource = new EngineResource(plugin, type, "role");
    await resource.up(inputs());
    const first = resource.stored!.state.values["secretId"];
    for (const trouble of ["sealed", "denied"] as const) {
      vault.trouble = (request) => (request.endsWith("/login") ? trouble : undefined);
      assert.equal(await resource.refresh(), true);
      assert.equal(await resource.up(inputs()), "same");
    }
    vault.trouble = () => undefined;
    vault.roles.get(name)!.secretIds.length = 0;
    assert.equal(await resource.refresh(), true);
    assert.equal(await resource.up(inputs()), "update");
    const { secretIds } = vault.roles.get(name)!;
    assert.deepEqual(secretIds, [resource.stored!.state.values["secretId"]]);
    assert.notEqual(secretIds[0], first);
    assert.equal(await resource.refresh(), true);
    assert.equal(await resource.up(inputs()), "same");
    await resource.destroy();
    assert.deepEqual(vault.left(), []);
  });

  it("leaves nothing in the state where it was refused", async () => {
    vault.trouble = () => "denied";
    const resource = new EngineResource(plugin, type, "role");
    await assert.rejects(resource.up(inputs()), /permission denied.*vault\.token, or VAULT_TOKEN/s);
    assert.equal(resource.stored, undefined);
  });

  it("says what is wrong with its inputs", async () => {
    const resource = new EngineResource(plugin, type, "role");
    const { failures } = await resource.check({ vault: { address: "http://vault" }, role: "Lab/train" });
    assert.deepEqual(failures.map(({ property }) => property).sort(), ["role", "vault.address"]);
  });

  it("gives its cluster's workers their access, and nobody else's", async () => {
    const resource = new EngineResource(plugin, type, "role");
    await resource.up(inputs());
    const { roleId, secretId } = resource.stored!.state.values as { roleId: string; secretId: string };
    const config = { vault: { as: { authMount: "gpu-clusters", roleId, secretId } } };
    const open = (scope: string) => openMachineAccess(config, vault.place, scope);
    const { keyPath } = await open(role).grant("train-cpu-0", never);
    assert.equal(keyPath, `gpu-clusters/${role}.train-cpu-0`);
    await open(role).revoke("train-cpu-0", never);
    for (const scope of ["lab", "lab.other.nodes", "lab.train"])
      await assert.rejects(open(scope).grant("train-control-plane", never), /permission denied/, scope);
    await assert.rejects(open(role).grant("a", never, "a script"), /permission denied/);
    await open(role).revoke("a", never);
    await resource.destroy();
    assert.deepEqual(vault.left(), []);
  });

  describe("with which somebody logs in", () => {
    const as = async () => {
      const api = createVaultClient({ ...vault.place, as: standInToken });
      await api.writeRole(
        "gpu-clusters",
        role,
        { token_policies: ["autoscaler"], token_ttl: "1m", token_max_ttl: "1m" },
        never,
      );
      const [roleId, secretId] = [
        await api.roleId("gpu-clusters", role, never),
        await api.secretId("gpu-clusters", role, never),
      ];
      return { authMount: "gpu-clusters", roleId, secretId };
    };
    const logins = () => vault.requests.filter((request) => request.endsWith("/login")).length;
    const act = (api: ReturnType<typeof createVaultClient>) => api.deleteRole("gpu-clusters", `${role}.a`, never);
    beforeEach(() => (vault.leaseSeconds = 1_800));

    it("serves many calls by one token, and logs in again before that ends, or once it has ended before its time", async () => {
      const api = createVaultClient({ ...vault.place, as: await as() });
      const before = logins();
      for (let call = 0; call < 3; call++) await act(api);
      assert.equal(logins() - before, 1);
      vault.tokens.clear();
      await act(api);
      assert.equal(logins() - before, 2);
      vault.leaseSeconds = 0;
      const short = createVaultClient({ ...vault.place, as: await as() });
      for (let call = 0; call < 3; call++) await act(short);
      assert.equal(logins() - before, 5);
    });

    it("is told when it may no longer, with Vault's words and without the secret id", async () => {
      const credential = await as();
      const api = createVaultClient({ ...vault.place, as: credential });
      await api.login(never);
      vault.roles.delete(name);
      for (const call of [api.login(never), act(api)])
        await assert.rejects(call, (error: Error) => {
          assert.match(
            error.message,
            /^Vault: invalid role or secret ID \(POST \/auth\/gpu-clusters\/login: HTTP 400\)/,
          );
          return !error.message.includes(credential.secretId);
        });
    });
  });
});
