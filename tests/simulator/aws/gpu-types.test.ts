import { paginateDescribeInstanceTypes, type InstanceTypeInfo } from "@aws-sdk/client-ec2";
import assert from "node:assert/strict";
import { architectureOf, gpusOf, instanceTypePattern } from "../../../components/aws/instance-types";
import { readInstanceTypes } from "../../../provider/aws/instance-types";
import { everyItem } from "../../../provider/aws/pages";
import { deadline, startScene, type Scene } from "../../provider/aws/scene";

describe("what names of instance types tell", () => {
  let scene: Scene;
  let all: InstanceTypeInfo[];
  before(async function () {
    this.timeout(120_000);
    scene = await startScene();
    const pages = paginateDescribeInstanceTypes({ client: scene.ec2 }, {}, { abortSignal: deadline() });
    all = await everyItem(pages, ({ InstanceTypes }) => InstanceTypes);
  });
  after(() => scene.close());

  it("is what AWS says of their GPUs, parts of one included", async () => {
    const withGpus = all.filter(({ GpuInfo }) =>
      (GpuInfo?.Gpus ?? []).some(({ Manufacturer }) => Manufacturer === "NVIDIA"),
    );
    assert.ok(withGpus.length > 50);
    const facts = await readInstanceTypes(
      scene.ec2,
      withGpus.map(({ InstanceType }) => InstanceType!),
      deadline(),
    );
    const differ = facts.filter(({ name, gpus }) => gpusOf(name) !== gpus).map(({ name, gpus }) => `${name}: ${gpus}`);
    assert.deepEqual(differ, []);
    const names = new Set(withGpus.map(({ InstanceType }) => InstanceType));
    const without = all.filter(({ InstanceType }) => !names.has(InstanceType) && gpusOf(InstanceType!) > 0);
    assert.deepEqual(
      without.map(({ InstanceType }) => InstanceType),
      [],
    );
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
