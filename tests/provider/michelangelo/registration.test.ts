import assert from "node:assert/strict";
import { provider } from "../../../plugin/provider";
import { kubernetesApi } from "../../../provider/kubernetes/client";
import { registration } from "../../../provider/michelangelo/handlers/registration";
import type { KubernetesObject } from "../../../provider/kubernetes/api";
import { parseKubeconfig, renderKubeconfig } from "../../../sdk/kubernetes/kubeconfig";
import { moveClock } from "../../moved-clock";
import { managerDeployment } from "../../../simulator/platforms/michelangelo/control-plane";
import { until } from "../../until";
import { testContext } from "../kubernetes/context";
import { httpsServer } from "../kubernetes/https-server";
import { EngineResource, startPlugin, type Plugin } from "../server/harness";
import { failure, inputsIn, registrationOn, type } from "./registrations";
import { Scene, wayTo } from "./scene";

const decoded = (secret: KubernetesObject | undefined, key: string) =>
  Buffer.from((secret!["data"] as Record<string, string>)[key] ?? "", "base64").toString("utf8");

describe("Michelangelo's Registration on a real API server", function () {
  this.timeout(300_000);
  let scene: Scene;
  let plugin: Plugin;
  before(async () => {
    [scene, plugin] = await Promise.all([Scene.start(), startPlugin(provider)]);
  });
  after(async () => {
    await plugin.stop();
    await scene.close();
  });

  const inputs = (more: object = {}) => inputsIn(scene, more);
  const resource = () => registrationOn(plugin);
  const secret = (name: string) => scene.api.read({ apiVersion: "v1", kind: "Secret", namespace: "default", name });

  before(() => scene.haveAll());
  beforeEach(async () => {
    await scene.manager.suffer({});
    await scene.restartManager();
  });

  it("registers under the names that Michelangelo looks for, once, and is gone without a trace", async () => {
    const it = resource();
    const skus = [{ cpus: 192, memoryGib: 2048, diskSizeGib: 30_000, gpus: 8, gpuModel: "H100" }];
    const program = inputs({ region: "us-east-1", serviceLevel: "production", dataCenter: "onPremises", skus });
    assert.equal(await it.up(program), "create");
    const cluster = await scene.api.read({
      apiVersion: "michelangelo.api/v2",
      kind: "Cluster",
      namespace: "ma-system",
      name: "gpu-east",
    });
    const { port } = new URL(parseKubeconfig(scene.kubeconfig).endpoint);
    assert.deepEqual(cluster!["spec"], {
      region: "us-east-1",
      sla: "SLA_TYPE_PRODUCTION",
      dc: "DC_TYPE_ON_PREM",
      kubernetes: {
        rest: {
          host: "https://127.0.0.1",
          port,
          tokenTag: "cluster-gpu-east-client-token",
          caDataTag: "cluster-gpu-east-ca-data",
        },
        skus: [{ cpu: 192, memoryGb: "2048", diskSizeGb: "30000", gpu: 8, gpuSku: "H100" }],
      },
    });
    const token = decoded(await secret("ray-manager-token"), "token");
    assert.equal(decoded(await secret("cluster-gpu-east-client-token"), "token"), token);
    assert.equal(
      decoded(await secret("cluster-gpu-east-ca-data"), "cadata"),
      parseKubeconfig(scene.kubeconfig).certificateAuthority,
    );
    assert.equal(await it.up(program), "same");
    assert.ok(await it.refresh());
    assert.equal(await it.up(program), "same");
    assert.ok(
      !JSON.stringify([it.stored, plugin.messages]).includes(token),
      "the token is neither in the state nor told",
    );

    const twin = new EngineResource(plugin, type, "twin");
    assert.match(
      await failure(twin.up(program)),
      /clusterName: Michelangelo has a cluster "gpu-east" already, which somebody else registered/,
    );
    assert.match(await failure(twin.up({ ...program, clusterName: "other" })), /is registered already, as "gpu-east"/);
    assert.equal(twin.stored, undefined);

    await it.destroy();
    assert.deepEqual(await scene.left(), []);
  });

  it("rotates the token without a moment in which Michelangelo has none that is valid", async () => {
    const it = resource();
    const program = inputs({ controllerManager: managerDeployment, rotateEvery: "720h" });
    await it.up(program);
    const { endpoint, certificateAuthority = "" } = parseKubeconfig(scene.kubeconfig);
    const ask = async (token: string) => {
      const kubeconfig = renderKubeconfig({
        clusterName: "c",
        endpoint,
        certificateAuthority,
        credentials: { token },
      });
      await kubernetesApi(kubeconfig).list({ apiVersion: "ray.io/v1", kind: "RayJob", namespace: "default" });
    };
    const current = async () => decoded(await secret("cluster-gpu-east-client-token"), "token");
    const pods = async () =>
      (await scene.api.list({ apiVersion: "v1", kind: "Pod", namespace: "ma-system" }))
        .map(({ metadata }) => metadata.uid!)
        .sort()
        .join();
    const old = await current();
    const refused: string[] = [];
    let calls = 0;
    let isOver = false;
    // As the controller manager: what a pod has read it keeps. And as somebody who reads the Secret each time.
    const asManager = async () => {
      let [pod, token] = [await pods(), old];
      while (!isOver) {
        const now = await pods();
        if (now !== "" && now !== pod) [pod, token] = [now, await current()];
        await ask(token).catch((error: unknown) => refused.push(`manager: ${String(error)}`));
        calls++;
      }
    };
    const asReader = async () => {
      while (!isOver) {
        await ask(await current()).catch((error: unknown) => refused.push(`reader: ${String(error)}`));
        calls++;
      }
    };
    const callers = Promise.all([asManager(), asReader()]);
    const moveBack = moveClock(721 * 3_600_000);
    try {
      assert.equal(await it.up(program), "update");
    } finally {
      moveBack();
    }
    // An API server remembers for ten seconds that a token was good.
    const oldIsRefused = () =>
      ask(old).then(
        () => false,
        () => true,
      );
    await until("the old token is refused", oldIsRefused);
    isOver = true;
    await callers;
    assert.deepEqual(refused, []);
    assert.ok(calls > 10, `only ${calls} calls: this would prove nothing`);
    assert.equal(it.stored!.state.values["tokenSecret"], "ray-manager-token-2");
    assert.deepEqual(await scene.left(), [
      "Cluster gpu-east",
      "Secret cluster-gpu-east-ca-data",
      "Secret cluster-gpu-east-client-token",
      "Secret ray-manager-token-2",
    ]);
    assert.equal(await it.up(program), "same");
    await it.destroy();
  });

  it("keeps the old token while the switch does not come to its end, and goes on with the new one", async () => {
    const it = resource();
    const program = inputs({ controllerManager: managerDeployment, rotateEvery: "720h" });
    await it.up(program);
    await scene.manager.suffer({ stuck: true });
    const names = async () => (await scene.left()).filter((each) => each.startsWith("Secret ray-manager"));
    const moveBack = moveClock(721 * 3_600_000);
    try {
      assert.match(await failure(it.up({ ...program, timeoutSeconds: 10 })), /it has not reached the cluster yet/);
    } finally {
      moveBack();
    }
    assert.deepEqual(await names(), ["Secret ray-manager-token", "Secret ray-manager-token-2"]);
    await scene.manager.suffer({});
    const restarts = () => plugin.messages.filter(({ message }) => message.startsWith("restarting")).length;
    const before = restarts();
    assert.equal(await it.up(program), "update");
    assert.equal(restarts(), before + 1, "what was not seen to work is not believed to be in memory");
    assert.deepEqual(await names(), ["Secret ray-manager-token-2"]);
    await it.destroy();
    assert.deepEqual(await scene.left(), []);
  });

  it("tells what a control plane that is away means, at each operation", async () => {
    const way = await wayTo(scene.kubeconfig);
    const program = inputs({ controlPlaneKubeconfig: way.kubeconfig });
    const it = resource();
    await it.up(program);
    way.close();
    assert.ok(await it.refresh(), "a refresh does not fail");
    assert.ok(
      plugin.messages.some(({ message }) => /registration of "gpu-east" is taken from the state/.test(message)),
    );
    const changed = { ...program, zone: "b", timeoutSeconds: 4 };
    assert.match(await failure(it.up(changed)), /Michelangelo's control plane at .* does not answer this computer/);
    assert.match(
      await failure(it.destroy(4)),
      /does not answer this computer.*`pulumi destroy` goes on once it answers.*PULUMI_K8S_DELETE_UNREACHABLE/,
    );
    assert.ok((await scene.left()).includes("Cluster gpu-east"));
    await way.open();
    await it.destroy();
    way.close();
    assert.deepEqual(await scene.left(), []);
  });

  it("stays where its control plane has another address, and is made anew in another one", async () => {
    const way = await wayTo(scene.kubeconfig);
    try {
      const it = resource();
      await it.up(inputs());
      assert.equal(await it.up(inputs({ controlPlaneKubeconfig: way.kubeconfig })), "update");
      way.close();
      assert.equal(await it.up(inputs()), "update", "it is known though the old address leads nowhere");
      const other = await httpsServer((_, response) => response.end(JSON.stringify({ metadata: { uid: "other" } })));
      const state = it.stored!.state.values as never;
      const moved = inputs({ controlPlaneKubeconfig: other.kubeconfig });
      const drifted = await registration.drifted!({ inputs: inputs(), outputs: state }, testContext(), moved);
      await other.close();
      assert.deepEqual(drifted, ["controlPlaneUid"]);
      assert.deepEqual(registration.plan!({ inputs: inputs(), outputs: state }, moved, []).replaces, drifted);
      await it.destroy();
    } finally {
      way.close();
    }
    assert.deepEqual(await scene.left(), []);
  });

  it("refuses another compute cluster while the one that was registered is there", async () => {
    const it = resource();
    await it.up(inputs());
    const clusterUid = it.stored!.state.values["clusterUid"] as string;
    const kubeSystem = await scene.api.read({ apiVersion: "v1", kind: "Namespace", name: "kube-system" });
    assert.equal(clusterUid, kubeSystem!.metadata.uid);
    const other = await httpsServer((request, response) => {
      const resources = [{ name: "namespaces", kind: "Namespace", namespaced: false }];
      const body = request.url === "/api/v1" ? { resources } : { metadata: { uid: "of-another" } };
      response.end(JSON.stringify(body));
    });
    try {
      const reason = /leads to another cluster, at .*: the one that was registered, at .*, is still there/;
      const [refused] = (await it.check(inputs({ kubeconfig: other.kubeconfig }))).failures;
      assert.equal(refused!.property, "kubeconfig");
      assert.match(refused!.reason, reason);
      const state = { inputs: inputs(), outputs: { clusterUid } };
      const moved = inputs({ kubeconfig: other.kubeconfig });
      await assert.rejects(registration.update!("gpu-east", moved, state as never, testContext()), reason);
    } finally {
      await other.close();
    }
    await it.destroy();
    assert.deepEqual(await scene.left(), []);
  });

  it("tells who holds the cluster when it does not go", async () => {
    const it = resource();
    await it.up(inputs());
    await scene.manager.suffer({ stuck: true });
    const said = await failure(it.destroy(4));
    assert.match(
      said,
      /waits for clusters\.michelangelo\.uber\.com\/finalizer: Michelangelo's controller manager.*is stuck: start it again.*kubectl -n ma-system patch/,
    );
    assert.ok((await secret("ray-manager-token")) !== undefined, "what Michelangelo still works with stays");
    await scene.manager.suffer({});
    await it.destroy();
    assert.deepEqual(await scene.left(), []);
  });

  it("restarts a controller manager that has the token of an earlier registration, once it is silent for it", async () => {
    const program = inputs({ controllerManager: managerDeployment, timeoutSeconds: 300 });
    const it = resource();
    await it.up(program);
    await it.destroy();
    const up = it.up(program);
    const reference = {
      apiVersion: "michelangelo.api/v2",
      kind: "Cluster",
      namespace: "ma-system",
      name: "gpu-east",
    };
    const finalizers = async () => (await scene.api.read(reference))?.metadata["finalizers"];
    await until("the controller manager takes it up", finalizers);
    const moveBack = moveClock(80_000);
    try {
      assert.equal(await up, "create");
    } finally {
      moveBack();
    }
    assert.ok(plugin.messages.some(({ message }) => /restarting ma-system\/michelangelo-controllermgr/.test(message)));
    await it.destroy();
  });

  it("waits for a slow one", async () => {
    await scene.manager.suffer({ slow: 20 });
    const it = resource();
    await it.up(inputs());
    const made = it.stored!;
    await it.destroy();
    await it.deleteStored(made);
  });

  it("sees at a refresh that Michelangelo has fallen silent, and that the token is gone", async () => {
    const it = resource();
    await it.up(inputs());
    await scene.manager.suffer({ stuck: true });
    const moveBack = moveClock(600_000);
    await it.refresh();
    moveBack();
    assert.match(String(it.stored!.state.values["status"]), /^Ready was confirmed \d+ s ago: nobody does so any more$/);
    await scene.manager.suffer({});
    assert.equal(await it.up(inputs()), "update");
    await scene.api.delete({ apiVersion: "v1", kind: "Secret", namespace: "default", name: "ray-manager-token" });
    await it.refresh();
    assert.equal(it.stored!.state.values["status"], "the token Secret ray-manager-token is gone");
    await it.destroy();
  });

  it("sees at a refresh what somebody changed or deleted on the control plane, and writes it again", async () => {
    const it = resource();
    const program = inputs({ region: "us-east-1" });
    await it.up(program);
    const cluster = { apiVersion: "michelangelo.api/v2", kind: "Cluster", namespace: "ma-system", name: "gpu-east" };
    const ofDefault = (name: string) => ({ apiVersion: "v1", kind: "Secret", namespace: "default", name });
    const [token, authority] = ["cluster-gpu-east-client-token", "cluster-gpu-east-ca-data"].map(ofDefault);
    const written = async () => {
      const objects = await Promise.all([cluster, token!, authority!].map((each) => scene.api.read(each)));
      return objects.map((object) => object?.["spec"] ?? object?.["data"]);
    };
    const before = await written();
    const byHand: Record<string, () => Promise<unknown>> = {
      "the Cluster ma-system/gpu-east was changed by somebody": () =>
        scene.api.patch(cluster, { spec: { region: "eu-west-1", kubernetes: { rest: { port: "1" } } } }),
      "the Secret default/cluster-gpu-east-client-token was changed by somebody": () =>
        scene.api.patch(token!, { data: { token: "bm9uZQ==" } }),
      "the Secret default/cluster-gpu-east-client-token is gone": () => scene.api.delete(token!),
      "the Secret default/cluster-gpu-east-ca-data is gone": () => scene.api.delete(authority!),
    };
    for (const [said, change] of Object.entries(byHand)) {
      await change();
      await it.refresh();
      assert.equal(it.stored!.state.values["status"], said);
      assert.equal(await it.up(program), "update", said);
      assert.deepEqual(await written(), before, said);
      assert.equal(await it.up(program), "same", said);
    }
    await it.destroy();
    assert.deepEqual(await scene.left(), []);
  });
});
