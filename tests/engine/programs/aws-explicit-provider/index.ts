import { Provider } from "@pulumi/aws/provider";
import * as pulumi from "@pulumi/pulumi";
import { AwsCluster } from "../../../../components/aws";

const config = new pulumi.Config();
const provider = new Provider("elsewhere", {
  region: config.require("region") as never,
  accessKey: config.get("accessKey"),
  secretKey: config.get("secretKey"),
  token: config.get("token"),
});

new AwsCluster(
  "train",
  {
    keyPair: "ops",
    cni: "none",
    nodeGroups: [{ name: "cpu", role: "worker", minSize: 1, maxSize: 1, instanceTypes: ["m5.large"] }],
  },
  { providers: [provider] },
);
