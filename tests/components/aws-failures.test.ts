import assert from "node:assert/strict";
import { ResourceMonitorClient } from "@pulumi/pulumi/proto/resource_grpc_pb";
import * as runtimeState from "@pulumi/pulumi/runtime/state";
import { namingFailures } from "../../components/aws/failures";
import { mockProgram } from "./mocks";

describe("failures of the network and the roles", () => {
  it("are named where the engine tells of errors: the SDK says so only where it keeps its own state", () => {
    // What `namingFailures` reads. Without it a cluster would lose the name of its failures, in silence.
    const { getStore } = runtimeState as unknown as { getStore(): Record<string, unknown> };
    assert.equal(typeof getStore()["supportsErrorHooks"], "boolean");
    const client = ResourceMonitorClient.prototype as unknown as Record<string, unknown>;
    assert.equal(typeof client["registerErrorHook"], "function");
  });

  it("are left to themselves under Pulumi's mocks, which would wait for ever", async () => {
    await mockProgram({});
    const given = { protect: true };
    assert.deepEqual(namingFailures("train", given), given);
  });
});
