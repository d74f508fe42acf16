/** Tags that the AWS provider gives by default to what it makes itself. */
import assert from "node:assert/strict";
import * as pulumi from "@pulumi/pulumi";
import { Provider } from "@pulumi/aws/provider";
import { AwsCluster, checkAwsCluster } from "../../components/aws/cluster";
import { awsAccount } from "../../components/aws/provider";
import { knownLater } from "../../components/inputs";
import { cloud, deployed, functions, inputs, minimal } from "./aws-scene";
import { mockProgram, promiseOf, settled, valueOf, type Registered } from "./mocks";

describe("default tags of AWS providers", () => {
  /** Of machines, their disks, fleets, and parameters that the plugin writes; and of volumes, as the driver takes them. */
  function tagsBesides(registered: Registered) {
    const { tagSpecifications } = inputs(registered, "train-gpu-template") as {
      tagSpecifications: { tags: Record<string, string> }[];
    };
    const { volumeTags, rootBlockDevice } = inputs(registered, "train-control-plane") as {
      volumeTags: Record<string, string>;
      rootBlockDevice: object;
    };
    assert.ok(
      !("tags" in rootBlockDevice),
      "the provider gives them after the launch only, which an organisation may refuse",
    );
    const plugins = ["train-gpu", "train-keys"].map(
      (name) => inputs(registered, name) as { tags: Record<string, string> },
    );
    const ofVolumes = /--extra-tags=([^"]*)/.exec(JSON.stringify(inputs(registered, "train-ebs-controller")))![1]!;
    return [
      ...tagSpecifications.map(({ tags }) => tags),
      volumeTags,
      ...plugins.map(({ tags }) => tags),
      Object.fromEntries(ofVolumes.split(",").map((tag) => tag.split("="))) as Record<string, string>,
    ];
  }

  it("gives the default tags of a program's own AWS provider, and not the stack's, to what that does not make itself", async () => {
    pulumi.runtime.setAllConfig({ "aws:defaultTags": JSON.stringify({ tags: { owner: "stack" } }) });
    try {
      const registered = await mockProgram(cloud, false, {
        ...functions,
        "aws:index/getDefaultTags:getDefaultTags": () => ({ tags: { cost: "gpu", team: "default" } }),
      });
      const provider = new Provider("own", { region: "us-west-2" });
      const cluster = new AwsCluster("train", { ...minimal, tags: { team: "search" } }, { provider });
      assert.equal(await valueOf(cluster.status), "ready");
      await settled();
      for (const tags of tagsBesides(registered))
        assert.deepEqual([tags["cost"], tags["team"], tags["owner"]], ["gpu", "search", undefined]);
    } finally {
      pulumi.runtime.setAllConfig({});
    }
  });

  it("refuses default tags that some service would refuse, a program's own provider's before anything is made", async () => {
    const twin = { tags: { Team: "default" } };
    const ofProvider = { ...functions, "aws:index/getDefaultTags:getDefaultTags": () => twin };
    await mockProgram(cloud, false, ofProvider);
    const providers = [new Provider("own", { region: "us-west-2" })];
    const parent = new pulumi.ComponentResource("test:index:Parent", "parent", {}, { providers });
    await assert.rejects(
      promiseOf(awsAccount("train", { tags: { team: "search" } }, parent).seen),
      /AwsCluster: 1 invalid input\n {2}defaultTags of the AWS provider\["Team"\]: differs from "team" by case only/,
    );
    pulumi.runtime.setAllConfig({ "aws:defaultTags": JSON.stringify(twin) });
    try {
      const problems = (options?: pulumi.ComponentResourceOptions) =>
        checkAwsCluster("train", { ...minimal, tags: { team: "search" } }, options).all.map(
          (each) => each.propertyPath,
        );
      assert.deepEqual(problems(), ['aws:defaultTags["Team"]']);
      assert.deepEqual(problems({ providers }), []);
    } finally {
      pulumi.runtime.setAllConfig({});
    }
  });

  it("goes on with a provider that a first preview cannot ask: whose role is still to be made", async () => {
    const nothing = () => ({});
    await mockProgram(cloud, true, {
      ...functions,
      "aws:index/getCallerIdentity:getCallerIdentity": nothing,
      "aws:index/getRegion:getRegion": nothing,
      "aws:index/getDefaultTags:getDefaultTags": nothing,
    });
    const providers = [new Provider("own", { region: "us-west-2" })];
    const parent = new pulumi.ComponentResource("test:index:Parent", "parent", {}, { providers });
    const { seen, defaultTags } = awsAccount("train", { tags: { team: "search" } }, parent);
    assert.deepEqual([await knownLater(seen), await knownLater(defaultTags)], [undefined, undefined]);
  });

  it("gives the stack's default tags to what the AWS provider does not make itself", async () => {
    pulumi.runtime.setAllConfig({ "aws:defaultTags": JSON.stringify({ tags: { owner: "ml", team: "default" } }) });
    try {
      const { registered } = await deployed({ tags: { team: "search" }, region: "us-west-2" });
      for (const tags of tagsBesides(registered)) assert.deepEqual([tags["owner"], tags["team"]], ["ml", "search"]);
      const provider = inputs(registered, "train-aws");
      assert.deepEqual(JSON.parse(String(provider["defaultTags"])), { tags: { owner: "ml", team: "default" } });
    } finally {
      pulumi.runtime.setAllConfig({});
    }
  });
});
