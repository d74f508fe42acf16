/** What Pulumi's own options do to a cluster and what it is made of. */
import assert from "node:assert/strict";
import type * as pulumi from "@pulumi/pulumi";
import type { MockResourceArgs } from "@pulumi/pulumi/runtime";
import { AwsCluster } from "../../components/aws/cluster";
import { CudoCluster } from "../../components/cudo/cluster";
import { MithrilCluster } from "../../components/mithril/cluster";
import * as aws from "./aws-scene";
import * as cudo from "./cudo-scene";
import * as mithril from "./mithril-scene";
import { mockProgram, plain, settled, type Functions, type Outputs } from "./mocks";

interface Scene {
  readonly outputs: Outputs;
  readonly functions?: Functions;
  make(name: string, options: pulumi.ComponentResourceOptions): unknown;
}

const clusterName = "train";
const scenes: Record<string, Scene> = {
  AwsCluster: {
    outputs: aws.cloud,
    functions: aws.functions,
    make: (name, options) => new AwsCluster(name, { ...aws.minimal, clusterName, sharedStorage: {} }, options),
  },
  CudoCluster: {
    outputs: cudo.cloud,
    make: (name, options) =>
      new CudoCluster(
        name,
        { clusterName, noVault: true, nodeGroups: [cudo.group], sharedStorage: { sizeGib: 10 } },
        options,
      ),
  },
  MithrilCluster: {
    outputs: mithril.cloud,
    make: (name, options) => new MithrilCluster(name, { ...mithril.args, clusterName }, options),
  },
};

/** Of these one name is one thing of the cloud, so that a new one beside the old one would be the old one, or be refused. */
const oneOfAName =
  /^gpu-clusters:(aws:NodeGroup|cudo:(Disk|Network|NodeGroup|SecurityGroup|Vm)|mithril:(Cluster|NodeGroup|SshKey|Volume))$/;

describe("Pulumi's options on a cluster", () => {
  for (const [kind, { outputs, functions, make }] of Object.entries(scenes)) {
    const program = async (name: string, options: pulumi.ComponentResourceOptions) => {
      const registered = await mockProgram(outputs, false, functions);
      make(name, options);
      await settled();
      return registered;
    };

    it(`protect, on ${kind}, protects all that is in it`, async () => {
      const registered = await program("train", { protect: true });
      const open = registered.resources.filter(({ type, name }) => !registered.isProtected(`${type} ${name}`));
      assert.deepEqual(
        open.map(({ type, name }) => `${type} ${name}`),
        [],
      );
    });

    it(`--replace, of what is in ${kind}, has the old one deleted first`, async () => {
      const registered = await program("train", {});
      const named = registered.resources.filter(({ type }) => oneOfAName.test(type));
      assert.notEqual(named.length, 0);
      for (const { type, name } of named) assert.ok(registered.goesFirst(`${type} ${name}`), `${type} ${name}`);
    });

    it(`aliases, on ${kind}, keep all of it under another name`, async () => {
      const registered = [await program("train", {}), await program("other", { aliases: [{ name: "train" }] })];
      const [then, now] = registered.map(({ resources }) => resources.filter(({ type }) => isOfACloud(type)));
      // The SDK finds a child's name of before where it begins with the component's.
      const names = (all: MockResourceArgs[], own: string) =>
        all.map(({ type, name }) => `${type} ${name.replace(new RegExp(`^${own}\\b`), "…")}`).sort();
      assert.deepEqual(names(now!, "other"), names(then!, "train"));
      // Nothing at a cloud, nor in it, is called after the component where the cluster has a name.
      for (const { type, name, inputs } of now!)
        assert.doesNotMatch(JSON.stringify(plain(inputs)).replaceAll(idsOfMocks, ""), /"other\b/, `${type} ${name}`);
    });
  }
});

const idsOfMocks = /other-[\w-]+-(id|allocation)/g;

function isOfACloud(type: string): boolean {
  return /^(aws|gpu-clusters):/.test(type) && !/Cluster$/.test(type);
}
