/** A resource that `--target` or `--exclude` leaves out while it is not there yet: what it would give is nothing, and no cluster falls over that. */
import assert from "node:assert/strict";
import { AwsCluster } from "../../components/aws/cluster";
import { CudoCluster } from "../../components/cudo/cluster";
import { MithrilCluster } from "../../components/mithril/cluster";
import * as aws from "./aws-scene";
import * as cudo from "./cudo-scene";
import * as mithril from "./mithril-scene";
import { mockProgram, type Functions, type Outputs } from "./mocks";
import { sshPrivateKey } from "./private-key";
import { sshPublicKey } from "./public-key";
import { rejectionsOf } from "./rejections";

interface Scene {
  readonly outputs: Outputs;
  readonly functions?: Functions;
  make(): unknown;
}

const clusterName = "train";
const scenes: Record<string, Scene> = {
  AwsCluster: {
    outputs: aws.cloud,
    functions: aws.functions,
    make: () => new AwsCluster("train", { ...aws.minimal, clusterName, sharedStorage: {} }),
  },
  CudoCluster: {
    outputs: cudo.cloud,
    make: () =>
      new CudoCluster("train", {
        clusterName,
        noVault: true,
        nodeGroups: [cudo.group],
        sharedStorage: { sizeGib: 10 },
        sshPrivateKey,
        sshPublicKey,
        sshAccessCidrs: ["192.0.2.7/32"],
      }),
  },
  MithrilCluster: {
    outputs: mithril.cloud,
    make: () => new MithrilCluster("train", { ...mithril.args, clusterName }),
  },
};

/** What each cluster has that is there, where a whole `up` made it. */
const foundation =
  /^(aws:ec2\/vpc:|aws:ssm\/|gpu-clusters:aws:(ClusterKeys|Deployer|ZoneChoice)|gpu-clusters:kubernetes:(ApiServerReady|ClusterCertificates)|gpu-clusters:mithril:Cluster|command:)/;

describe("what a command leaves out before it is there", () => {
  for (const [kind, { outputs, functions, make }] of Object.entries(scenes))
    it(`breaks nothing of ${kind}`, async () => {
      const whole = await mockProgram(outputs, false, functions);
      assert.deepEqual(await rejectionsOf(make), []);
      const leftOut = new Set(whole.types().filter((type) => !foundation.test(type)));
      assert.ok([...leftOut].some((type) => type.endsWith(":NodeGroup")));
      const given = Object.entries(outputs).filter(([type]) => !leftOut.has(type));
      await mockProgram(Object.fromEntries(given), false, functions);
      assert.deepEqual(await rejectionsOf(make), []);
      // Of a cluster that is new itself nothing is there.
      await mockProgram({}, false, functions);
      assert.deepEqual(await rejectionsOf(make), []);
    });
});
