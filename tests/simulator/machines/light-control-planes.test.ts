import assert from "node:assert/strict";
import { randomInt } from "node:crypto";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { KubernetesApi, KubernetesObject } from "../../../provider/kubernetes/api";
import { mintBootstrapToken } from "../../../provider/kubernetes/bootstrap-token";
import { kubernetesApi } from "../../../provider/kubernetes/client";
import { Forwarder } from "../../../simulator/aws/forwarder";
import { lightMachines } from "../../../simulator/machines/light/light-machines";
import type { Machine, MachineKind } from "../../../simulator/machines/machine";
import { oneLife } from "../../engine/one-life";
import { scriptOf, testDocuments, type TestDocuments } from "./documents";
import { askEtcd, secretRange, storedValue } from "./etcd";
import { adminKubeconfig, lightTools, readyStatus } from "./test-cluster";
import { until } from "../../until";

describe("three light control planes behind one address", function () {
  this.timeout(300_000);
  oneLife();

  const directory = mkdtempSync(join(tmpdir(), "light-control-planes-"));
  const network = `127.${randomInt(100, 250)}.${randomInt(1, 250)}`;
  const balancer = `${network}.100`;
  const addresses = [1, 2, 3, 4].map((index) => `${network}.${index}`);
  const forwarder = new Forwarder([6443]);
  let kind: MachineKind;
  let documents: TestDocuments;
  let api: KubernetesApi;
  let machines: Machine[];

  const nodes = async () => (await api.list({ apiVersion: "v1", kind: "Node" })) as KubernetesObject[];
  const readiness = async () => (await nodes()).map((node) => readyStatus(node)).join();

  function machine(index: number, bootstrapToken?: string): Machine {
    const name = `control-${index + 1}`;
    const document = {
      ...documents.controlPlane,
      nodeName: name,
      providerId: `test://${name}`,
      endpoint: `https://${balancer}:6443`,
      ...(bootstrapToken !== undefined && { bootstrapToken }),
    };
    document.controlPlane = { ...document.controlPlane!, certificateNames: [balancer] };
    return kind.machine({
      id: `test/project/${name}`,
      name,
      address: addresses[index]!,
      vcpus: 4,
      memoryGib: 16,
      gpus: undefined,
      startScript: scriptOf(document),
    });
  }

  const change = (name: string) =>
    until("a change is taken", () =>
      api.create({ apiVersion: "v1", kind: "ConfigMap", metadata: { name, namespace: "default" } }),
    );

  /** Who has a vote, as an etcd itself says. */
  async function voters(address: string): Promise<string[]> {
    const { members } = await askEtcd<{ members: { name: string; isLearner?: boolean }[] }>(
      documents.controlPlane,
      address,
      "/v3/cluster/member/list",
      {},
    );
    return members
      .filter(({ isLearner }) => !isLearner)
      .map(({ name }) => name)
      .sort();
  }

  before(async () => {
    documents = await testDocuments(balancer);
    kind = lightMachines({ dir: directory, tools: await lightTools() });
    await forwarder.apply(new Map([[balancer, { targets: addresses, balanced: true }]]));
    api = kubernetesApi(await adminKubeconfig(documents.controlPlane, balancer));
  });

  after(async () => {
    await kind.close();
    await forwarder.close();
    rmSync(directory, { recursive: true, force: true });
  });

  it("make one cluster: the others join the first one's etcd", async () => {
    const first = machine(0);
    await first.start();
    let token: string | undefined;
    await until("the first one serves", async () => {
      token = await mintBootstrapToken(api, { ttlHours: 1, description: "tests" });
      return true;
    });
    machines = [first, machine(1, token), machine(2, token)];
    await Promise.all(machines.slice(1).map((joining) => joining.start()));
    await until("three nodes are Ready", async () => (await readiness()) === "True,True,True");
    assert.deepEqual(await voters(addresses[2]!), ["control-1", "control-2", "control-3"]);
  });

  it("keep Secrets encrypted in etcd, with a key that each of them has", async () => {
    const secret = { apiVersion: "v1", kind: "Secret", metadata: { name: "kept", namespace: "default" } };
    await api.create({ ...secret, stringData: { word: "in-plain-text" } });
    const kept = await askEtcd<object>(documents.controlPlane, addresses[2]!, "/v3/kv/range", secretRange("kept"));
    assert.match(storedValue(kept), /^k8s:enc:secretbox:v1:key1:/);
    assert.doesNotMatch(storedValue(kept), /in-plain-text/);
    for (const { spec } of machines) {
      const own = kubernetesApi(await adminKubeconfig(documents.controlPlane, spec.address));
      const read = (await own.read({ apiVersion: "v1", kind: "Secret", ...secret.metadata })) as { data?: any };
      assert.equal(Buffer.from(read.data.word, "base64").toString(), "in-plain-text");
    }
  });

  it("answer and take changes with one of them off, and take it back as it was", async () => {
    const off = machines[1]!;
    await off.stop();
    await change("without-a-joined-one");
    await until("its node is not Ready", async () => (await readiness()).split(",").includes("False"));
    await off.start();
    await until("three nodes are Ready", async () => (await readiness()) === "True,True,True");
    const own = kubernetesApi(await adminKubeconfig(documents.controlPlane, off.spec.address));
    const made = { apiVersion: "v1", kind: "ConfigMap", namespace: "default", name: "without-a-joined-one" };
    await until("its own API server has the change", () => own.read(made));
  });

  it("answer and take changes without the one that began the cluster, whose place in etcd a new machine takes", async () => {
    await machines[0]!.terminate();
    await change("without-the-first");
    // The cloud controller manager's part.
    await api.delete({ apiVersion: "v1", kind: "Node", name: "control-1" });
    const token = await mintBootstrapToken(api, { ttlHours: 1, description: "tests" });
    await machine(3, token).start();
    await until("three nodes are Ready", async () => (await readiness()) === "True,True,True");
    assert.deepEqual(await voters(addresses[3]!), ["control-2", "control-3", "control-4"]);
  });
});
