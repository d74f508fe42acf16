/** ^C and time limits at each request: no client of Keycloak's is lost, and its secret is the one in the state. */
import assert from "node:assert/strict";
import { provider } from "../../../plugin/provider";
import {
  interruptEachCreate,
  interruptEachDelete,
  interruptEachUpdate,
  rig,
  type Interrupted,
  type Rig,
} from "../server/harness/interruption";
import { Console } from "./contract";
import { keycloakStandIn, type KeycloakStandIn } from "./keycloak-stand-in";

describe("Whatever is interrupted on Keycloak", function () {
  this.timeout(300_000);
  let keycloak: KeycloakStandIn;
  let console: Console;
  let rigged: Rig;
  before(async () => {
    keycloak = await keycloakStandIn();
    console = new Console(keycloak);
    rigged = await rig(provider, keycloak.baseUrl, (baseUrl) => ({ keycloak: { baseUrl, ...keycloak.admin } }));
  });
  after(async () => {
    await rigged.close();
    await keycloak.close();
  });

  const client: Interrupted = {
    type: "gpu-clusters:keycloak:OAuth2Client",
    inputs: (clientId) => ({ realm: "lab", clientId }),
    updated: (clientId) => ({ realm: "lab", clientId, secret: "abcdefghijklmnopqrstuvwxyz", displayName: "Hub" }),
    left: async (clientId) => ((await console.find(clientId)) === undefined ? [] : [clientId]),
  };
  it("a client is not lost when it is made", async () => {
    assert.ok((await interruptEachCreate(rigged, client)) >= 2);
  });
  it("a client is not lost when it is changed", async () => {
    assert.ok((await interruptEachUpdate(rigged, client)) >= 2);
  });
  it("a client is not lost when it is deleted", async () => {
    assert.ok((await interruptEachDelete(rigged, client)) >= 2);
  });
});
