import assert from "node:assert/strict";
import { counted } from "../../sdk/counted";

describe("a number in words", () => {
  it("is one of a thing, or none or several of them", () => {
    assert.deepEqual(
      [0, 1, 2].map((count) => counted(count, "node")),
      ["0 nodes", "1 node", "2 nodes"],
    );
    assert.equal(counted(1, "GiB memory", "GiB memory"), "1 GiB memory");
  });
});
