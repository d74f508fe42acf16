import assert from "node:assert/strict";
import { ResourceMonitorClient } from "@pulumi/pulumi/proto/resource_grpc_pb";
import * as runtimeState from "@pulumi/pulumi/runtime/state";
import { failureWords, namingFailures } from "../../components/aws/failures";
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

  it("say the way out where an organisation forbids what has public addresses, and nowhere else", () => {
    const denied = ["not authorized to perform: ec2:AllocateAddress with an explicit deny in a service control policy"];
    const said = (type: string, errors: string[]) => failureWords("train", type, errors);
    assert.match(said("aws:ec2/eip:Eip", denied)!, /^train \(Eip\): not authorized.*subnetIds.*publicAddress: false/);
    for (const [type, errors] of [
      ["aws:iam/role:Role", denied],
      ["aws:ec2/eip:Eip", ["AddressLimitExceeded"]],
    ] as const)
      assert.doesNotMatch(said(type, [...errors])!, /publicAddress/);
  });

  it("say the way out where a zone has no machine for the control plane, for which AWS advises another zone, and where its disk has no key", () => {
    const said = (error: string) => failureWords("train-control-plane", "aws:ec2/instance:Instance", [error]);
    const none =
      "creating EC2 Instance: InsufficientInstanceCapacity: We do not have sufficient t3.xlarge capacity in us-west-2a. You can get it by choosing us-west-2b.";
    assert.match(said(none)!, /choosing us-west-2b.*stays in its zone: name another controlPlane\.instanceType/);
    assert.equal(said("creating EC2 Instance: VcpuLimitExceeded"), undefined, "the engine shows it");
    // As Pulumi's AWS provider tells of a machine that EC2 ended as it started.
    const ended =
      "waiting for EC2 Instance (i-1) create: unexpected state 'shutting-down', wanted target 'running'. last error: Client.InternalError: Client error on launch";
    assert.match(said(ended)!, /Client error on launch\. Mostly it is the KMS key .*kms:CreateGrant/);
  });
});
