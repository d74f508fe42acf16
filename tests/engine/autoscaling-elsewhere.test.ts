/** What `autoscaling.test.ts` shows on Cudo, in short on AWS and Mithril: their groups grow, shrink, and are destroyed while they grow. */
import assert from "node:assert/strict";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { runCommand } from "../../toolchain/tools/command";
import { until } from "../until";
import { EngineEnvironment } from "./environment";
import { mithrilConfig, spotGroup } from "./mithril-config";
import { oneLife } from "./one-life";
import type { EngineStack } from "./stack";

const soonMs = 120_000;
const quick = { "pulumi-gpu-clusters:scaleDownAfter": "5s" };

interface Cloud {
  readonly aws?: object;
  /** Of a machine of the group that grows. */
  readonly gpus: number;
  configOf(environment: EngineEnvironment): Record<string, unknown>;
  /** What AWS does with a spot machine. */
  takeBack?(environment: EngineEnvironment, providerId: string): Promise<void>;
}

const clouds: Record<string, Cloud> = {
  aws: {
    aws: {},
    gpus: 1,
    configOf: () => ({
      "pulumi-gpu-clusters:cloud": "aws",
      "pulumi-gpu-clusters:clusterName": "busy",
      "pulumi-gpu-clusters:cni": "none",
      "pulumi-gpu-clusters:keyPair": "ops",
      "pulumi-gpu-clusters:network": { zones: ["us-west-2a"], nat: "none" },
      "pulumi-gpu-clusters:nodeGroups": [
        {
          name: "gpu",
          role: "worker",
          minSize: 0,
          maxSize: 3,
          instanceTypes: ["g4dn.xlarge"],
          capacity: { spot: {} },
        },
      ],
    }),
    async takeBack({ aws }, providerId) {
      await aws.setTiming({ spotNotice: 60_000 });
      await aws.interrupt(providerId.split("/").at(-1)!);
    },
  },
  mithril: {
    gpus: 8,
    configOf: ({ simulator }) => {
      // Its pod needs a node, because nobody's run where Mithril hosts the control plane.
      const system = { ...spotGroup, name: "system", instanceType: "a100-80gb.sxm.1x", maxSize: 1 };
      return mithrilConfig(simulator, "busy", [system, { ...spotGroup, minSize: 0, maxSize: 3 }]);
    },
  },
};

/** Each replica takes all GPUs of a machine. */
function training(replicas: number, gpus: number) {
  const labels = { app: "train" };
  const selector = { key: "nvidia.com/gpu", operator: "Exists" };
  const container = { name: "main", image: "example.test/training", resources: { limits: { "nvidia.com/gpu": gpus } } };
  return {
    apiVersion: "apps/v1",
    kind: "Deployment",
    metadata: { name: "train" },
    spec: {
      replicas,
      selector: { matchLabels: labels },
      template: { metadata: { labels }, spec: { tolerations: [selector], containers: [container] } },
    },
  };
}

for (const [cloud, { configOf, gpus, takeBack, ...simulated }] of Object.entries(clouds))
  describe(`a cluster of ${cloud} on the engine whose groups are autoscaled`, function () {
    this.timeout(600_000);
    oneLife();

    let environment: EngineEnvironment;
    let stack: EngineStack;
    let lasting: number;
    const directory = mkdtempSync(join(tmpdir(), "gpu-clusters-autoscaling-"));
    const kubeconfig = join(directory, "kubeconfig");

    const kubectl = async (args: string[], input?: object) => {
      const given = input && { input: JSON.stringify(input) };
      return (await runCommand(environment.tools.kubectl, ["--kubeconfig", kubeconfig, ...args], { ...given })).stdout;
    };
    const machines = async () => (await environment.simulator.state()).machines.length - lasting;
    const running = async () =>
      (await kubectl(["get", "pods", "-l", "app=train", "--field-selector=status.phase=Running", "-o", "name"]))
        .split("\n")
        .filter((line) => line !== "").length;

    before(async () => {
      environment = await EngineEnvironment.start({ machines: true, ...simulated });
      stack = await environment.stack({ ...configOf(environment), ...quick });
    });
    after(async () => {
      await environment.stop();
      rmSync(directory, { recursive: true, force: true });
    });

    it("grows a group from zero for pods that wait, which is no difference to Pulumi", async () => {
      const up = await stack.up();
      assert.ok(up.ok, up.text);
      writeFileSync(kubeconfig, (await stack.outputs())["kubeconfig"] as string, { mode: 0o600 });
      lasting = 0;
      lasting = await machines();
      await kubectl(["apply", "-f", "-"], training(2, gpus));
      await until("the pods run", async () => (await running()) === 2, 2 * soonMs);
      const log = await kubectl([
        "-n",
        "kube-system",
        "logs",
        "deployment/gpu-clusters-autoscaler",
        "--all-containers",
      ]);
      assert.equal(await machines(), 2, log);
      assert.deepEqual(await stack.preview(), []);
      assert.match(log, /"group":"gpu"/);
    });

    if (takeBack)
      it("has its pods on another machine when the cloud is about to take one back", async () => {
        const path = "jsonpath={range .items[*]}{.spec.nodeName} {.status.phase}{'\\n'}{end}";
        const pods = async () => (await kubectl(["get", "pods", "-l", "app=train", "-o", path])).trim().split("\n");
        const left = (await pods())[0]!.split(" ")[0]!;
        const ofNode = async (path: string) => kubectl(["get", "node", left, "-o", `jsonpath={${path}}`]);
        await takeBack(environment, await ofNode(".spec.providerID"));
        const isElsewhere = (pod: string) => / Running$/.test(pod) && !pod.startsWith(`${left} `);
        await until(
          "the pods run elsewhere",
          async () => {
            const all = await pods();
            return all.length === 2 && all.every(isElsewhere);
          },
          soonMs,
        );
        assert.equal(await ofNode(".spec.unschedulable"), "true");
        const nodes = () => kubectl(["get", "nodes", "-o", "name"]);
        await until("the machine is gone", async () => !(await nodes()).includes(left), soonMs);
      });

    it("shrinks to zero when nobody needs the machines", async () => {
      await kubectl(["scale", "deployment/train", "--replicas=0"]);
      await until("no machine is left", async () => (await machines()) === 0, 2 * soonMs);
    });

    it("destroys all while the group grows", async () => {
      await kubectl(["scale", "deployment/train", "--replicas=3"]);
      await until("a machine is asked for", async () => (await machines()) > 0, soonMs);
      const destroy = await stack.destroy();
      assert.ok(destroy.ok, destroy.text);
      const left = async () => (await environment.simulator.state()).machines;
      await until("no machine is left", async () => (await left()).length === 0, soonMs);
    });
  });
