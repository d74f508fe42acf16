/** The file server of a Cudo cluster with an encrypted disk, on the simulator, with a stand-in for Vault; what it does is in tests/bootstrap/data-disk.test.ts. */
import assert from "node:assert/strict";
import { join } from "node:path";
import { SimulatorClient } from "../../simulator/client";
import { RoleStandIn, standInToken } from "../provider/vault/role-stand-in";
import { until } from "../until";
import { EngineEnvironment } from "./environment";
import { oneLife } from "./one-life";
import { shownIn } from "./secret-texts";
import type { EngineStack } from "./stack";

describe("a file server with an encrypted disk on the engine", function () {
  this.timeout(600_000);
  oneLife();

  let environment: EngineEnvironment;
  let client: SimulatorClient;
  let vault: RoleStandIn;
  let stack: EngineStack;
  const role = "gpu-clusters/simulator.safe-files";
  const key = `secret/${role}/disks/safe-files`;
  /** Light machines write none. */
  const writeKeys = () => [role, `${role}/disks/safe-files`].forEach((path) => vault.writeKey(path));
  const configured = (encrypted: boolean) => ({
    ...environment.providerConfig,
    ...(encrypted && { "encrypted-files:vault": vault.place }),
  });

  before(async () => {
    [environment, vault] = await Promise.all([EngineEnvironment.start({ machines: false }), RoleStandIn.start()]);
    client = new SimulatorClient(environment.simulator.url);
    stack = await environment.stack(configured(false), {
      program: join(__dirname, "programs", "encrypted-files"),
      environment: { VAULT_TOKEN: standInToken },
    });
  });
  after(async () => {
    await environment.stop();
    await vault.close();
  });

  const up = async () => {
    const { ok, text } = await stack.up();
    assert.ok(ok, text);
    assert.deepEqual(await stack.preview(), []);
  };
  const server = async () => (await client.state()).cudo.vms.find(({ id }) => id === "safe-files");
  const nothingIsLeft = async () => {
    const { ok, text } = await stack.destroy();
    assert.ok(ok, text);
    const { vms, disks } = (await client.state()).cudo;
    assert.deepEqual([vault.left(), vms, disks], [[], [], []]);
  };

  it("stays as it is, with its disk, where the vault comes later", async () => {
    await up();
    const before = await server();
    stack.configure(configured(true));
    await up();
    assert.deepEqual(await server(), before);
    assert.deepEqual(vault.left(), []);
    await nothingIsLeft();
  });

  it("has a role of its own, and a token that is in no state", async () => {
    await up();
    assert.deepEqual([...vault.roles.keys()], [role]);
    assert.deepEqual(shownIn({ state: await stack.state(true) }, [standInToken, ...vault.given]), []);
    writeKeys();
    const { text } = await stack.refresh();
    assert.deepEqual(await stack.preview(), [], text);
  });

  it("keeps the key of its disk when somebody deletes the VM, and the next one has it", async () => {
    const { baseUrl, apiKey, projectId } = environment.simulator.cudo;
    await fetch(`${baseUrl}/v1/projects/${projectId}/vms/safe-files/terminate`, {
      method: "POST",
      headers: { authorization: `Bearer ${apiKey}` },
    });
    await until("its end", async () => (await server()) === undefined);
    await stack.refresh();
    await up();
    assert.ok(await server());
    assert.deepEqual(vault.left(), [role, key]);
  });

  it("leaves nothing in Vault or at Cudo", nothingIsLeft);
});
