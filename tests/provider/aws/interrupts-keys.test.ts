/** ^C and time limits at each request: a cluster's keys are in the state, and what SSM has of them is theirs. */
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
import { keyServices, type KeyServices } from "./key-services";
import { region, useTestCredentials } from "./scene";

describe("A cluster's keys that are interrupted", function () {
  this.timeout(300_000);
  let services: KeyServices;
  let rigged: Rig;
  before(async () => {
    useTestCredentials();
    services = await keyServices();
    rigged = await rig(provider, services.url, (endpoint) => ({ aws: { region, endpoint } }));
  });
  after(async () => {
    await rigged.close();
    await services.close();
  });

  const inputs = (round: string, tags: Record<string, string>) => ({
    parameterPath: `/gpu-clusters/${round}`,
    kmsKeyId: "alias/keys",
    tags,
  });
  const keys: Interrupted = {
    type: "gpu-clusters:aws:ClusterKeys",
    inputs: (round) => inputs(round, { team: "ml" }),
    updated: (round) => inputs(round, { owner: "ml" }),
    left: (round) => {
      const names = [...services.parameters.keys()];
      return Promise.resolve(names.filter((name) => name.startsWith(`/gpu-clusters/${round}/`)));
    },
  };
  it("are not lost when they are made", async () => {
    assert.ok((await interruptEachCreate(rigged, keys)) >= 4);
  });
  it("are not lost when they are changed", async () => {
    assert.ok((await interruptEachUpdate(rigged, keys)) >= 9);
  });
  it("are not lost when they are deleted", async () => {
    assert.ok((await interruptEachDelete(rigged, keys)) >= 1);
  });
});
