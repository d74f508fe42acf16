/** flannel's own daemon on machines that boot and bring no network between pods, with the manifests that components make. */
import assert from "node:assert/strict";
import { randomInt } from "node:crypto";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { flannelResources } from "../../components/addons/flannel";
import type { Machine } from "../../simulator/machines/machine";
import { mockProgram, settled } from "../components/mocks";
import { until } from "../until";
import { bootingCluster, bootMs, remains, type BootingCluster } from "./cluster";
import { kubectlFor, proveWorkload, type Kubectl } from "./workload";

describe("flannel on machines that boot", () => {
  const network = `127.77.${randomInt(150, 190)}`;
  const directory = mkdtempSync(join(tmpdir(), "nspawn-flannel-"));
  const machinesDirectory = join(directory, "machines");
  let cluster: BootingCluster;
  let workers: Machine[];
  let kubectl: Kubectl;

  before(async function () {
    this.timeout(3_600_000); // The first run compiles it, and makes the image.
    cluster = await bootingCluster(machinesDirectory, network, { podNetwork: false });
    kubectl = await kubectlFor(cluster.kubeconfig, directory);
  });

  after(async function () {
    this.timeout(bootMs);
    await cluster.kind.close();
    assert.deepEqual(remains(machinesDirectory), []);
    rmSync(directory, { recursive: true, force: true });
  });

  it("finds nodes that wait for a network", async function () {
    this.timeout(3 * bootMs);
    await cluster.control.start();
    await until("the API server answers", async () => (await cluster.api.text("/readyz")) === "ok", bootMs);
    const taints = [{ key: "nvidia.com/gpu", value: "present", effect: "NoExecute" }] as const;
    workers = [
      await cluster.worker("plain", `${network}.11`),
      await cluster.worker("tainted", `${network}.12`, { taints: [...taints] }),
    ];
    await Promise.all(workers.map((worker) => worker.start()));
    for (const name of ["control", "plain", "tainted"]) {
      await cluster.nodeIs(name, "False");
      assert.match(JSON.stringify((await cluster.node(name))!["status"]), /cni plugin not initialized/);
    }
  });

  it("makes them Ready, those whose taint lets nothing run too", async function () {
    this.timeout(2 * bootMs);
    const registered = await mockProgram({});
    flannelResources("network", "10.244.0.0/16", {});
    await settled();
    for (const { type, inputs } of registered.resources)
      if (type.startsWith("kubernetes:")) await kubectl.apply(inputs as object);
    for (const name of ["control", "plain", "tainted"]) await cluster.nodeIs(name, "True");
  });

  it("carries what pods say to each other, from node to node by VXLAN", async function () {
    this.timeout(2 * bootMs);
    await proveWorkload(kubectl, ["plain", "tainted"]);
    const range = await kubectl("get", "node", "tainted", "-o", "jsonpath={.spec.podCIDR}");
    const { stdout } = await cluster.onMachine(workers[0]!, "ip route; ip -d link show flannel.1");
    assert.match(stdout, new RegExp(`^${range} via \\S+ dev flannel\\.1 onlink`, "m"));
    assert.match(stdout, /vxlan id 1 .*dstport 8472/);
  });
});
