/** Every input that our components give to AWS's resources is one that the stand-in understands. */
import assert from "node:assert/strict";
import * as pulumi from "@pulumi/pulumi";
import { AwsCluster } from "../../../components/aws/cluster";
import type { Properties } from "../../../provider/server/wire";
import { awsStandIn } from "../../../stand-ins/aws/stand-in";
import { cloud, functions, minimal } from "../../components/aws-scene";
import { mockProgram, plain, settled, valueOf } from "../../components/mocks";

describe("the stand-in for the aws provider and our components", () => {
  for (const [count, sharedStorage, what] of [
    [1, {}, "EFS"],
    [3, { lustre: { sizeGib: 1200 } }, "Lustre"],
  ] as const)
    it(`understands every input of a cluster with ${count} control planes and ${what}`, async () => {
      const registered = await mockProgram(cloud, false, functions);
      const args = { ...minimal, sshAccessCidrs: ["203.0.113.0/24"], controlPlane: { count }, sharedStorage };
      const cluster = new AwsCluster("train", args);
      await valueOf(pulumi.output(cluster.status));
      await settled();
      const calls = awsStandIn.calls({});
      const ours = registered.resources.filter(({ type }) => type.startsWith("aws:"));
      assert.ok(ours.length > 20);
      for (const { type, name, inputs } of ours) {
        const subject = { urn: "", token: type, name, timeoutMs: undefined, signal: new AbortController().signal };
        const log = { info: () => {}, warn: () => {}, debug: () => {}, status: () => {} };
        const values = { values: plain(inputs) as Properties, secrets: new Set<string>() };
        const nothing = { values: {}, secrets: new Set<string>() };
        const { failures } = await calls.check({ ...subject, log }, new Uint8Array(), nothing, values);
        assert.deepEqual(failures, [], `${type} ${name}`);
      }
    });
});
