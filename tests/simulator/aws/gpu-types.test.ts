import { paginateDescribeInstanceTypes, type InstanceTypeInfo } from "@aws-sdk/client-ec2";
import assert from "node:assert/strict";
import { architectureOf, instanceTypePattern, mayHaveGpus } from "../../../components/aws/instance-types";
import { readInstanceTypes } from "../../../provider/aws/instance-types";
import { everyItem } from "../../../provider/aws/pages";
import { deadline, startScene, type Scene } from "../../provider/aws/scene";

describe("what names of instance types tell", () => {
  let scene: Scene;
  let all: InstanceTypeInfo[];
  before(async function () {
    this.timeout(300_000);
    scene = await startScene();
    const pages = paginateDescribeInstanceTypes({ client: scene.ec2 }, {}, { abortSignal: deadline() });
    all = await everyItem(pages, ({ InstanceTypes }) => InstanceTypes);
  });
  after(() => scene.close());

  it("is whether AWS says that they have GPUs, parts of one included, and how many and which is AWS's own answer", async () => {
    const withGpus = all.filter(({ GpuInfo }) => GpuInfo?.Gpus?.length).map(({ InstanceType }) => InstanceType!);
    assert.ok(withGpus.length > 50);
    const named = all.map(({ InstanceType }) => InstanceType!).filter(mayHaveGpus);
    assert.deepEqual(named.sort(), withGpus.sort());
    const facts = await readInstanceTypes(scene.ec2, withGpus, deadline());
    assert.ok(facts.every(({ gpus, gpuVendor }) => gpus > 0 && gpuVendor === "NVIDIA"));
    const of = (type: string) =>
      facts.filter(({ name }) => name === type).map(({ gpus, gpuModel }) => [gpus, gpuModel]);
    assert.deepEqual(of("g6f.large"), [[1, "L4"]]);
    assert.deepEqual(of("g7.12xlarge"), [[2, "RTX PRO 4500"]]);
    assert.deepEqual([of("p4d.24xlarge"), of("p4de.24xlarge")].flat(), [
      [8, "A100"],
      [8, "A100 80GB"],
    ]);
  });

  it("is what AWS says of their processors, and all are taken for types", () => {
    for (const { InstanceType = "", ProcessorInfo } of all) {
      assert.match(InstanceType, instanceTypePattern);
      if (InstanceType.startsWith("mac")) continue;
      const known = ProcessorInfo?.SupportedArchitectures ?? [];
      assert.ok((known as string[]).includes(architectureOf(InstanceType)), `${InstanceType}: ${known.join(", ")}`);
    }
  });
});
