/** ^C and time limits at each request: whoever is told of a ready cluster knows the same message again by its key. */
import assert from "node:assert/strict";
import { provider } from "../../../plugin/provider";
import { fakeServer, type FakeServer } from "../cudo/fake-server";
import {
  interruptEachCreate,
  interruptEachDelete,
  interruptEachUpdate,
  rig,
  type Interrupted,
  type Rig,
} from "../server/harness/interruption";

describe("A notification that is interrupted", function () {
  this.timeout(300_000);
  let receiver: FakeServer;
  let rigged: Rig;
  before(async () => {
    receiver = await fakeServer(({ url }) =>
      url.endsWith("/token") ? { json: { access_token: "token-of-a-minute", expires_in: 60 } } : {},
    );
    rigged = await rig(provider, receiver.url, () => ({}));
  });
  after(async () => {
    await rigged.close();
    await receiver.close();
  });

  const settings = (cluster_name: string, more: object = {}) => JSON.stringify({ cluster_name, ...more });
  const larger = (round: string) => settings(round, { jupyterhub_enabled: true });
  const inputs = (text: string) => ({
    baseUrl: `${rigged.gate.url}/vdeployer`,
    settings: text,
    status: "ready",
    issuer: `${rigged.gate.url}/realms/lab`,
    clientId: "c1",
    clientSecret: "a-secret-of-the-cluster-1",
  });
  const keysOf = (text: string) => {
    const told = receiver.requests.filter(({ body }) => body === JSON.stringify({ settings: JSON.parse(text) }));
    return [...new Set(told.map(({ headers }) => headers["idempotency-key"]))];
  };
  const notification: Interrupted = {
    type: "gpu-clusters:vantage:ReadyNotification",
    inputs: (round) => inputs(settings(round)),
    updated: (round) => inputs(larger(round)),
    async left(round) {
      const [one, other] = [keysOf(settings(round)), keysOf(larger(round))];
      for (const keys of [one, other]) assert.ok(keys.length <= 1, `one message has the keys ${keys.join(", ")}`);
      assert.ok(one.length === 0 || one[0] !== other[0], "two messages have one key");
      return [];
    },
  };

  it("is the same one when it is sent again", async () => {
    assert.ok((await interruptEachCreate(rigged, notification)) >= 2);
    await interruptEachDelete(rigged, notification);
  });
  it("is the same one when another is sent after a change", async () => {
    assert.ok((await interruptEachUpdate(rigged, notification)) >= 2);
  });
});
