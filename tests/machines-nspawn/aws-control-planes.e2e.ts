/** Three control planes on simulated AWS whose machines really boot: one goes off, and the API still answers. */
import assert from "node:assert/strict";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { EC2 } from "@aws-sdk/client-ec2";
import { ensureMachineImage } from "../../simulator/machines/nspawn/image/image";
import { nspawnMachines } from "../../simulator/machines/nspawn/nspawn-machines";
import { defaultRegion } from "../../toolchain/cli/simulated-aws";
import { compiledDefaultProgram } from "../engine/compiled-program";
import { EngineEnvironment } from "../engine/environment";
import { oneLife } from "../engine/one-life";
import type { EngineStack } from "../engine/stack";
import { until } from "../machines/test-cluster";
import { bootMs, remains } from "./cluster";
import { kubectlFor, type Kubectl } from "./workload";

describe("three control planes on AWS, on machines that boot", function () {
  this.timeout(4 * bootMs);
  oneLife();

  let directory: string;
  let machinesDirectory: string;
  let program: string;
  let environment: EngineEnvironment;
  let stack: EngineStack;
  let ec2: EC2;
  let kubectl: Kubectl;
  let InstanceIds: string[];

  /** By name; a node that is off is `Unknown`. */
  async function readiness(): Promise<string[]> {
    const ready = '{range .items[*]}{.status.conditions[?(@.type=="Ready")].status}{" "}{end}';
    return (await kubectl("get", "nodes", "-o", `jsonpath=${ready}`)).trim().split(" ").sort();
  }

  async function machine(id: string) {
    return (await environment.simulator.state()).machines.find(({ name }) => name === id)!;
  }

  /** Asked of the machine itself, and not of a load balancer. */
  async function ownReadiness(id: string): Promise<string> {
    const { Reservations = [] } = await ec2.describeInstances({ InstanceIds: [id] });
    const { PrivateIpAddress } = Reservations[0]!.Instances![0]!;
    const server = ["--server", `https://${(await machine(id)).address}:6443`, "--tls-server-name", PrivateIpAddress!];
    return kubectl("get", "--raw", "/readyz", "--request-timeout=5s", ...server);
  }

  before(async function () {
    this.timeout(900_000); // The first run makes the image.
    directory = mkdtempSync(join(tmpdir(), "nspawn-aws-"));
    const image = await ensureMachineImage();
    program = await compiledDefaultProgram();
    const machines = (dir: string) => nspawnMachines({ dir: (machinesDirectory = dir), image });
    environment = await EngineEnvironment.start({ machines, aws: {} });
    process.env.AWS_SDK_JS_NODE_VERSION_SUPPORT_WARNING_DISABLED = "true";
    const credentials = { accessKeyId: "test", secretAccessKey: "test" };
    ec2 = new EC2({ endpoint: environment.aws.endpoint, region: defaultRegion, credentials });
    const config = {
      "pulumi-gpu-clusters:cloud": "aws",
      "pulumi-gpu-clusters:clusterName": "three",
      "pulumi-gpu-clusters:cloudControllerManager": false,
      "pulumi-gpu-clusters:cni": "none", // The machines' image has one.
      "pulumi-gpu-clusters:controlPlane": { count: 3 },
      "pulumi-gpu-clusters:keyPair": "ops",
    };
    stack = await environment.stack(config, { program, timeoutMs: 4 * bootMs });
  });

  after(async function () {
    this.timeout(bootMs);
    await environment?.stop();
    assert.deepEqual(remains(machinesDirectory), []);
    for (const made of [directory, program]) rmSync(made, { recursive: true, force: true });
  });

  it("make one cluster", async () => {
    const up = await stack.up();
    assert.ok(up.ok, up.text);
    kubectl = await kubectlFor((await stack.outputs())["kubeconfig"] as string, directory);
    const { Reservations = [] } = await ec2.describeInstances();
    InstanceIds = Reservations.flatMap(({ Instances = [] }) => Instances).map(({ InstanceId }) => InstanceId!);
    assert.equal(InstanceIds.length, 3);
    await until("three nodes are Ready", async () => (await readiness()).join() === "True,True,True", bootMs);
    const members = ["get", "pods", "-n", "kube-system", "-l", "component=etcd", "-o", "name"];
    assert.equal((await kubectl(...members)).trim().split("\n").length, 3);
  });

  it("answer and take changes with one of them off, whichever it is, and take it back", async () => {
    for (const [index, id] of InstanceIds.slice(0, 2).entries()) {
      await ec2.stopInstances({ InstanceIds: [id] });
      await until(`${id} is off`, async () => (await machine(id)).state === "stopped", bootMs);
      await until(
        "a change is taken",
        async () => (await kubectl("create", "configmap", `without-${index}`, "-o", "name")) !== "",
        bootMs,
      );
      await assert.rejects(ownReadiness(id));
      await ec2.startInstances({ InstanceIds: [id] });
      await until(`the API server of ${id} is back`, async () => (await ownReadiness(id)) === "ok", bootMs);
    }
    await until("three nodes are Ready", async () => (await readiness()).join() === "True,True,True", bootMs);
  });

  it("leave nothing behind", async () => {
    const destroyed = await stack.destroy();
    assert.ok(destroyed.ok, destroyed.text);
    assert.deepEqual((await environment.simulator.state()).machines, []);
    assert.deepEqual(remains(machinesDirectory), []);
  });
});
