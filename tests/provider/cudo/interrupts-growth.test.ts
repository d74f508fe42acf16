/** An `up` that is cut short while something grows, and what another hand does before the next one. */
import assert from "node:assert/strict";
import { openNodeGroup } from "../../../provider/clouds";
import { EngineResource, Secret } from "../server/harness";
import { moments, type Moment } from "../server/harness/gate";
import type { Rig } from "../server/harness/interruption";
import type { Properties } from "../../../provider/server/wire";
import type { FakeApiServer } from "./fake-api-server";
import { riggedCloud } from "./rigged";
import { cpuGroup, home, never, vmInputs, type SimulatedCloud } from "./simulated-cloud";

describe("Whatever grows on Cudo", function () {
  this.timeout(300_000);
  let cloud: SimulatedCloud;
  let cluster: FakeApiServer;
  let rigged: Rig;
  let close: () => Promise<void>;
  before(async () => {
    ({ cloud, cluster, rigged, close } = await riggedCloud());
  });
  after(() => close());

  /** False when it ended before the request. */
  async function cutShort(resource: EngineResource, program: Properties, at: number, moment: Moment): Promise<boolean> {
    const { inputs } = await resource.check(program);
    rigged.gate.arm(at, moment, () => rigged.plugin.cancel());
    await resource.update(inputs).catch(() => undefined);
    return rigged.gate.disarm();
  }

  const ways = {
    up: async (): Promise<void> => undefined,
    "refresh and up": async (resource: EngineResource) => void (await resource.refresh()),
  };

  for (const [way, first] of Object.entries(ways)) {
    it(`a group whose new minimum the autoscaler had not heard of is whole after ${way}`, async () => {
      const startScript = "#!/bin/bash\necho @@NODE_NAME@@ @@BOOTSTRAP_TOKEN@@";
      const secrets = { startScript: new Secret(startScript), kubeconfig: new Secret(cluster.kubeconfig) };
      const asked = (minSize: number) => ({ ...cpuGroup, ...secrets, minSize, maxSize: 3 });
      for (const [index, moment] of moments.entries()) {
        for (let at = 1 + index; at <= 12; at += moments.length) {
          const group = new EngineResource(rigged.plugin, "gpu-clusters:cudo:NodeGroup");
          await group.up(asked(1));
          const struck = await cutShort(group, asked(3), at, moment);
          // As the autoscaler's server, which has the old minimum.
          const server = await openNodeGroup(
            "cudo",
            { cudo: cloud.config },
            { ...cpuGroup, startScript, kubeconfig: cluster.kubeconfig, minSize: 1 },
            { owner: "autoscaler", warn: () => undefined },
          );
          const { machines } = await server.describe(never);
          await server.remove(
            machines.slice(1).map(({ id }) => id),
            never,
          );
          if (struck) {
            await first(group);
            await group.up(asked(3));
            assert.equal((await server.describe(never)).size, 3, `cut at request ${at} (${moment})`);
            assert.equal(await group.up(asked(3)), "same");
          }
          await group.destroy();
          assert.deepEqual(await cloud.api.vms.list(never), []);
          if (!struck) break;
        }
      }
    });

    it(`a disk is as large as it was to be after ${way}`, async () => {
      const disk = (sizeGib: number) => ({ diskId: "data", dataCenterId: home, sizeGib });
      for (const moment of moments) {
        for (let at = 1; at <= 8; at++) {
          const data = new EngineResource(rigged.plugin, "gpu-clusters:cudo:Disk", "data");
          const holder = new EngineResource(rigged.plugin, "gpu-clusters:cudo:Vm", "holder");
          await data.up(disk(10));
          await holder.up({ ...vmInputs, vmId: "holder", storageDiskIds: ["data"] });
          const struck = await cutShort(data, disk(20), at, moment);
          await first(data);
          await data.up(disk(20));
          assert.equal((await cloud.api.disks.find("data", never))?.sizeGib, 20, `cut at request ${at} (${moment})`);
          assert.equal(await data.up(disk(20)), "same");
          await holder.destroy();
          await data.destroy();
          assert.equal(await cloud.api.disks.find("data", never), undefined);
          if (!struck) break;
        }
      }
    });
  }
});
