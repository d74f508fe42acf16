import assert from "node:assert/strict";
import { hasNoPartitions } from "../../sdk/kubernetes/partitions";

describe("GPUs that have no partitions", () => {
  it("are known by the names that clouds give them", () => {
    const without = ["V100", "T4", "T4g", "A10", "A10G", "L4", "L40S", "L40S (compute mode)", "A40 (graphics mode)"];
    for (const model of [...without, "RTX A6000", "RTX A5000"]) assert.ok(hasNoPartitions(model), model);
    const others = ["A100 80GB PCIe", "A800 PCIe", "A100", "A30", "H100 NVL", "H100 SXM", "H200", "B200"];
    for (const model of [...others, "RTX PRO Server 6000", ""]) assert.ok(!hasNoPartitions(model), model);
  });
});
