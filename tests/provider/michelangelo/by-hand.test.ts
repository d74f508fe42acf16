/** What somebody deletes or changes of a registration by hand, on either side: `up` brings it right, and a destroy leaves nothing. */
import { provider } from "../../../plugin/provider";
import { clusterReference, secretReferences } from "../../../provider/michelangelo/cluster-object";
import { until } from "../../until";
import { startPlugin, type Plugin } from "../server/harness";
import { itStandsWhatIsDoneByHand, type ByHand } from "../server/harness/by-hand";
import { inputsIn, type } from "./registrations";
import { Scene } from "./scene";

describe("By hand in Michelangelo", function () {
  this.timeout(600_000);
  let scene: Scene;
  let plugin: Plugin;
  before(async () => {
    [scene, plugin] = await Promise.all([Scene.start({ pollMs: 20 }), startPlugin(provider)]);
    await scene.haveAll();
  });
  after(async () => {
    await plugin?.stop();
    await scene?.close();
  });

  const inputs = (clusterName: string) => {
    // It would go on with the token of the registration before, at the same address.
    scene.manager.restart();
    return inputsIn(scene, { clusterName, region: "us-east-1" });
  };
  const registration = {
    type,
    inputs,
    updated: (clusterName: string) => ({ ...inputs(clusterName), zone: "b" }),
    // Numbers of tokens are used in turn.
    left: async (name: string) => [
      ...new Set((await scene.left()).map((each) => each.replace(/(token)(-\d+)?$/, "$1").replaceAll(name, "it"))),
    ],
  };
  const secret = { apiVersion: "v1", kind: "Secret", namespace: "default" };
  const rows: ByHand[] = [
    {
      ...registration,
      async lose(name) {
        await scene.api.delete(clusterReference(name));
        await until("it is gone", async () => (await scene.api.read(clusterReference(name))) === undefined);
      },
    },
    {
      ...registration,
      of: "a token that is gone",
      again: "update",
      async lose() {
        const secrets = await scene.api.list({ ...secret, labelSelector: "gpu-clusters/michelangelo-cluster" });
        for (const { type: kind, metadata } of secrets)
          if (kind === "kubernetes.io/service-account-token")
            await scene.api.delete({ ...secret, name: metadata.name! });
      },
    },
    {
      ...registration,
      of: "credentials that are gone",
      again: "update",
      lose: (name) => scene.api.delete(secretReferences(name).token),
    },
    {
      ...registration,
      of: "another address",
      again: "update",
      lose: (name) =>
        scene.api.patch(clusterReference(name), { spec: { kubernetes: { rest: { host: "192.0.2.1" } } } }),
    },
  ];
  itStandsWhatIsDoneByHand("michelangelo", () => plugin, rows);
});
