import assert from "node:assert/strict";
import { AwsCluster } from "../../components/aws/cluster";
import { ClusterCouldNotBeDeployed, ClusterNameInUse, InvalidInput } from "../../components/errors";
import { createCluster } from "../../components/vantage/create";
import { cloud, functions } from "./aws-scene";
import { mockProgram, settled, valueOf } from "./mocks";
import { accounts, aws, securityGroups } from "./vantage-scene";

describe("a cluster that a request asks for", () => {
  it("makes the cluster with the request's names", async () => {
    const registered = await mockProgram(cloud, false, { ...functions, ...securityGroups([], []) });
    const cluster = await createCluster("request", aws({ autoscaler_node_groups: [] }), { accounts });
    assert.ok(cluster instanceof AwsCluster);
    assert.equal(await valueOf(cluster.clusterName), "c1");
    await valueOf(cluster.endpoint);
    await settled();
    const roles = registered.all("aws:iam/role:Role").map(({ inputs }) => (inputs as { name: string }).name);
    assert.ok(roles.includes("vantage-c1-node-role"));
  });

  it("refuses a name that another stack has, and not its own", async () => {
    const made = async (all: string[], own: string[]) => {
      await mockProgram(cloud, false, { ...functions, ...securityGroups(all, own) });
      await valueOf((await createCluster("request", aws(), { accounts })).endpoint);
      await settled();
    };
    await made(["sg-1"], ["sg-1"]);
    await assert.rejects(made(["sg-1", "sg-2"], ["sg-1"]), (error: Error) => {
      assert.ok(error instanceof ClusterNameInUse);
      assert.match(error.message, /"c1" is the name of another cluster \(with the security groups sg-2; /);
      assert.match(
        error.message,
        /of this stack by an earlier name, set their tag gpu-clusters\/stack to project\/stack/,
      );
      return true;
    });
  });

  it("says when the account has no role, after everything else is right", async () => {
    await mockProgram(cloud, false, functions);
    await assert.rejects(createCluster("r", aws({}, { cloud_account_id: 3 }), { accounts }), ClusterCouldNotBeDeployed);
    await assert.rejects(createCluster("r", aws({}, { cloud_account_id: 3, name: "-" }), { accounts }), InvalidInput);
  });
});
