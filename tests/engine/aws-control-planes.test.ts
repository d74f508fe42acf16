/** Three control planes on AWS get another type one after the other, while the API answers. Their machines are light ones, each with its member of etcd. */
import assert from "node:assert/strict";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { EC2 } from "@aws-sdk/client-ec2";
import { defaultRegion } from "../../commands/simulated-aws";
import { runCommand } from "../../toolchain/tools/command";
import { compiledDefaultProgram } from "./compiled-program";
import { EngineEnvironment } from "./environment";
import { oneLife } from "./one-life";
import type { EngineStack } from "./stack";

const controlPlane = (instanceType: string) => ({ "pulumi-gpu-clusters:controlPlane": { count: 3, instanceType } });
const base = {
  "pulumi-gpu-clusters:cloud": "aws",
  "pulumi-gpu-clusters:clusterName": "three",
  "pulumi-gpu-clusters:cni": "none",
  "pulumi-gpu-clusters:keyPair": "ops",
  "pulumi-gpu-clusters:nodeGroups": [],
};

describe("three control planes on AWS, on the engine", function () {
  this.timeout(900_000);
  oneLife();

  let environment: EngineEnvironment;
  let program: string;
  let directory: string;
  let stack: EngineStack;
  let ec2: EC2;

  const configure = (instanceType: string) =>
    stack.configure({ ...environment.providerConfig, ...base, ...controlPlane(instanceType) });

  async function types(): Promise<(string | undefined)[]> {
    const { Reservations = [] } = await ec2.describeInstances();
    return Reservations.flatMap(({ Instances = [] }) => Instances)
      .filter(({ State }) => State?.Name !== "terminated")
      .map(({ InstanceType }) => InstanceType);
  }

  before(async () => {
    program = await compiledDefaultProgram();
    directory = mkdtempSync(join(tmpdir(), "gpu-clusters-aws-three-"));
    environment = await EngineEnvironment.start({ machines: true, aws: {} });
    stack = await environment.stack({ ...base, ...controlPlane("t3.xlarge") }, { program });
    const credentials = { accessKeyId: "test", secretAccessKey: "test" };
    ec2 = new EC2({ endpoint: environment.aws.endpoint, region: defaultRegion, credentials });
    const up = await stack.up();
    assert.ok(up.ok, up.text);
  });

  after(async () => {
    await environment?.stop();
    for (const folder of [directory, program]) if (folder) rmSync(folder, { recursive: true, force: true });
  });

  it("says at the preview that they stop one after the other", async () => {
    configure("m6i.xlarge");
    const steps = await stack.preview();
    const changed = steps
      .map(({ op, urn }) => `${op} ${urn.split("::").at(-1)}`)
      .filter((step) => /control-plane-\d/.test(step));
    assert.deepEqual(
      changed.sort(),
      [1, 2, 3].flatMap((number) => [
        `update test-control-plane-${number}`,
        `update test-control-plane-${number}-turn`,
      ]),
    );
    const { text } = await stack.say("preview", []);
    assert.match(text, /controlPlane\.instanceType: .*the three machines stop for it, one after the other/);
  });

  it("stops the next one when all serve again, so that the API always answers", async () => {
    const kubeconfig = join(directory, "kubeconfig");
    writeFileSync(kubeconfig, String((await stack.outputs())["kubeconfig"]), { mode: 0o600 });
    await environment.aws.clearRequests();
    const env = { KUBECONFIG: kubeconfig };
    const ready = () => runCommand(environment.tools.kubectl, ["get", "--raw", "/readyz"], { env });
    let over = false;
    let answers = 0;
    const asking = (async () => {
      while (!over) {
        // A connection may be cut as its machine stops.
        await ready().catch(ready);
        answers += 1;
      }
    })();
    const up = await stack.up();
    over = true;
    await asking;
    assert.ok(up.ok, up.text);
    assert.ok(answers > 3, `${answers} answers`);
    assert.deepEqual(await types(), Array(3).fill("m6i.xlarge"));

    const turn = ["DescribeTargetHealth", "StopInstances", "StartInstances"];
    const asked = (await environment.aws.requests())
      .map(({ action }) => action)
      .filter((action) => turn.includes(action));
    assert.deepEqual(
      asked.filter((action, index) => asked[index - 1] !== action),
      [...turn, ...turn, ...turn],
    );
  });

  it("brings one back that did not start with its new type, when the type is set back", async () => {
    const { Reservations = [] } = await ec2.describeInstances();
    const named = Reservations.flatMap(({ Instances = [] }) => Instances).find(({ Tags = [] }) =>
      Tags.some(({ Key, Value }) => Key === "Name" && Value === "three-control-plane-1"),
    );
    await ec2.stopInstances({ InstanceIds: [named!.InstanceId!] });
    configure("t3.xlarge");
    const up = await stack.up();
    assert.ok(up.ok, up.text);
    assert.deepEqual(await types(), Array(3).fill("t3.xlarge"));
  });

  it("leaves nothing behind", async () => {
    const destroy = await stack.destroy();
    assert.ok(destroy.ok, destroy.text);
    assert.deepEqual(await types(), []);
  });
});
