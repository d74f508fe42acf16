import assert from "node:assert/strict";
import { rmSync } from "node:fs";
import { join } from "node:path";
import { SimulatorClient } from "../../simulator/client";
import { fakeServer, type FakeServer } from "../provider/cudo/fake-server";
import { Console } from "../provider/keycloak/contract";
import { keycloakStandIn, type KeycloakStandIn } from "../provider/keycloak/keycloak-stand-in";
import { compiledProgram } from "./compiled-program";
import { EngineEnvironment } from "./environment";
import { holdsBack, loudRuns } from "./loud-runs";
import { secretTexts } from "./secret-texts";

describe("the create-cluster request on the engine", function () {
  this.timeout(300_000);
  let environment: EngineEnvironment;
  let keycloak: KeycloakStandIn;
  let deployer: FakeServer;
  let program: string;
  before(async () => {
    environment = await EngineEnvironment.start({ machines: false });
    program = await compiledProgram(join(__dirname, "programs", "vantage"));
    keycloak = await keycloakStandIn();
    deployer = await fakeServer(() => ({ json: { message: "deploying" } }));
  });
  after(async () => {
    await deployer?.close();
    await keycloak?.close();
    if (program) rmSync(program, { recursive: true, force: true });
    await environment?.stop();
  });
  const config = () => ({ "gpu-clusters:keycloak": { baseUrl: keycloak.baseUrl, ...keycloak.admin } });

  it("ends with UnexpectedBehavior where Keycloak refuses, before a cloud is touched", async () => {
    const wrong = { ...config()["gpu-clusters:keycloak"], password: "not-the-password" };
    const stack = await environment.stack(
      { "gpu-clusters:keycloak": wrong },
      { name: "refused", program, environment: { WHOLE_REQUEST: "1" } },
    );
    const up = await stack.up();
    assert.equal(up.ok, false);
    assert.match(up.text, /UnexpectedBehavior: Keycloak: invalid_grant/);
    assert.ok(!up.text.includes("not-the-password"));
    const { vms, networks, securityGroups } = (await new SimulatorClient(environment.simulator.url).state()).cudo;
    assert.deepEqual([vms, networks, securityGroups], [[], [], []]);
  });

  it("makes the client, tells the deployer once, has nothing to do then, and leaves nothing", async () => {
    const stack = await environment.stack(config(), {
      name: "services",
      program,
      environment: { DEPLOYER: deployer.url },
    });
    const up = await stack.up();
    assert.ok(up.ok, up.text);
    const calls = () => deployer.requests.filter(({ url }) => url === "/deploy");
    const { settings } = JSON.parse(calls()[0]!.body) as { settings: Record<string, unknown> };
    const secret = settings["keycloak_client_secret"] as string;
    assert.equal(await new Console(keycloak).logIn("c1", secret), 200);
    assert.ok(!up.text.includes(secret) && !up.events.includes(secret), "no secret in what is printed");
    const again = await stack.up();
    assert.deepEqual(Object.keys(again.changes), ["same"]);
    assert.equal(calls().length, 1);
    await holdsBack(stack, loudRuns, [secret, ...secretTexts(JSON.parse(await stack.state(true)))]);
    assert.ok((await stack.destroy()).ok);
    assert.equal(await new Console(keycloak).find("c1"), undefined);
  });
});
