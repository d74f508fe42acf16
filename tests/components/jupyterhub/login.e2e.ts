/**
 * People log in to JupyterHub itself by a real Keycloak, with the client and the configuration that our resources make, and start a server in a real
 * cluster: `npm run test:e2e -- tests/components/jupyterhub/login.e2e.ts`.
 */
import assert from "node:assert/strict";
import { randomBytes } from "node:crypto";
import { hubCallback, JupyterHub } from "../../../components/addons";
import { provider } from "../../../plugin/provider";
import type { KubernetesApi } from "../../../provider/kubernetes/api";
import { kubernetesApi } from "../../../provider/kubernetes/client";
import { OAuth2Client } from "../../../sdk/keycloak/oauth2-client";
import { keycloakProblem } from "../../../toolchain/tools/keycloak";
import { freePort } from "../../free-port";
import { clientType, Console, type Keycloak } from "../../provider/keycloak/contract";
import { realKeycloak } from "../../provider/keycloak/real-keycloak";
import { controlPlane, type TestControlPlane } from "../../provider/kubernetes/control-plane";
import { EngineResource, startPlugin, type Plugin } from "../../provider/server/harness";
import { until } from "../../until";
import { clusterInHand } from "../cluster-in-hand";
import { mockProgram, plain, settled, valueOf } from "../mocks";
import { Browser, type Page } from "./browser";
import { realHub, type RealHub } from "./real-hub";

const inDefault = { apiVersion: "v1", namespace: "default" };
const ada = { username: "ada", password: "LOVELACE-1815" };
const gpuGroup = {
  name: "v100",
  gpuResources: { "nvidia.com/gpu": 8 },
  machineTypes: ["p3.16xlarge"],
  taints: [{ key: "team", value: "vision", effect: "NoExecute" as const }],
};

interface Client {
  issuer: string;
  clientId: string;
  secret: string;
}

/** What the chart is given, by the component itself for the client as a resource. */
async function valuesOf(url: string, realm: string, found: Client): Promise<object> {
  const registered = await mockProgram({
    [clientType]: () => ({ ...found }),
    "gpu-clusters:kubernetes:GeneratedKey": () => ({ hex: randomBytes(32).toString("hex") }),
    "kubernetes:helm.sh/v3:Release": () => ({ status: { status: "deployed" } }),
  });
  const cluster = clusterInHand([{}, gpuGroup]);
  const client = new OAuth2Client("client", { realm, clientId: found.clientId, redirectUris: [hubCallback(url)] });
  await valueOf(new JupyterHub("hub", { cluster, url, client, storageClass: "homes" }).url);
  await settled();
  return (plain(registered.inputs("kubernetes:helm.sh/v3:Release")) as { values: object }).values;
}

describe("JupyterHub itself, with a real Keycloak", function () {
  this.timeout(600_000);
  let keycloak: Keycloak;
  let server: TestControlPlane;
  let plugin: Plugin;
  let client: EngineResource;
  let hub: RealHub;
  let kubeconfig: string;
  let api: KubernetesApi;
  let url: string;

  before(async function () {
    const problem = await keycloakProblem();
    if (problem !== undefined) {
      console.log(`Not run, because Keycloak cannot run here: ${problem}.`);
      return this.skip();
    }
    keycloak = await realKeycloak();
    await new Console(keycloak).addPerson(ada);
    plugin = await startPlugin(provider, { config: { keycloak: { baseUrl: keycloak.baseUrl, ...keycloak.admin } } });
    // Pods have a service account.
    server = await controlPlane(["serviceaccount-controller"]);
    kubeconfig = await server.kubeconfig("system:masters");
    api = kubernetesApi(kubeconfig);
    await until("the service account", () => api.read({ ...inDefault, kind: "ServiceAccount", name: "default" }));
    url = `http://127.0.0.1:${await freePort()}`;
    client = new EngineResource(plugin, clientType);
    await client.up({ realm: keycloak.realm, clientId: "train", redirectUris: [hubCallback(url)] });
    hub = await realHub(url, await valuesOf(url, keycloak.realm, clientOf(client)), kubeconfig);
  });
  after(async () => {
    await hub?.close();
    await plugin?.stop();
    await server?.close();
    await keycloak?.close();
  });

  const clientOf = ({ stored }: EngineResource) => stored!.state.values as unknown as Client;
  const logIn = async (browser: Browser, password = ada.password): Promise<Page> => {
    const form = await browser.open(`${url}/hub/oauth_login?next=%2Fhub%2Fhome`);
    return browser.submit(form, /login-actions\/authenticate/, { ...ada, password });
  };

  it("sends people to the realm's own form, and lets in whom it lets in, under their name", async () => {
    const browser = new Browser();
    const page = await logIn(browser);
    assert.deepEqual([page.status, page.url], [200, `${url}/hub/home`], hub.lines.slice(-20).join("\n"));
    assert.match(page.text, /ada/);
    assert.ok(browser.visited.includes(`${clientOf(client).issuer}/protocol/openid-connect/auth`));
    assert.ok(browser.visited.includes(hubCallback(url)), "with the code that the hub exchanges for tokens");
    assert.equal((await browser.open(`${url}/hub/home`)).url, `${url}/hub/home`, "the hub knows them from then on");
  });

  it("lets in nobody else", async () => {
    const stranger = new Browser();
    assert.match((await stranger.open(`${url}/hub/home`)).url, /\/hub\/login/);
    const page = await logIn(stranger, "wrong");
    assert.match(page.text, /Invalid username or password/);
    assert.match((await stranger.open(`${url}/hub/home`)).url, /\/hub\/login/);
  });

  it("shows the groups' GPUs, and makes the server that was chosen where they are", async () => {
    const browser = new Browser();
    await logIn(browser);
    const page = await browser.open(`${url}/hub/spawn`);
    assert.match(page.text, /GPU: v100/);
    await browser.submit(page, /spawn/, { profile: "v100", "profile-option-v100--gpus": "n4" });
    const pod = await until("the server's pod", () => api.read({ ...inDefault, kind: "Pod", name: "jupyter-ada" }));
    const { nodeSelector, tolerations, containers } = pod["spec"] as Record<string, unknown> & {
      containers: { resources: { limits: object } }[];
      tolerations: object[];
    };
    assert.deepEqual(nodeSelector, { "gpu-clusters/node-group": "v100" });
    assert.deepEqual(containers[0]!.resources.limits, { "nvidia.com/gpu": "4" });
    const own = { key: "team", operator: "Equal", value: "vision", effect: "NoExecute" };
    for (const wanted of [{ key: "nvidia.com/gpu", operator: "Exists" }, own])
      assert.ok(
        tolerations.some((each) => JSON.stringify({ ...each, ...wanted }) === JSON.stringify(each)),
        JSON.stringify(tolerations),
      );
    const home = await api.read({ ...inDefault, kind: "PersistentVolumeClaim", name: "claim-ada" });
    assert.equal((home!["spec"] as { storageClassName: string }).storageClassName, "homes");
  });

  it("is refused by the realm for another address than its client's, so that codes go nowhere else", async () => {
    const page = await new Browser().open(
      `${clientOf(client).issuer}/protocol/openid-connect/auth?client_id=train&response_type=code&redirect_uri=` +
        encodeURIComponent("http://127.0.0.1:1/hub/oauth_callback"),
    );
    assert.equal(page.status, 400);
    assert.match(page.text, /redirect_uri/);
  });

  it("lets people in again after a secret was made anew, with what the next `up` gives it", async () => {
    await client.up({
      realm: keycloak.realm,
      clientId: "train",
      redirectUris: [hubCallback(url)],
      secret: "ANOTHER-SECRET-OF-THE-HUB-24",
    });
    const page = await logIn(new Browser());
    assert.equal(page.status, 500, "its secret is of no use any more");
    await hub.close();
    hub = await realHub(url, await valuesOf(url, keycloak.realm, clientOf(client)), kubeconfig);
    assert.equal((await logIn(new Browser())).url, `${url}/hub/home`);
  });
});
