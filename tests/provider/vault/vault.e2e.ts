/** What docs/encrypted-disks.md says, on a real one: `npm run test:e2e -- tests/provider/vault/vault.e2e.ts`. */
import assert from "node:assert/strict";
import { provider } from "../../../plugin/provider";
import { openMachineAccess, type MachineAccess } from "../../../provider/vault/machine-access";
import { EngineResource, startPlugin } from "../server/harness";
import { prepareAsDocumented } from "./documented-vault";
import { RealVault } from "./real-vault";

const never = new AbortController().signal;
const keyOf = (machine: string) => `secret/data/gpu-clusters/lab.${machine}`;
const diskKeyOf = (machine: string) => `${keyOf(machine)}/disks/files`;
const scriptOf = (machine: string) => `${keyOf(machine)}/start`;
const secretIdOf = (machine: string) => `auth/gpu-clusters/role/lab.${machine}/secret-id`;

describe("a real Vault with the documented policies", function () {
  // Where Vault is to be compiled, that takes its time.
  this.timeout(3_600_000);
  let vault: RealVault;
  let access: MachineAccess;
  let deployer: string;
  before(async () => {
    vault = await RealVault.start([]);
    ({ access, token: deployer } = await prepareAsDocumented(vault, "lab"));
  });
  after(() => vault?.close());

  const as = (token: string) => ({
    status: async (method: string, path: string, body?: object) =>
      (await vault.call(method, path, body, { "x-vault-token": token })).status,
  });

  async function login(machine: string): Promise<{ token: string; secretId: string; wrapped: string }> {
    const { roleId, wrappedSecretId: wrapped } = await access.grant(machine, never, `keys of ${machine}`);
    const { body } = await vault.call("POST", "sys/wrapping/unwrap", undefined, { "x-vault-token": wrapped });
    const secretId = body.data.secret_id as string;
    const { auth } = await vault.done("POST", "auth/gpu-clusters/login", { role_id: roleId, secret_id: secretId });
    assert.equal(auth.metadata.role_name, `lab.${machine}`);
    return { token: auth.client_token as string, secretId, wrapped };
  }

  it("lets a machine have its own key, its own script and its own next secret ids, and nothing of another's", async () => {
    const { token, secretId, wrapped } = await login("a");
    await login("b");
    const machine = as(token);
    assert.equal(await as(wrapped).status("POST", "sys/wrapping/unwrap"), 400);
    assert.equal(await machine.status("POST", keyOf("a"), { options: { cas: 0 }, data: { key: "first" } }), 200);
    assert.equal(await machine.status("POST", keyOf("a"), { options: { cas: 0 }, data: { key: "again" } }), 400);
    assert.equal(await machine.status("GET", keyOf("a")), 200);
    const { body } = await vault.call("GET", scriptOf("a"), undefined, { "x-vault-token": token });
    assert.deepEqual(body.data.data, { script: "keys of a" });
    assert.equal(await machine.status("POST", secretIdOf("a"), { num_uses: 1_000_000 }), 200);
    assert.equal(await machine.status("POST", `${secretIdOf("a")}/lookup`, { secret_id: secretId }), 200);
    for (let again = 0; again < 2; again++)
      assert.equal(await machine.status("POST", `${secretIdOf("a")}/destroy`, { secret_id: secretId }), 204);
    const destroy = (name: string) => keyOf(name).replace("/data/", "/destroy/");
    assert.equal(await machine.status("POST", keyOf("a"), { options: { cas: 1 }, data: { key: "second" } }), 200);
    assert.equal(await machine.status("POST", destroy("a"), { versions: [1] }), 204);
    assert.equal((await vault.call("GET", `${keyOf("a")}?version=1`)).status, 404);
    // The key of a data disk, which goes by the deployer's hand alone.
    for (const version of [0, 1]) {
      const key = { options: { cas: version }, data: { key: "of the disk" } };
      assert.equal(await machine.status("POST", diskKeyOf("a"), key), 200);
    }
    assert.equal(await machine.status("GET", diskKeyOf("a")), 200);
    assert.equal(await machine.status("POST", `${destroy("a")}/disks/files`, { versions: [1] }), 204);
    assert.equal((await vault.call("GET", `${diskKeyOf("a")}?version=1`)).status, 404);
    for (const [method, path] of [
      ["GET", diskKeyOf("b")],
      ["POST", diskKeyOf("b")],
      ["POST", `${destroy("b")}/disks/files`],
      ["POST", `${diskKeyOf("a")}/more`],
      ["DELETE", "secret/metadata/gpu-clusters/lab.a/disks/files"],
      ["POST", destroy("b")],
      ["GET", keyOf("b")],
      ["POST", keyOf("b")],
      ["GET", scriptOf("b")],
      ["POST", scriptOf("a")],
      ["POST", secretIdOf("b")],
      ["DELETE", "secret/metadata/gpu-clusters/lab.a"],
      ["POST", "auth/gpu-clusters/role/lab.a"],
    ] as const)
      assert.equal(await machine.status(method, path, method === "POST" ? {} : undefined), 403, `${method} ${path}`);
    assert.equal(await machine.status("POST", "auth/token/revoke-self"), 204);
  });

  it("lets an autoscaler make its own cluster's workers, from its role until that goes, and no other machine", async () => {
    const place = { address: `https://127.0.0.1:${vault.port}`, certificateAuthority: vault.certificateAuthority };
    const plugin = await startPlugin(provider, { config: { vault: { token: deployer } } });
    try {
      const resource = new EngineResource(plugin, "gpu-clusters:vault:AutoscalerRole", "role");
      await resource.up({ vault: place, role: "lab.train.nodes" });
      assert.equal(await resource.refresh(), true);
      const { roleId, secretId } = resource.stored!.state.values as { roleId: string; secretId: string };
      const credential = { role_id: roleId, secret_id: secretId };
      const { auth } = await vault.done("POST", "auth/gpu-clusters/login", credential);
      assert.equal(auth.lease_duration, 1800);
      const config = { vault: { as: { authMount: "gpu-clusters", roleId, secretId } } };
      const workers = openMachineAccess(config, place, "lab.train.nodes");
      const given = await workers.grant("train-cpu-0", never);
      const { body } = await vault.call("POST", "sys/wrapping/unwrap", undefined, {
        "x-vault-token": given.wrappedSecretId,
      });
      const worker = { role_id: given.roleId, secret_id: body.data.secret_id as string };
      const machine = as((await vault.done("POST", "auth/gpu-clusters/login", worker)).auth.client_token as string);
      const key = `secret/data/${given.keyPath}`;
      assert.equal(await machine.status("POST", key, { options: { cas: 0 }, data: { key: "first" } }), 200);
      // What it cannot do: be the control plane, other clusters' machines or more than a machine, read a key, give a script.
      const token = as(auth.client_token as string);
      const roles = "auth/gpu-clusters/role";
      const machines = { token_policies: ["gpu-clusters-machine"], token_ttl: "10m", token_max_ttl: "10m" };
      for (const [method, path, sent] of [
        ["POST", `${roles}/lab.b`, machines],
        ["GET", `${roles}/lab.b/role-id`, undefined],
        ["POST", `${roles}/lab.b/secret-id`, {}],
        ["POST", `${roles}/lab.train2.nodes.a`, machines],
        ["POST", `${roles}/lab.train.nodes`, machines],
        ["POST", `${roles}/lab.train.nodes/secret-id`, {}],
        ["POST", `${roles}/lab.train.nodes.a`, { ...machines, token_policies: ["gpu-clusters-autoscaler"] }],
        ["POST", `${roles}/lab.train.nodes.a`, { ...machines, bind_secret_id: false }],
        ["GET", key, undefined],
        ["POST", `${key}/start`, { data: { script: "another" } }],
        ["DELETE", "secret/metadata/gpu-clusters/lab.b", undefined],
        ["GET", `${roles}?list=true`, undefined],
      ] as const)
        assert.equal(await token.status(method, path, sent), 403, `${method} ${path}`);
      for (let again = 0; again < 2; again++) await workers.revoke("train-cpu-0", never);
      assert.equal((await vault.call("GET", key)).status, 404);
      await resource.destroy();
      assert.equal((await vault.call("POST", "auth/gpu-clusters/login", credential)).status, 400);
    } finally {
      await plugin.stop();
    }
  });

  it("lets the deployer give and take back, and read no key", async () => {
    assert.deepEqual((await access.machines(never)).sort(), ["a", "b"]);
    const token = as(deployer);
    for (const path of [keyOf("a"), diskKeyOf("a"), scriptOf("a")]) assert.equal(await token.status("GET", path), 403);
    assert.equal(await token.status("POST", keyOf("a"), { data: { key: "another" } }), 403);
    assert.equal(await token.status("POST", "auth/gpu-clusters/role/lab.c", { token_policies: ["root"] }), 403);
    for (let again = 0; again < 2; again++) await access.revoke("a", never);
    for (const path of [keyOf("a"), scriptOf("a")]) assert.equal((await vault.call("GET", path)).status, 404);
    assert.deepEqual(await access.machines(never), ["b"]);
    assert.equal((await vault.call("GET", diskKeyOf("a"))).status, 200, "the disk outlives the machine");
    for (let again = 0; again < 2; again++) await access.forgetDisk("a", "files", never);
    assert.equal((await vault.call("GET", diskKeyOf("a"))).status, 404);
  });
});
