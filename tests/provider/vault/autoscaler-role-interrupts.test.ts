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
import { RoleStandIn, standInToken } from "./role-stand-in";

describe("an autoscaler's role in Vault, whatever is interrupted", function () {
  this.timeout(300_000);
  let vault: RoleStandIn;
  let rigged: Rig;
  before(async () => {
    vault = await RoleStandIn.start();
    const who = () => ({ vault: { token: standInToken } });
    rigged = await rig(provider, vault.server.endpoint, who, vault.server.identity);
  });
  after(async () => {
    await rigged.close();
    await vault.close();
  });

  const inputs = () => ({ vault: { ...vault.place, address: rigged.gate.url }, role: "lab.train.nodes" });
  const interrupted: Interrupted = {
    type: "gpu-clusters:vault:AutoscalerRole",
    inputs,
    updated: () => ({ ...inputs(), policy: "own" }),
    left: async () => vault.left(),
  };
  for (const [verb, act] of Object.entries({
    made: interruptEachCreate,
    changed: interruptEachUpdate,
    deleted: interruptEachDelete,
  }))
    it(`is not lost when it is ${verb}`, async () => assert.ok((await act(rigged, interrupted)) > 0));
});
