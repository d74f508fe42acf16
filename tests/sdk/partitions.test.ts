import assert from "node:assert/strict";
import { hasNoPartitions, partitionsProblem } from "../../sdk/kubernetes/partitions";

describe("GPUs that have no partitions", () => {
  it("are known by the names that clouds give them", () => {
    const without = ["V100", "T4", "T4g", "A10", "A10G", "L4", "L40S", "L40S (compute mode)", "A40 (graphics mode)"];
    for (const model of [...without, "RTX A6000", "RTX A5000"]) assert.ok(hasNoPartitions(model), model);
    const others = ["A100 80GB PCIe", "A800 PCIe", "A100", "A30", "H100 NVL", "H100 SXM", "H200", "B200"];
    for (const model of [...others, "RTX PRO Server 6000", ""]) assert.ok(!hasNoPartitions(model), model);
  });
});

describe("sizes of partitions", () => {
  it("are those that NVIDIA documents of the model, by whatever name a cloud gives it", () => {
    const right: [model: string, partitions: Record<string, number>][] = [
      ["A30", { "1g.6gb": 2, "2g.12gb+me": 1 }],
      ["A100 40GB", { "1g.5gb": 7 }],
      ["A100", { "1g.10gb": 7 }],
      ["A100", { "1g.5gb": 7 }],
      ["A100 80GB PCIe", { "3g.40gb": 1, "2g.20gb": 1, "1g.10gb": 2 }],
      ["A800 PCIe", { "1g.20gb": 4 }],
      ["H100 SXM", { "1g.10gb+me": 1, "1g.10gb": 6 }],
      ["H100 NVL", { "3g.47gb": 2 }],
      ["GH200", { "7g.96gb": 1 }],
      // Of its memory for the processor.
      ["GH200 480GB", { "7g.96gb": 1 }],
      ["A100-SXM4-80GB", { "7g.80gb": 1 }],
      ["NVIDIA H200", { "1g.18gb": 7 }],
      ["H200 NVL", { "4g.71gb": 1, "3g.71gb": 1 }],
      ["B200", { "1g.45gb": 4 }],
      ["GB200", { "2g.47gb": 3 }],
      ["B300", { "7g.269gb": 1 }],
      ["GB300", { "1g.35gb": 7 }],
      ["RTX PRO Server 6000", { "1g.24gb-me": 2, "2g.48gb+gfx": 1 }],
      ["R100", { "7g.500gb": 1 }],
    ];
    for (const [model, partitions] of right) assert.equal(partitionsProblem(model, partitions), undefined, model);
  });

  it("are no others, nor more than fit together", () => {
    assert.equal(
      partitionsProblem("A30", { "1g.10gb": 4 }),
      "1g.10gb is no size of A30, which has 1g.6gb, 1g.6gb+me, 2g.12gb, 2g.12gb+me, 4g.24gb",
    );
    assert.match(
      partitionsProblem("A100 40GB", { "7g.80gb": 1 })!,
      /^7g\.80gb is no size of A100 40GB, which has 1g\.5gb, /,
    );
    assert.match(partitionsProblem("H100 NVL", { "1g.10gb": 7 })!, /no size of H100 NVL/);
    assert.match(partitionsProblem("H200", { "2g.35gb+me": 1 })!, /no size of H200/);
    assert.match(partitionsProblem("A100", { "1g.5gb": 1, "7g.80gb": 1 })!, /^1g\.5gb, 7g\.80gb are not of one A100/);
    const excess = (model: string, partitions: Record<string, number>) => partitionsProblem(model, partitions);
    assert.equal(
      excess("H100 SXM", { "3g.40gb": 2, "1g.10gb": 1 }),
      "take more than one H100 SXM has: 9 parts of its memory, of 8",
    );
    assert.equal(excess("A30", { "1g.6gb": 7 }), "take more than one A30 has: 7 slices of computing, of 4");
    assert.match(excess("RTX PRO Server 6000", { "1g.24gb": 3, "2g.48gb": 1 })!, /5 slices of computing, of 4$/);
  });
});
