import assert from "node:assert/strict";
import * as pulumi from "@pulumi/pulumi";
import { Provider } from "../../../components";
import { Volume } from "../../../sdk/mithril";
import { mockProgram, settled } from "../../components/mocks";

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
});
