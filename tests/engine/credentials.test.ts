/** What lets others into a cluster is in no event, log or file that pulumi leaves, however loud it is. */
import assert from "node:assert/strict";
import { join } from "node:path";
import { parseKubeconfig } from "../../sdk/kubernetes/kubeconfig";
import { controlPlane, type TestControlPlane } from "../provider/kubernetes/control-plane";
import { keycloakStandIn, type KeycloakStandIn } from "../provider/keycloak/keycloak-stand-in";
import { EngineEnvironment } from "./environment";
import { holdsBack, loudDestroy, loudRuns } from "./loud-runs";
import { secretTexts } from "./secret-texts";

const clientSecret = "CLIENT-SECRET-CLIENT-SECRET";

describe("credentials for a cluster on the engine", function () {
  this.timeout(1_200_000);
  let server: TestControlPlane;
  let keycloak: KeycloakStandIn;
  let environment: EngineEnvironment;
  before(async () => {
    server = await controlPlane([
      "serviceaccount-token-controller",
      "namespace-controller",
      "garbage-collector-controller",
    ]);
    keycloak = await keycloakStandIn();
    environment = await EngineEnvironment.start({ machines: false });
  });
  after(async () => {
    await environment?.stop();
    await keycloak?.close();
    await server?.close();
  });

  it("a ServiceAccount's token, a token to join by and secrets of Keycloak's clients are shown by no flag", async () => {
    const { password, ...admin } = keycloak.admin;
    const stack = await environment.stack(
      { "gpu-clusters:keycloak": { baseUrl: keycloak.baseUrl, ...admin } },
      { program: join(__dirname, "programs", "credentials"), environment: { KEYCLOAK_PASSWORD: password } },
    );
    await stack.setSecret("credentials:clientSecret", clientSecret);
    const kubeconfig = await server.kubeconfig("system:masters");
    await stack.setSecret("credentials:kubeconfig", kubeconfig);
    const up = await stack.up();
    assert.ok(up.ok, up.text);
    const outputs = (await stack.outputs()) as Record<string, string>;
    const [, half] = /\b[a-z0-9]{6}\.([a-z0-9]{16})\b/.exec(outputs["command"]!)!;
    const administrator = parseKubeconfig(kubeconfig).credentials;
    assert.ok(administrator.kind === "certificate");
    const secrets = [
      half!,
      outputs["token"]!,
      administrator.clientKey,
      outputs["clientSecret"]!,
      clientSecret,
      password,
      ...secretTexts(JSON.parse(await stack.state(true))),
    ].filter((text) => !/^(https?:|system:bootstrappers|kubernetes\.io)/.test(text));
    assert.ok(secrets.length > 5);
    await holdsBack(stack, loudRuns, secrets);
    await holdsBack(stack, [loudDestroy], secrets);
  });
});
