/** What a registration says of clusters in which something is not as it should be, one thing after the other put right. */
import assert from "node:assert/strict";
import { provider } from "../../../plugin/provider";
import { parseKubeconfig } from "../../../sdk/kubernetes/kubeconfig";
import {
  controllerManager,
  managerDeployment,
  michelangeloKind,
  michelangeloNamespace,
} from "../../../simulator/platforms/michelangelo/control-plane";
import { rayKinds } from "../../../simulator/platforms/ray";
import { startPlugin, type Plugin } from "../server/harness";
import { failure, inputsIn, registrationOn } from "./registrations";
import { account, rights, Scene } from "./scene";

describe("Michelangelo's Registration where something is not as it should be", function () {
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

  it("says which cluster is another than was meant, and writes nothing", async () => {
    const it = resource();
    assert.match(
      await failure(it.up(inputs())),
      /controlPlane has no kind clusters\.michelangelo\.api: .* in each other's place/,
    );
    await scene.have(michelangeloKind);
    assert.match(
      await failure(it.up(inputs())),
      /the compute cluster has no kind rayclusters\.ray\.io: KubeRay's operator is not installed/,
    );
    await scene.have(...rayKinds);
    assert.match(await failure(it.up(inputs())), /the control plane has no namespace "ma-system"/);
    await scene.have(michelangeloNamespace);
    const wanted = inputs({ controllerManager: managerDeployment });
    assert.match(
      await failure(it.up(wanted)),
      /controllerManager: the control plane has no Deployment "michelangelo-controllermgr"/,
    );
    assert.deepEqual([it.stored, await scene.left()], [undefined, []]);
  });

  it("says why the token Secret is not populated", async () => {
    const it = resource();
    assert.match(
      await failure(it.up(inputs({ timeoutSeconds: 8 }))),
      /token Secret default\/ray-manager-token of the compute cluster is not populated: .*there is no ServiceAccount default\/ray-manager/,
    );
    await it.destroy();
    assert.deepEqual(await scene.left(), []);
  });

  it("says what the token may not do", async () => {
    await scene.have(account);
    const it = resource();
    const said = await failure(it.up(inputs({ timeoutSeconds: 10 })));
    assert.match(
      said,
      /the token of ray-manager does not do at https:\/\/127\.0\.0\.1:\d+ what Michelangelo needs: it may not create rayclusters, get/,
    );
    await scene.have(...rights);
    await it.destroy();
    assert.deepEqual(await scene.left(), []);
  });

  it("says that the address leads to another cluster, or is not what the certificate names", async () => {
    const it = resource();
    const elsewhere = `https://localhost:${new URL(parseKubeconfig(scene.kubeconfig).endpoint).port}`;
    const said = await failure(it.up(inputs({ apiServer: elsewhere, timeoutSeconds: 8 })));
    assert.match(
      said,
      /Michelangelo could not trust https:\/\/localhost:\d+: its certificate does not name that host.*say with apiServer/,
    );
    await it.destroy();
  });

  it("says that nobody takes the cluster up, and goes on when somebody does", async () => {
    const it = resource();
    const said = await failure(it.up(inputs({ timeoutSeconds: 8 })));
    assert.match(said, /it has not taken the cluster up yet\. Its controller manager does not run/);
    assert.equal(it.stored!.state.values["status"], "unfinished");
    await scene.have(controllerManager);
    assert.equal(await it.up(inputs()), "update");
    assert.equal(it.stored!.state.values["status"], "ready");
    await it.destroy();
    assert.deepEqual(await scene.left(), []);
  });

  it("needs rights to what it writes on the control plane, and to nothing else there", async () => {
    const rbac = "rbac.authorization.k8s.io";
    const verbs = ["get", "list", "create", "patch", "delete"];
    const may = (namespace: string, apiGroup: string, resource: string) => {
      const metadata = { name: "registrars", namespace };
      return [
        {
          apiVersion: `${rbac}/v1`,
          kind: "Role",
          metadata,
          rules: [{ apiGroups: [apiGroup], resources: [resource], verbs }],
        },
        {
          apiVersion: `${rbac}/v1`,
          kind: "RoleBinding",
          metadata,
          roleRef: { apiGroup: rbac, kind: "Role", name: "registrars" },
          subjects: [{ kind: "Group", name: "registrars", apiGroup: rbac }],
        },
      ];
    };
    const given = [...may("ma-system", "michelangelo.api", "clusters"), ...may("default", "", "secrets")];
    await scene.have(...given);
    scene.manager.restart();
    const controlPlaneKubeconfig = await scene.server.kubeconfig("registrars");
    const it = resource();
    assert.equal(await it.up(inputs({ controlPlaneKubeconfig })), "create");
    assert.equal(it.stored!.state.values["status"], "ready");
    await it.destroy();
    assert.deepEqual(await scene.left(), []);
    await scene.lose(...given);
  });

  it("says that Michelangelo does not reach the cluster, whose address this computer need not reach", async () => {
    const it = resource();
    const said = await failure(it.up(inputs({ apiServer: "https://127.0.0.1:9", timeoutSeconds: 8 })));
    assert.match(
      said,
      /it has not reached the cluster yet\. Its controller manager must reach https:\/\/127\.0\.0\.1:9 from the control plane/,
    );
    assert.ok(
      plugin.messages.some(({ message }) => /127\.0\.0\.1:9 cannot be reached from this computer/.test(message)),
    );
    await it.destroy();
  });
});
