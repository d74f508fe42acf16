/** What lets others into a cluster is in no event, log or file that pulumi leaves, however loud it is. */
import assert from "node:assert/strict";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import type { KubernetesApi, KubernetesObject } from "../../provider/kubernetes/api";
import { kubernetesApi } from "../../provider/kubernetes/client";
import { parseKubeconfig } from "../../sdk/kubernetes/kubeconfig";
import { vmetalDefinitions } from "../../simulator/platforms/vmetal/definitions";
import { fakeServer } from "../provider/cudo/fake-server";
import { controlPlane, type TestControlPlane } from "../provider/kubernetes/control-plane";
import { keycloakStandIn, type KeycloakStandIn } from "../provider/keycloak/keycloak-stand-in";
import { RoleStandIn, standInToken } from "../provider/vault/role-stand-in";
import { EngineEnvironment } from "./environment";
import { assertHeldBack, holdsBack, loudDestroy, loudRuns, verboseRuns } from "./loud-runs";
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
    // The engine's own log is searched for what lets the plugin act, which does not pass through the engine.
    await holdsBack(stack, verboseRuns, [password]);
    await holdsBack(stack, [loudDestroy], secrets);
  });

  it("keys and passwords of JupyterHub and Slurm, an autoscaler's role in Vault and a deployer's token are shown by no flag", async () => {
    const [vault, deployer] = await Promise.all([
      RoleStandIn.start(),
      fakeServer(({ headers, body }) => ({
        status: 200,
        json: { message: `${String(headers.authorization)} sent ${body}` },
      })),
    ]);
    const kubeconfig = await server.kubeconfig("system:masters");
    const given = {
      kubeconfig,
      clientSecret,
      password: "DATABASE-PASSWORD-DATABASE",
      accessToken: "DEPLOYERS-TOKEN-DEPLOYERS-TOKEN",
    };
    const done = new AbortController();
    try {
      const plain = {
        vault: vault.place.address,
        vaultAuthority: vault.place.certificateAuthority,
        deployer: deployer.url,
      };
      const config = Object.fromEntries(Object.entries(plain).map(([key, value]) => [`services:${key}`, value]));
      const program = join(__dirname, "programs", "services");
      const stack = await environment.stack(config, {
        name: "services",
        program,
        environment: { VAULT_TOKEN: standInToken },
      });
      for (const [key, value] of Object.entries(given)) await stack.setSecret(`services:${key}`, value);
      await playCharts(kubernetesApi(kubeconfig), done.signal);
      const administrator = parseKubeconfig(kubeconfig).credentials;
      assert.ok(administrator.kind === "certificate");
      const told = [given.password, given.accessToken, clientSecret, administrator.clientKey, standInToken];
      const made = await stack.say("up", ["--json", "--debug"]);
      assert.ok(made.ok, made.text.slice(-3000));
      const kept = secretTexts(JSON.parse(await stack.state(true)));
      const { secretIds } = vault.roles.get("gpu-clusters/project.train.nodes")!;
      assert.equal(secretIds.length, 1);
      // The hub's values are a secret as a whole, and not all in it is one.
      const secrets = [...told, ...secretIds, ...kept.filter((text) => !/^https?:|\/|^preferred_/.test(text))];
      assert.ok(kept.includes(secretIds[0]!) && kept.includes(given.accessToken) && kept.includes(given.password));
      assert.ok(kept.filter((text) => /^[0-9a-f]{64}$/.test(text)).length >= 4, "keys of the hub and of Slurm");
      assertHeldBack("the first up", made, secrets);
      await holdsBack(stack, loudRuns, secrets);
      await holdsBack(stack, verboseRuns, [standInToken, ...tokensOf(vault)]);
      await holdsBack(stack, [loudDestroy], secrets);
      assert.deepEqual(vault.left(), []);
    } finally {
      done.abort();
      await deployer.close();
      await vault.close();
    }
  });

  /** What logins of the plugin's own gave it. */
  const tokensOf = ({ tokens }: RoleStandIn) => [...tokens.keys()];

  /** Whoever runs Slurm's chart makes its controller. */
  async function playCharts(api: KubernetesApi, signal: AbortSignal): Promise<void> {
    for (const definition of vmetalDefinitions)
      await api.apply(definition as KubernetesObject, { fieldManager: "tests", force: true });
    const spec = {
      serviceName: "slurm",
      selector: { matchLabels: { app: "slurm" } },
      template: { metadata: { labels: { app: "slurm" } }, spec: { containers: [{ name: "main", image: "slurm" }] } },
    };
    const metadata = { name: "slurm-controller", namespace: "slurm" };
    const kind = { apiVersion: "apps/v1", kind: "StatefulSet" };
    const [controller, place] = [
      { ...kind, metadata, spec },
      { ...kind, ...metadata },
    ];
    void (async () => {
      while (!signal.aborted) {
        // There is no place for it at first, and none any more in the end.
        await api
          .apply(controller, { fieldManager: "tests", force: true })
          .then(() => api.patch(place, { status: { replicas: 1, readyReplicas: 1 } }, signal, "status"))
          .catch(() => undefined);
        await sleep(500);
      }
    })();
  }
});
