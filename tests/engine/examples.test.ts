import assert from "node:assert/strict";
import { join } from "node:path";
import type { KubernetesApi, KubernetesObject } from "../../provider/kubernetes/api";
import { kubernetesApi } from "../../provider/kubernetes/client";
import { parseKubeconfig } from "../../sdk/kubernetes/kubeconfig";
import { newSshKeyPair } from "../../simulator/ssh-key-pair";
import { until } from "../until";
import { EngineEnvironment } from "./environment";

/** The notebook runs because a device plugin offers the node's GPU, not because the simulator counts one. */
async function restsOnDevicePlugin(api: KubernetesApi, nodeName: string): Promise<void> {
  const offered = async () => {
    const node = await api.read({ apiVersion: "v1", kind: "Node", name: nodeName });
    return (node!["status"] as { allocatable: Record<string, string> }).allocatable["nvidia.com/gpu"];
  };
  const notebooks = async () =>
    (await api.list({ apiVersion: "v1", kind: "Pod", namespace: "default" })) as (KubernetesObject & {
      spec: { nodeName?: string };
      status: { phase: string; conditions?: { type: string; message?: string }[] };
    })[];
  const [running] = await notebooks();
  assert.deepEqual([running!.spec.nodeName, running!.status.phase, await offered()], [nodeName, "Running", "1"]);
  await api.delete({
    apiVersion: "apps/v1",
    kind: "DaemonSet",
    namespace: "kube-system",
    name: "nvidia-device-plugin",
  });
  await until("nobody offers the GPU", async () => (await offered()) === "0");
  await api.delete({ apiVersion: "v1", kind: "Pod", namespace: "default", name: running!.metadata.name! });
  await until("the notebook waits for a GPU", async () => {
    const [waiting] = (await notebooks()).filter(({ metadata }) => metadata.name !== running!.metadata.name);
    return waiting?.status.conditions?.some(({ message }) => /Insufficient nvidia\.com\/gpu/.test(message ?? ""));
  });
}

describe("examples on the engine", function () {
  this.timeout(400_000);
  let environment: EngineEnvironment;

  before(async () => {
    environment = await EngineEnvironment.start({ machines: true });
  });
  after(() => environment.stop());

  it("cudo-cluster runs a workload on a GPU node, and is destroyed whole", async () => {
    const program = join(__dirname, "..", "..", "examples", "cudo-cluster");
    const stack = await environment.stack({}, { program });
    const up = await stack.up();
    assert.ok(up.ok, up.text);
    const { deployment, kubeconfig } = (await stack.outputs()) as Record<string, string>;
    assert.match(deployment!, /^notebook-/);
    await restsOnDevicePlugin(kubernetesApi(kubeconfig!), "train-gpu-0");
    const { vms } = (await environment.simulator.state()).cudo;
    const teams = vms.map(({ id, metadata }) => [id, metadata["team"]]).sort();
    assert.deepEqual(teams, [
      ["train-control-plane", "research"],
      ["train-gpu-0", undefined],
    ]);
    const destroyed = await stack.destroy();
    assert.ok(destroyed.ok, destroyed.text);
    const { cudo, machines } = await environment.simulator.state();
    assert.deepEqual([cudo.vms, cudo.networks, cudo.securityGroups, machines], [[], [], [], []]);
  });

  it("existing-cluster gives CI a kubeconfig of its own, for as long as it is there", async () => {
    const examples = join(__dirname, "..", "..", "examples");
    const makers = await environment.stack({}, { program: join(examples, "cudo-cluster") });
    const made = await makers.up();
    assert.ok(made.ok, made.text);
    const kubeconfig = (await makers.outputs()).kubeconfig as string;
    const config = { "existing-cluster:kubeconfig": kubeconfig };
    const stack = await environment.stack(config, { program: join(examples, "existing-cluster") });
    const up = await stack.up();
    assert.ok(up.ok, up.text);
    const ci = (await stack.outputs()).kubeconfig as string;
    assert.equal(parseKubeconfig(ci).endpoint, parseKubeconfig(kubeconfig).endpoint);
    const api = kubernetesApi(ci, { timeoutMs: 10_000 });
    const configMap = (namespace: string) =>
      api.create({ apiVersion: "v1", kind: "ConfigMap", metadata: { name: "from-ci", namespace } });
    await configMap("default");
    await assert.rejects(configMap("kube-system"), /cannot create resource "configmaps"/);
    await assert.rejects(api.list({ apiVersion: "v1", kind: "Node" }), /cannot list resource "nodes"/);
    assert.deepEqual(await stack.preview(), []);
    const { credentials } = parseKubeconfig(ci);
    assert.ok(credentials.kind === "token" && !(await stack.state()).includes(credentials.token));

    const destroyed = await stack.destroy();
    assert.ok(destroyed.ok, destroyed.text);
    // The API server remembers for some seconds whose a token was; the rights are gone at once.
    await assert.rejects(configMap("default"), /Unauthorized|is forbidden/);
    const gone = await makers.destroy();
    assert.ok(gone.ok, gone.text);
  });

  it("mithril-training starts its workers one after another on the share, and is destroyed whole", async () => {
    const program = join(__dirname, "..", "..", "examples", "mithril-training");
    const key = newSshKeyPair();
    const config = {
      "mithril-training:sshPublicKey": key.public,
      "mithril-training:sshPrivateKey": key.private,
      "mithril-training:sshPort": environment.simulator.mithril.sshPort,
    };
    const stack = await environment.stack(config, { program });
    const up = await stack.up();
    assert.ok(up.ok, up.text);
    assert.deepEqual(await stack.preview(), []);
    const destroyed = await stack.destroy();
    assert.ok(destroyed.ok, destroyed.text);
    const { mithril, machines } = await environment.simulator.state();
    assert.ok(mithril.clusters.every(({ status }) => status === "Terminated"));
    assert.ok(mithril.volumes.every(({ deleted }) => deleted));
    assert.deepEqual(machines, []);
  });
});
