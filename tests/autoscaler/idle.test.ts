/** What an idle group of each kind asks of its cloud, with the cloud's own driver and a clock that is moved by hand. */
import assert from "node:assert/strict";
import { Group } from "../../autoscaler/group/group";
import { defaultTiming, Reconciler } from "../../autoscaler/group/reconciler";
import { HttpGate } from "../provider/server/harness/http-gate";
import { aws, cudo, mithril } from "../provider/node-groups/driver-scenes";
import { until } from "../until";

const minutes = 5;

const kinds = {
  "on-demand machines of AWS": () => aws(),
  "spot machines of AWS": () => aws({ spot: true }),
  "a reservation of AWS": () => aws({ reserved: 2 }),
  "machines of Cudo": cudo,
  "spot bids of Mithril": () => mithril(),
  "a reservation of Mithril": () => {
    const now = Date.now();
    const [start, end] = [now, now + 3 * 3_600_000].map((time) => new Date(time).toISOString());
    return mithril({ reservation: { start, end, onDestroy: "terminateInstances" } });
  },
};

for (const [kind, start] of Object.entries(kinds))
  describe(`an idle node group with ${kind}`, function () {
    this.timeout(300_000);

    it("costs one look a minute, and nothing more, while its machines run", async () => {
      const scene = await start();
      const gate = await HttpGate.open(scene.endpoint);
      try {
        const never = new AbortController().signal;
        const driver = await scene.open(gate.url);
        await driver.ensure(1, never);
        const group = new Group({ id: "gpu", minSize: 0, maxSize: 5, run: "run", staleMs: 60_000, joinMs: 1_800_000 });
        let time = 0;
        const nothing = () => undefined;
        const reconciler = new Reconciler(group, {
          open: () => Promise.resolve(driver),
          timing: defaultTiming,
          now: () => time,
          mayChange: () => true,
          watch: { called: nothing, changed: nothing, stockedOut: nothing },
        });
        const turn = () => {
          time += defaultTiming.idleMs;
          return reconciler.turn();
        };
        await until("the machine runs", async () => {
          await turn();
          return group.isAtRest && group.live === 1 && reconciler.template !== undefined;
        });
        // What is told late may still be of the change.
        for (let late = 0; late < 3; late++) await turn();
        const requestsOf = async (work: () => Promise<unknown>) => {
          const before = gate.requests;
          await work();
          return gate.requests - before;
        };
        const look = await requestsOf(() => driver.describe(never));
        const idle = await requestsOf(async () => {
          for (let minute = 0; minute < minutes; minute++) await turn();
        });
        assert.equal(idle, minutes * look);
        await driver.destroy(never);
      } finally {
        await gate.close();
        await scene.close();
      }
    });
  });
