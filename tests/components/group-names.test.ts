/** Groups may be called as anything else of the cluster is: each resource still has a name of its own. */
import assert from "node:assert/strict";
import { AwsCluster } from "../../components/aws/cluster";
import { CudoCluster } from "../../components/cudo/cluster";
import { MithrilCluster } from "../../components/mithril/cluster";
import { isDnsLabel } from "../../sdk/dns-label";
import * as aws from "./aws-scene";
import * as cudo from "./cudo-scene";
import * as mithril from "./mithril-scene";
import { mockProgram, settled, type Registered } from "./mocks";

interface Cloud {
  run(groups: readonly string[]): Promise<Registered>;
}

const clouds: Record<string, Cloud> = {
  AwsCluster: {
    async run(names) {
      const registered = await mockProgram(aws.cloud, false, aws.functions);
      const nodeGroups = names.map((name) => ({ ...aws.group, name }));
      new AwsCluster("train", { ...aws.minimal, cni: "cilium", sharedStorage: {}, nodeGroups });
      await settled();
      return registered;
    },
  },
  CudoCluster: {
    async run(names) {
      const registered = await mockProgram(cudo.cloud);
      const nodeGroups = names.map((name) => ({ ...cudo.group, name }));
      new CudoCluster("train", { noVault: true, sharedStorage: { sizeGib: 100 }, nodeGroups });
      await settled();
      return registered;
    },
  },
  MithrilCluster: {
    async run(names) {
      const registered = await mockProgram(mithril.cloud);
      const nodeGroups = names.map((name) => ({ ...mithril.group, name }));
      new MithrilCluster("train", { ...mithril.args, sharedStorage: { share: "datasets" }, nodeGroups });
      await settled();
      return registered;
    },
  },
};

/** More would be too many for a cluster. */
const atOnce = 20;

describe("the names of node groups", function () {
  this.timeout(600_000);
  for (const [cloud, { run }] of Object.entries(clouds))
    it(`may be those of anything else in a ${cloud}`, async () => {
      const own = (await run(["gpu"])).resources.map(({ name }) => name.replace(/^train-/, ""));
      const names = [...new Set(own)].filter((name) => name !== "gpu" && isDnsLabel(name));
      assert.ok(names.includes("nodes"), names.join());
      for (let from = 0; from < names.length; from += atOnce) {
        const all = (await run(names.slice(from, from + atOnce))).names();
        const twice = all.filter((name, index) => all.indexOf(name) < index);
        assert.deepEqual(twice, [], "two resources of one name: Pulumi refuses the program");
      }
    });
});
