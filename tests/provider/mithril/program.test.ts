import assert from "node:assert/strict";
import * as pulumi from "@pulumi/pulumi";
import { Provider } from "../../../components";
import { Volume } from "../../../sdk/mithril";
import { mockProgram, settled } from "../../components/mocks";
import { rejectionsOf } from "../../components/rejections";

describe("a provider of one's own", () => {
  it("carries each cloud's configuration as a secret text, and is the resource's", async () => {
    const registered = await mockProgram({});
    const provider = new Provider("research", {
      mithril: { apiKey: pulumi.secret("fkey_research"), projectId: "proj_research" },
    });
    new Volume("data", { name: "data", region: "us-central5-a", diskInterface: "File", sizeGb: 1 }, { provider });
    await settled();
    const { mithril } = registered.inputs("pulumi:providers:gpu-clusters");
    const { value } = mithril as { value: string };
    assert.deepEqual(JSON.parse(value), { apiKey: "fkey_research", projectId: "proj_research" });
    assert.match(
      registered.all("gpu-clusters:mithril:Volume")[0]!.provider!,
      /pulumi:providers:gpu-clusters::research/,
    );
  });

  it("takes what it is given, and nothing of the environment for what became no value", async () => {
    await mockProgram({});
    const none = pulumi.output(undefined) as unknown as pulumi.Output<string>;
    const found = await rejectionsOf(() => {
      new Provider("field", { mithril: { apiKey: "fkey_research", projectId: none } });
      new Provider("whole", { cudo: none as never });
      new Provider("below", { aws: { assumeRole: { roleArn: none } } as never });
    });
    const told = found.map((error) => /(Provider ".*": \S+) has no value/.exec((error as Error).message)?.[1]);
    assert.deepEqual([...new Set(told)].sort(), [
      'Provider "below": aws.assumeRole.roleArn',
      'Provider "field": mithril.projectId',
      'Provider "whole": cudo',
    ]);
  });
});
