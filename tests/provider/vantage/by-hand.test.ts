/** A message cannot be taken back: what its receiver makes of it later is no difference. */
import { provider } from "../../../plugin/provider";
import { fakeServer, type FakeServer } from "../cudo/fake-server";
import { startPlugin, type Plugin } from "../server/harness";
import { itStandsWhatIsDoneByHand } from "../server/harness/by-hand";

describe("By hand at who is told", function () {
  this.timeout(60_000);
  let receiver: FakeServer;
  let plugin: Plugin;
  before(async () => {
    [receiver, plugin] = await Promise.all([fakeServer(() => ({})), startPlugin(provider)]);
  });
  after(async () => {
    await plugin?.stop();
    await receiver?.close();
  });

  const inputs = (cluster_name: string) => ({
    baseUrl: receiver.url,
    settings: JSON.stringify({ cluster_name }),
    status: "ready",
    accessToken: "a-token-of-the-deployer",
  });
  itStandsWhatIsDoneByHand("vantage", () => plugin, [
    { type: "gpu-clusters:vantage:ReadyNotification", inputs, left: () => Promise.resolve([]) },
  ]);
});
