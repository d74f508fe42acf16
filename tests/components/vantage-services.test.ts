import assert from "node:assert/strict";
import * as pulumi from "@pulumi/pulumi";
import { ClusterCouldNotBeDeployed, InvalidInput } from "../../components/errors";
import { createCluster } from "../../components/vantage/create";
import { Provider } from "../../sdk/provider-resource";
import { cloud, functions } from "./aws-scene";
import { cloud as cudoCloud } from "./cudo-scene";
import { mockProgram, plain, settled, valueOf } from "./mocks";
import { accounts, aws, awsGroup, cudo, securityGroups } from "./vantage-scene";

describe("a request with an identity provider and a deployer", () => {
  const identity = { realm: "lab" };
  const deployer = { baseUrl: "https://c1.clusters.example.com/vdeployer", settings: { vantage_url: "https://v" } };
  const client = "gpu-clusters:keycloak:OAuth2Client";
  const before = (types: string[], type: string) => types.slice(0, types.indexOf(type));
  /** In the clouds: neither components, nor providers, nor what is made in the state only. */
  const made = (types: string[]) =>
    types.filter((type) => /^(aws|gpu-clusters:(aws|cudo)):(?!AwsCluster|AwsNetwork|CudoCluster)/.test(type));
  const services = {
    "gpu-clusters:keycloak:OAuth2Client": ({ inputs }: { inputs: object }) => ({
      secret: pulumi.secret("made-by-the-provider-1234"),
      ...inputs,
      issuer: "https://sso/realms/lab",
    }),
    "gpu-clusters:kubernetes:NodesReady": () => ({ status: "ready" }),
  };

  it("makes the client before the cluster, and tells the deployer last", async () => {
    const registered = await mockProgram({ ...cloud, ...services }, false, {
      ...functions,
      ...securityGroups([], []),
    });
    const cluster = await createCluster("request", aws(), { accounts, identity, deployer });
    assert.equal(await valueOf(cluster.status), "ready");
    await settled();
    const order = registered.resources.map(({ type }) => type);
    assert.deepEqual(made(before(order, client)), ["gpu-clusters:aws:AccountReady"]);
    assert.ok(registered.dependenciesOf("request-client").includes("request-account"));
    const [notified, ready] = ["vantage:ReadyNotification", "kubernetes:NodesReady"].map((type) =>
      order.lastIndexOf(`gpu-clusters:${type}`),
    );
    assert.ok(ready! >= 0 && notified! > ready!, order.join());
    assert.deepEqual(registered.inputs("gpu-clusters:keycloak:OAuth2Client"), { clientId: "c1", ...identity });
    const { settings, ...told } = plain(registered.inputs("gpu-clusters:vantage:ReadyNotification")) as Record<
      string,
      unknown
    >;
    assert.deepEqual(JSON.parse(settings as string), {
      vantage_url: "https://v",
      provider: "aws",
      cluster_name: "c1",
      keycloak_client_id: "c1",
      keycloak_client_secret: "made-by-the-provider-1234",
    });
    assert.deepEqual([told["baseUrl"], told["status"], told["clientId"]], [deployer.baseUrl, "ready", "c1"]);
  });

  it("looks at the cloud before it makes the client, and makes nothing there without it, on Cudo too", async () => {
    const registered = await mockProgram({ ...cudoCloud, ...services }, false, functions);
    await createCluster("request", cudo(), { accounts, identity });
    await settled();
    const order = registered.resources.map(({ type }) => type);
    assert.deepEqual(made(before(order, client)), ["gpu-clusters:cudo:PlannedCluster"]);
    assert.ok(made(order).includes("gpu-clusters:cudo:Vm"), order.join());
    assert.ok(registered.dependenciesOf("request-client").includes("request-plan"));
    for (const name of ["request-network", "request-security-group", "request-control-plane"])
      assert.ok(registered.dependenciesOf(name).includes("request-client"), name);
  });

  it("registers the same at a preview, where no answer is known", async () => {
    const registered = await mockProgram({ ...cloud, ...services }, true, {
      ...functions,
      ...securityGroups([], []),
    });
    await createCluster("request", aws(), { accounts, identity, deployer });
    await settled();
    assert.equal(registered.all("gpu-clusters:vantage:ReadyNotification").length, 1);
  });

  it("gives the client the request's own secret", async () => {
    const secret = "chosen-by-the-caller-123";
    const registered = await mockProgram({ ...cloud, ...services }, false, {
      ...functions,
      ...securityGroups([], []),
    });
    await createCluster("request", { ...aws(), secret }, { accounts, identity });
    await settled();
    const client = plain(registered.inputs("gpu-clusters:keycloak:OAuth2Client")) as { secret: string };
    assert.equal(client.secret, secret);
    assert.deepEqual(registered.all("gpu-clusters:vantage:ReadyNotification"), []);
  });

  it("puts the integrations into the cluster, with its client and its groups, before it tells the deployer", async () => {
    const outputs = {
      ...cloud,
      ...services,
      "kubernetes:helm.sh/v3:Release": () => ({ status: { status: "deployed" } }),
      "gpu-clusters:kubernetes:ObjectReady": () => ({ status: "ready" }),
      "gpu-clusters:kubernetes:GeneratedKey": () => ({ hex: "00" }),
    };
    const registered = await mockProgram(outputs, false, { ...functions, ...securityGroups([], []) });
    const taints = [{ key: "team", value: "a", effect: "NoSchedule" as const }];
    const wanted = aws({
      integrations: ["jupyterhub", "kuberay", "slurm"],
      autoscaler_node_groups: [{ ...awsGroup, taints }],
    });
    const integrations = { jupyterhubUrl: "https://hub.example.com" };
    const cluster = await createCluster("request", wanted, { accounts, identity, deployer, integrations });
    await valueOf(cluster.status);
    await settled();
    const types = ["JupyterHub", "KubeRay", "Slurm"].map((name) => `gpu-clusters:addons:${name}`);
    for (const type of types) assert.equal(registered.all(type).length, 1, type);
    const { redirectUris } = plain(registered.inputs("gpu-clusters:keycloak:OAuth2Client")) as Record<string, unknown>;
    assert.deepEqual(redirectUris, ["https://hub.example.com/hub/oauth_callback"]);
    const hub = plain(registered.resources.find(({ name }) => name === "request-jupyterhub-release")!.inputs);
    const text = JSON.stringify(hub);
    assert.ok(text.includes('"client_id":"c1"') && text.includes('"storageClass":"shared"'), text);
    assert.ok(registered.isProtected("request-jupyterhub-namespace"));
    const slurm = JSON.stringify(
      plain(registered.resources.find(({ name }) => name === "request-slurm-slurm")!.inputs),
    );
    assert.ok(slurm.includes('"key":"team"') && slurm.includes('"clusterName":"c1"'), slurm);
    const awaited = registered.dependenciesOf("request-ready");
    for (const name of ["request-jupyterhub-release", "request-kuberay-operator", "request-slurm-controller"])
      assert.ok(awaited.includes(name), name);
  });

  it("makes all of it by the provider that it is given, protected where the cluster is", async () => {
    const registered = await mockProgram({ ...cudoCloud, ...services }, true, functions);
    const own = new Provider("own", { cudo: { apiKey: "own-key", projectId: "own" }, keycloak: {} });
    const wanted = { ...cudo(), settings: { ...cudo().settings } };
    await createCluster("request", wanted, { accounts, identity, deployer }, { providers: [own], protect: true });
    await settled();
    for (const { type, name } of registered.resources) {
      if (type.startsWith("pulumi:providers:gpu-clusters")) continue;
      assert.ok(registered.isProtected(`${type} ${name}`), `${type} ${name}`);
      if (/^gpu-clusters:(cudo|kubernetes|keycloak|vantage):(?!CudoCluster)/.test(type))
        assert.equal(registered.providerOf(`${type} ${name}`), "own", `${type} ${name}`);
    }
  });

  it("makes the client by the stack's Keycloak where the provider that it is given is for the cloud alone", async () => {
    const registered = await mockProgram({ ...cudoCloud, ...services }, true, functions);
    const own = new Provider("own", { cudo: { apiKey: "own-key", projectId: "own" } });
    await createCluster("request", cudo(), { accounts, identity, deployer }, { providers: [own] });
    await settled();
    assert.notEqual(registered.providerOf(`${client} request-client`), "own");
    assert.equal(registered.providerOf("gpu-clusters:vantage:ReadyNotification request-ready"), "own");
  });

  it("says what the integration of JupyterHub needs, before anything is made", async () => {
    const registered = await mockProgram({ ...cloud, ...services }, false, functions);
    const wanted = aws({ integrations: ["jupyterhub"] });
    await assert.rejects(createCluster("r", wanted, { accounts }), (error: Error) => {
      assert.match(
        error.message,
        /2 invalid inputs\n {2}identity: is required .*\n {2}integrations\.jupyterhubUrl: is req/,
      );
      return true;
    });
    assert.deepEqual(registered.resources, []);
  });

  it("gives machines on Cudo the Vault of who makes clusters", async () => {
    pulumi.runtime.setConfig("gpu-clusters:vault", JSON.stringify({ token: "hvs.TOKEN" }));
    const registered = await mockProgram({ ...cloud, ...services }, true, functions);
    const vault = { address: "https://vault.example.com:8200" };
    await createCluster("r", cudo({ no_vault: false }), { accounts, vault });
    await settled();
    assert.match(JSON.stringify(registered.inputs("gpu-clusters:cudo:CudoCluster")), /vault\.example\.com/);
  });

  it("finds what is invalid before the client is made, and an account without a role after", async () => {
    const registered = await mockProgram({ ...cloud, ...services }, false, functions);
    const invalid = createCluster("r", aws({}, { name: "-" }), { accounts, identity });
    await assert.rejects(invalid, InvalidInput);
    await assert.rejects(createCluster("r", aws(), { accounts, deployer }), /deployer: needs identity/);
    assert.deepEqual(registered.resources, []);
    const roleless = createCluster("r", aws({}, { cloud_account_id: 3 }), { accounts, identity });
    await assert.rejects(roleless, ClusterCouldNotBeDeployed);
    assert.deepEqual(registered.types(), ["gpu-clusters:keycloak:OAuth2Client"]);
  });
});
