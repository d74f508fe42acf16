/** ^C and time limits at each request to either cluster: nothing is lost, and no token outlives its registration. */
import assert from "node:assert/strict";
import { provider } from "../../../plugin/provider";
import { parseKubeconfig, renderKubeconfig } from "../../../sdk/kubernetes/kubeconfig";
import { until } from "../../until";
import { Secret } from "../server/harness";
import {
  interruptEachCreate,
  interruptEachDelete,
  interruptEachUpdate,
  rig,
  type Interrupted,
  type Rig,
} from "../server/harness/interruption";
import { Scene } from "./scene";

/** Of somebody who may do everything, by a token: the gate cannot show a client's certificate. */
async function administrator(scene: Scene): Promise<string> {
  const name = { name: "administrator", namespace: "kube-system" };
  const role = { apiGroup: "rbac.authorization.k8s.io", kind: "ClusterRole", name: "cluster-admin" };
  await scene.have(
    { apiVersion: "v1", kind: "ServiceAccount", metadata: name },
    {
      apiVersion: "rbac.authorization.k8s.io/v1",
      kind: "ClusterRoleBinding",
      metadata: { name: "administrator" },
      roleRef: role,
      subjects: [{ kind: "ServiceAccount", ...name }],
    },
    {
      apiVersion: "v1",
      kind: "Secret",
      metadata: { ...name, annotations: { "kubernetes.io/service-account.name": name.name } },
      type: "kubernetes.io/service-account-token",
    },
  );
  const token = await until("the administrator has a token", async () => {
    const secret = await scene.api.read({ apiVersion: "v1", kind: "Secret", ...name });
    return (secret?.["data"] as { token?: string } | undefined)?.token;
  });
  return Buffer.from(token, "base64").toString("utf8");
}

describe("A registration that is interrupted", function () {
  this.timeout(600_000);
  let scene: Scene;
  let rigged: Rig;
  let registration: Interrupted;
  before(async () => {
    scene = await Scene.start({ pollMs: 20, timestamps: "milliseconds" });
    await scene.haveAll();
    const token = await administrator(scene);
    const { endpoint, certificateAuthority = "" } = parseKubeconfig(scene.kubeconfig);
    rigged = await rig(provider, endpoint, () => ({}), { ...scene.server.serving, certificateAuthority });
    const kubeconfig = new Secret(
      renderKubeconfig({
        clusterName: "gated",
        endpoint: rigged.gate.url,
        certificateAuthority,
        credentials: { token },
      }),
    );
    const inputs = (clusterName: string) => {
      // It would go on with the token of the registration before, at the same address.
      scene.manager.restart();
      return { kubeconfig, controlPlaneKubeconfig: kubeconfig, clusterName, apiServer: endpoint, timeoutSeconds: 60 };
    };
    registration = {
      type: "gpu-clusters:michelangelo:Registration",
      inputs,
      updated: (clusterName) => ({ ...inputs(clusterName), zone: "b" }),
      left: () => scene.left(),
      most: 15,
    };
  });
  after(async () => {
    await rigged.close();
    await scene.close();
  });

  it("is made whole by the next `up`, or leaves nothing", async () => {
    assert.ok((await interruptEachCreate(rigged, registration)) >= 12);
  });

  it("is changed by the next `up`", async () => {
    assert.ok((await interruptEachUpdate(rigged, { ...registration, most: 6 })) >= 6);
  });

  it("is taken back by the next `destroy`", async () => {
    assert.ok((await interruptEachDelete(rigged, registration)) >= 6);
  });
});
