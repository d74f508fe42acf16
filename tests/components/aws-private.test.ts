import assert from "node:assert/strict";
import { checkAwsClusterArgs } from "../../components/aws/validate";
import { deployed, inputs, minimal } from "./aws-scene";
import { valueOf } from "./mocks";

const network = { vpcId: "vpc-there" };

describe("an AwsCluster without public addresses", () => {
  it("has its machine among the nodes, and its API at that machine's own address", async () => {
    const { registered, cluster } = await deployed({ network, controlPlane: { publicAddress: false } });
    assert.deepEqual(
      registered.types().filter((type) => /eip|nat|internet|balancer/i.test(type)),
      ["gpu-clusters:aws:ServiceLoadBalancers"],
    );
    assert.equal(await valueOf(cluster.endpoint), "https://10.0.192.4:6443");
    const { subnetId, vpcSecurityGroupIds } = inputs(registered, "train-control-plane");
    assert.deepEqual([subnetId, vpcSecurityGroupIds], ["subnet-a", ["train-nodes-id", "train-api-id"]]);
    assert.equal(inputs(registered, "train-network-subnets")["publicApi"], false);
    assert.deepEqual((inputs(registered, "train-account")["network"] as { addresses: number }).addresses, 0);
  });

  it("has one balancer for three machines, which is internal and open to those who may reach the API", async () => {
    const { registered, cluster } = await deployed({ network, controlPlane: { count: 3, publicAddress: false } });
    const balancer = inputs(registered, "train-control-plane-inner-balancer");
    assert.deepEqual([balancer["internal"], balancer["securityGroups"]], [true, ["train-nodes-id", "train-api-id"]]);
    assert.equal(registered.all("aws:lb/loadBalancer:LoadBalancer").length, 1);
    assert.equal(registered.all("aws:lb/targetGroupAttachment:TargetGroupAttachment").length, 3);
    assert.equal(await valueOf(cluster.endpoint), "https://train-api-inner.elb.us-west-2.amazonaws.com:6443");
  });

  it("says where `up` must run when its API does not answer, and others nothing of it", async () => {
    const hintOf = async (publicAddress: boolean) => {
      const { registered } = await deployed({ network, controlPlane: { publicAddress } });
      return registered.inputs("gpu-clusters:kubernetes:ApiServerReady")["hint"] as string | undefined;
    };
    assert.match(
      (await hintOf(false))!,
      /reached within the VPC only: run `pulumi up` on a machine there, by way of a VPN/,
    );
    assert.equal(await hintOf(true), undefined);
  });

  it("needs a network that exists", () => {
    const { all } = checkAwsClusterArgs("train", { ...minimal, controlPlane: { publicAddress: false } });
    assert.deepEqual(
      all.map(({ propertyPath, reason }) => `${propertyPath}: ${reason}`),
      [
        "controlPlane.publicAddress: false is for a network that exists, from which the API is reached: name network.vpcId or network.subnetIds",
      ],
    );
  });
});
