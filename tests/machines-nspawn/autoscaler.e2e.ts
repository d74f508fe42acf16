/**
 * The autoscaler's pod on clusters whose machines really boot: machines come for pods that wait, a pod is moved off a machine that nobody else
 * needs as its disruption budget and its grace allow, and machines go.
 */
import assert from "node:assert/strict";
import { defaultAwsTiming } from "../../simulator/aws/timing";
import { SimulatorClient } from "../../simulator/client";
import { acceleratorName } from "../../components/gpu-labels";
import { newSshKeyPair } from "../../simulator/ssh-key-pair";
import { busyboxImage } from "../../simulator/machines/nspawn/image/container-images";
import { oneLife } from "../engine/one-life";
import { region } from "../provider/mithril/hosted-cluster";
import { until } from "../until";
import { BootingStack } from "./booting-stack";
import { bootMs } from "./cluster";

const keys = newSshKeyPair();
const [first, second] = ["first", "second"].map((name) => ({ name, role: "worker", minSize: 0, maxSize: 1 }));

const cudo = {
  vcpus: 4,
  memoryGib: 16,
  diskSizeGib: 50,
  dataCenterId: "us-newyork-1",
  machineType: "intel-broadwell-v100",
};
const mithril = { role: undefined, capacity: { spot: { limitPrice: "$30.00" } } };
const byGroup = { "gpu-clusters/node-group": ["first", "second"] };

/** With two groups, and the label of a node that says which one it is of. */
const clouds: Record<string, { config: object; label: Record<string, string[]> }> = {
  cudo: {
    config: {
      controlPlane: { size: "sm" },
      nodeGroups: [
        { ...first, ...cudo },
        { ...second, ...cudo },
      ],
    },
    label: byGroup,
  },
  aws: {
    config: {
      keyPair: "ops",
      network: { zones: ["us-west-2a", "us-west-2b"] },
      nodeGroups: [
        { ...first, instanceTypes: ["m5.large"], capacity: { spot: {} } },
        { ...second, instanceTypes: ["m5.large"] },
      ],
    },
    label: byGroup,
  },
  mithril: {
    config: {
      region,
      controlPlane: { instanceType: "cpu.4x" },
      sshPublicKey: keys.public,
      sshPrivateKey: keys.private,
      nodeGroups: [
        // Nobody's pods run where Mithril hosts the control plane: the autoscaler's needs a node.
        { ...mithril, name: "system", minSize: 1, maxSize: 1, instanceType: "h200.8x" },
        { ...first, ...mithril, instanceType: "a100-80gb.sxm.1x" },
        { ...second, ...mithril, instanceType: "h100-80gb.sxm.8x" },
      ],
    },
    // Mithril gives nodes no labels; our server gives them this one.
    label: { "gpu-clusters/gpu": ["a100-80gb", "h100-80gb"].map(acceleratorName) },
  },
};

const budget = (minAvailable: number) => ({
  apiVersion: "policy/v1",
  kind: "PodDisruptionBudget",
  metadata: { name: "steady" },
  spec: { minAvailable, selector: { matchLabels: { app: "steady" } } },
});

/** Its pods take two seconds to end, and say so. They run on nodes whose label has one of the values. */
function deployment(app: string, cpu: string, key: string, values: readonly string[]) {
  const nodeSelectorTerms = [{ matchExpressions: [{ key, operator: "In", values }] }];
  const nodeAffinity = { requiredDuringSchedulingIgnoredDuringExecution: { nodeSelectorTerms } };
  const work = `trap 'echo ending; /bin/busybox sleep 2; echo ended; exit 0' TERM; while :; do /bin/busybox sleep 1; done`;
  const container = { name: app, image: busyboxImage, command: ["sh", "-c", work] };
  return {
    apiVersion: "apps/v1",
    kind: "Deployment",
    metadata: { name: app },
    spec: {
      replicas: 1,
      selector: { matchLabels: { app } },
      template: {
        metadata: { labels: { app } },
        spec: {
          affinity: { nodeAffinity },
          terminationGracePeriodSeconds: 20,
          containers: [{ ...container, resources: { requests: { cpu } } }],
        },
      },
    },
  };
}

for (const [cloud, { config, label }] of Object.entries(clouds))
  describe(`the autoscaler on machines of ${cloud} that boot`, function () {
    this.timeout(4 * bootMs);
    oneLife();

    let cluster: BootingStack;
    /** Machines that are there for good. */
    let lasting: number;
    const [[key, groups]] = Object.entries(label) as [[string, string[]]];

    const pods = async (app: string, field: string) =>
      (await cluster.kubectl("get", "pods", "-A", "-l", `app=${app}`, "-o", `jsonpath={.items[*].${field}}`)).split(
        " ",
      );
    const nodeOf = async (app: string) => (await pods(app, "spec.nodeName")).join();
    const machines = async () => (await cluster.machines()).length;
    const runs = (app: string) =>
      until(`the pod of ${app} runs`, async () => (await pods(app, "status.phase")).join() === "Running", 3 * bootMs);

    before(async function () {
      this.timeout(900_000); // The first run makes the image.
      cluster = await BootingStack.start({
        cloud,
        clusterName: "busy",
        autoscaler: true,
        scaleDownAfter: "20s",
        ...config,
      });
    });

    after(async function () {
      this.timeout(bootMs);
      await cluster?.close();
    });

    it("has both of its containers ready", async () => {
      await cluster.up();
      const autoscaler = ["-n", "kube-system", "rollout", "status", "deployment/gpu-clusters-autoscaler"];
      await cluster.kubectl(...autoscaler, "--timeout=100s");
      const ready = await pods("gpu-clusters-autoscaler", "status.containerStatuses[*].ready");
      assert.deepEqual(ready, ["true", "true"]);
      lasting = await machines();
      assert.ok(lasting <= 2);
    });

    it("has a machine made of the group that pods wait for, which joins by its own script and runs them, and then one of the other", async () => {
      await cluster.kubectl.apply(budget(1));
      await cluster.kubectl.apply(deployment("one", "1", key, groups.slice(0, 1)));
      await runs("one");
      // May run on nodes of both, and there is one yet.
      await cluster.kubectl.apply(deployment("steady", "100m", key, groups));
      await runs("steady");
      assert.equal(await nodeOf("steady"), await nodeOf("one"));
      assert.equal(await machines(), lasting + 1);
      await cluster.kubectl.apply(deployment("two", "1", key, groups.slice(1)));
      await runs("two");
      assert.notEqual(await nodeOf("two"), await nodeOf("one"));
      assert.equal(await machines(), lasting + 2);
    });

    it("has the first removed once its last pod could run on the other: not while a disruption budget keeps the pod, and with its grace", async () => {
      const left = await nodeOf("one");
      const [pod = ""] = await pods("steady", "metadata.name");
      await cluster.kubectl("delete", "deployment", "one");
      const isLeaving = async () => (await cluster.node(left))?.spec.taints?.some(isLeavingTaint) ?? false;
      await until("the first node is to go", isLeaving, 2 * bootMs);
      assert.deepEqual([await pods("steady", "metadata.name"), await nodeOf("steady")], [[pod], left]);
      const said = cluster.kubectl("logs", "-f", pod);
      await cluster.kubectl.apply(budget(0));
      assert.match(await said, /ending\nended/);
      await until("the first machine is gone", async () => (await machines()) === lasting + 1, 2 * bootMs);
      await until("its node is gone", async () => (await cluster.node(left)) === undefined, 2 * bootMs);
      await runs("steady");
      assert.equal(await nodeOf("steady"), await nodeOf("two"));
    });

    it("has the other removed once nobody needs it", async () => {
      const left = await nodeOf("two");
      await cluster.kubectl("delete", "deployment", "two", "steady");
      await until("the machine is gone", async () => (await machines()) === lasting, 2 * bootMs);
      await until("its node is gone", async () => (await cluster.node(left)) === undefined, 2 * bootMs);
    });

    if (cloud === "aws")
      it("has a pod off a spot machine in the two minutes before EC2 takes it, and on another machine", async () => {
        const { aws } = cluster.environment;
        await cluster.kubectl.apply(deployment("roams", "1", key, groups));
        await runs("roams");
        const left = await nodeOf("roams");
        const [pod = ""] = await pods("roams", "metadata.name");
        const { metadata, spec } = (await cluster.node(left))!;
        assert.equal(metadata.labels![key], "first", "spot goes before on-demand");
        const said = cluster.kubectl("logs", "-f", pod);
        await aws.setTiming({ spotNotice: 120_000 });
        await aws.interrupt(spec.providerID.split("/").at(-1)!);
        // It ended by itself, and not with the machine, where nothing begins any more.
        assert.match(await said, /ending\nended/);
        assert.equal(((await cluster.node(left))!.spec as { unschedulable?: boolean }).unschedulable, true);
        await runs("roams");
        assert.notEqual(await nodeOf("roams"), left);
        await until("the machine's node is gone", async () => (await cluster.node(left)) === undefined, 3 * bootMs);
        await aws.setTiming({ spotNotice: defaultAwsTiming.spotNotice });
        await cluster.kubectl("delete", "deployment", "roams");
        await until("the machines are gone", async () => (await machines()) === lasting, 3 * bootMs);
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

function isLeavingTaint(taint: object): boolean {
  return (taint as { key: string }).key === "ToBeDeletedByClusterAutoscaler";
}
