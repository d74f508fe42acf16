/** The autoscaler's pod on a cluster whose machines really boot: a machine comes for pods that wait, and goes when nobody needs it. */
import assert from "node:assert/strict";
import { SimulatorClient } from "../../simulator/client";
import { busyboxImage } from "../../simulator/machines/nspawn/image/container-images";
import { oneLife } from "../engine/one-life";
import { until } from "../simulator/machines/test-cluster";
import { BootingStack } from "./booting-stack";
import { bootMs } from "./cluster";

const workers = {
  name: "workers",
  role: "worker",
  minSize: 0,
  maxSize: 1,
  vcpus: 4,
  memoryGib: 16,
  diskSizeGib: 50,
  dataCenterId: "us-newyork-1",
  machineType: "intel-broadwell-v100",
};
const [control, worker] = ["busy-control-plane", "busy-workers-0"] as const;
const work = { app: "work" };

const deployment = {
  apiVersion: "apps/v1",
  kind: "Deployment",
  metadata: { name: "work" },
  spec: {
    replicas: 2,
    selector: { matchLabels: work },
    template: {
      metadata: { labels: work },
      spec: {
        terminationGracePeriodSeconds: 1,
        containers: [
          {
            name: "work",
            image: busyboxImage,
            command: ["sh", "-c", "trap 'exit 0' TERM; while :; do /bin/busybox sleep 1; done"],
            resources: { requests: { cpu: "1" } },
          },
        ],
      },
    },
  },
};

describe("the autoscaler on machines that boot", function () {
  this.timeout(3 * bootMs);
  oneLife();

  let cluster: BootingStack;

  const pods = (selector: string, field: string) =>
    cluster.kubectl("get", "pods", "-A", "-l", selector, "-o", `jsonpath={.items[*].${field}}`);
  const machines = async () => (await cluster.machines()).map(({ name }) => name);

  before(async function () {
    this.timeout(900_000); // The first run makes the image.
    const config = { controlPlane: { size: "sm" }, autoscaler: true, scaleDownAfter: "20s", nodeGroups: [workers] };
    cluster = await BootingStack.start({ cloud: "cudo", clusterName: "busy", ...config });
  });

  after(async function () {
    this.timeout(bootMs);
    await cluster?.close();
  });

  it("has both of its containers ready, on the control plane", async () => {
    await cluster.up();
    await cluster.isReady(control);
    const autoscaler = ["-n", "kube-system", "rollout", "status", "deployment/gpu-clusters-autoscaler"];
    await cluster.kubectl(...autoscaler, "--timeout=100s");
    assert.equal(await pods("app=gpu-clusters-autoscaler", "status.containerStatuses[*].ready"), "true true");
    assert.deepEqual(await machines(), [control]);
  });

  it("has a machine made for pods that wait, which joins by its own script and runs them", async () => {
    await cluster.kubectl.apply(deployment);
    await until(
      "both pods run",
      async () => (await pods("app=work", "status.phase")) === "Running Running",
      2 * bootMs,
    );
    assert.equal(await pods("app=work", "spec.nodeName"), `${worker} ${worker}`);
    assert.deepEqual((await machines()).sort(), [control, worker]);
  });

  it("has the machine and its node removed once nobody needs it", async () => {
    await cluster.kubectl("scale", "deployment/work", "--replicas=0");
    await until("the machine is gone", async () => !(await machines()).includes(worker), 2 * bootMs);
    await until("its node is gone", async () => (await cluster.node(worker)) === undefined, 2 * bootMs);
    assert.deepEqual(await machines(), [control]);
  });

  it("tells nothing of what stands behind the cloud", async () => {
    const url = cluster.environment.simulator.url;
    const ask = `fetch("${url}/_simulator/state").then(({ status }) => console.log(status))`;
    const server = ["-n", "kube-system", "exec", "deployment/gpu-clusters-autoscaler", "-c", "server"];
    assert.equal(await cluster.kubectl(...server, "--", "node", "-e", ask), "403");
  });

  it("leaves nothing behind", async () => {
    const client = new SimulatorClient(cluster.environment.simulator.url);
    await cluster.leaveNothing();
    assert.deepEqual((await client.state()).cudo.vms, []);
  });
});
