import assert from "node:assert/strict";
import { Progress } from "../../../provider/server/progress";

describe("The progress of a wait", () => {
  const told = (messages: readonly [at: number, message: string][]) => {
    const progress = new Progress();
    return messages.filter(([at, message]) => progress.isNews(message, at)).map(([at]) => at);
  };

  it("is told when something changes, and every half minute", () => {
    const same = Array.from({ length: 400 }, (_, look): [number, string] => [
      look * 250,
      `waiting for nodes (${Math.round(look / 4)} s): 0 of 2 Ready`,
    ]);
    assert.deepEqual(told(same), [0, 30_000, 60_000, 90_000]);
  });

  it("tells each change at once", () => {
    const states = ["PENDING", "PENDING", "STARTING", "STARTING", "ACTIVE"];
    assert.deepEqual(told(states.map((state, index) => [index * 100, `VM a: ${state}`])), [0, 200, 400]);
    assert.deepEqual(
      told([
        [0, "nodes (1 s): 1 of 2"],
        [10, "nodes (1 s): 2 of 2"],
        [20, "nodes (2 s): 2 of 2"],
      ]),
      [0, 10],
    );
  });
});
