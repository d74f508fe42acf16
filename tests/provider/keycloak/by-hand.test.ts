/** What somebody deletes or changes at Keycloak's console: `up` brings it right, and a destroy leaves nothing. */
import { provider } from "../../../plugin/provider";
import { startPlugin, type Plugin } from "../server/harness";
import { itStandsWhatIsDoneByHand, type ByHand } from "../server/harness/by-hand";
import { Console } from "./contract";
import { keycloakStandIn, type KeycloakStandIn } from "./keycloak-stand-in";

describe("By hand on Keycloak", function () {
  this.timeout(300_000);
  let keycloak: KeycloakStandIn;
  let console: Console;
  let plugin: Plugin;
  before(async () => {
    keycloak = await keycloakStandIn();
    console = new Console(keycloak);
    plugin = await startPlugin(provider, { config: { keycloak: { baseUrl: keycloak.baseUrl, ...keycloak.admin } } });
  });
  after(async () => {
    await plugin?.stop();
    await keycloak?.close();
  });

  const client = {
    type: "gpu-clusters:keycloak:OAuth2Client",
    inputs: (clientId: string) => ({ realm: "lab", clientId, redirectUris: ["https://hub.example.com/*"] }),
    updated: (clientId: string) => ({ realm: "lab", clientId, displayName: "Hub" }),
    async left(clientId: string) {
      const found = await console.find(clientId);
      if (found === undefined) return [];
      // Keycloak's own id, the secret and our mark are each client's own.
      return [JSON.stringify({ ...found, id: "", secret: "", attributes: {} })];
    },
  };
  const rows: ByHand[] = [
    { ...client, lose: (clientId) => console.delete(clientId) },
    ...[
      { enabled: false },
      { redirectUris: [] },
      { standardFlowEnabled: false },
      { publicClient: true },
      { name: "somebody's" },
      { webOrigins: ["*"] },
      { authenticationFlowBindingOverrides: { browser: "7a3b0f8e" } },
    ].map((change) => ({
      ...client,
      of: `another ${Object.keys(change).join()}`,
      change: (clientId: string) => console.change(clientId, change),
    })),
  ];
  itStandsWhatIsDoneByHand("keycloak", () => plugin, rows);
});
