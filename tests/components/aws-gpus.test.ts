import assert from "node:assert/strict";
import type { AwsNodeGroupArgs } from "../../components/aws/args";
import { checkTypeGpus, gpuFields } from "../../components/aws/gpus";
import { Problems } from "../../components/errors";
import { deployed, group, inputs, scriptOf, typeFacts } from "./aws-scene";
import { valueOf } from "./mocks";

describe("components/aws: GPUs", () => {
  it("leaves it open where config has no list of types, for the check that tells", () => {
    const gpus = (group: object) => gpuFields({ name: "system", ...group } as never).gpus;
    assert.notEqual(gpus({ instanceTypes: undefined }), 0);
    assert.equal(gpus({ instanceTypes: [] }), 0);
    assert.equal(gpus({ instanceTypes: ["m6i.large"] }), 0);
    assert.equal(gpus({ instanceTypes: ["g9.large"], gpus: 0 }), 0);
    assert.equal(gpus({ instanceTypes: ["m6i.large"], gpus: 2 }), 2);
  });

  it("wants types of one group alike in their GPUs, and of the maker that the group names", () => {
    const found = (group: object, ...types: string[]) => {
      const problems = new Problems();
      checkTypeGpus("nodeGroups[0]", { instanceTypes: types, ...group }, typeFacts(types), problems);
      return problems.all.map(({ propertyPath, reason }) => `${propertyPath}: ${reason}`);
    };
    assert.deepEqual(found({}, "g5.xlarge"), []);
    assert.deepEqual(found({}, "g5.12xlarge", "g5.xlarge"), [
      "nodeGroups[0].instanceTypes: the types of a group must have equal GPUs; split it into 2 groups: g5.12xlarge (4 × NVIDIA A10G); g5.xlarge (1 × NVIDIA A10G)",
    ]);
    assert.deepEqual(found({}, "g4ad.xlarge"), [
      'nodeGroups[0].gpuVendor: AWS says that g4ad.xlarge has 1 × AMD Radeon Pro V520, which "nvidia" is not; `gpus: 0` counts none',
    ]);
    assert.deepEqual(found({ gpus: 0 }, "g4ad.xlarge"), []);
    assert.deepEqual(found({ gpuVendor: "amd" }, "g4ad.xlarge"), []);
  });

  it("counts them as AWS does, the same in all places, of a family too that nobody here knows", async () => {
    const { registered, cluster } = await deployed({ nodeGroups: [{ ...group, instanceTypes: ["g9.12xlarge"] }] });
    const made = inputs(registered, "train-gpu");
    assert.deepEqual(made["gpus"], { count: 3 });
    const labels = { "nvidia.com/gpu.present": "true", "skypilot.co/accelerator": "x1", "gpu-clusters/gpu": "x1" };
    for (const [label, value] of Object.entries(labels))
      assert.equal((made["labels"] as Record<string, string>)[label], value, label);
    const script = scriptOf(inputs(registered, "train-gpu-template")["userData"]);
    assert.match(script, /"gpu":\s*{\s*"vendor":\s*"nvidia"/);
    assert.match(script, /"skypilot.co\/accelerator":\s*"x1"/);
    assert.equal(inputs(registered, "train-gpu-image")["gpu"], true);
    const [waited] = registered.inputs("gpu-clusters:kubernetes:NodesReady")["nodeGroups"] as { gpus: number }[];
    assert.equal(waited!.gpus, 3);
    assert.deepEqual(
      (await valueOf(cluster.nodeGroups)).map(({ gpus }) => gpus),
      [3],
    );
    assert.ok(registered.names().some((name) => name.endsWith("DaemonSet train-gpu-plugin")));
  });

  it("asks nothing of types that have none, nor of a group that counts none", async () => {
    const nodeGroups: AwsNodeGroupArgs[] = [
      { ...group, name: "plain", instanceTypes: ["m5.large"] },
      { ...group, name: "unused", gpus: 0 },
    ];
    const { registered } = await deployed({ nodeGroups });
    assert.deepEqual(
      registered.names().filter((name) => /-types$|-gpu-plugin/.test(name)),
      [],
    );
    for (const name of ["train-plain", "train-unused"])
      assert.deepEqual(inputs(registered, name)["gpus"], { count: 0 });
  });
});
