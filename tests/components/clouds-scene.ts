/** The clouds' clusters: what each takes, and what it says of that. */
import { checkAwsClusterArgs } from "../../components/aws/validate";
import { checkCudoClusterArgs } from "../../components/cudo/validate";
import type { Problems } from "../../components/errors";
import { checkMithrilClusterArgs } from "../../components/mithril/validate";
import { sshPrivateKey } from "./private-key";

export const bounds = { name: "gpu", role: "worker", minSize: 0, maxSize: 2 };
export const marks = { labels: { tier: "gpu" }, taints: [{ key: "gpu", value: "a", effect: "NoSchedule" }] };
const ranges = { podCidr: "10.244.0.0/16", serviceCidr: "10.96.0.0/12", apiServerAccessCidrs: ["192.0.2.0/24"] };
const common = { clusterName: "train", kubernetesVersion: "1.37", cni: "none", scaleDownAfter: "10m", ...ranges };

export const clouds: Record<string, { base: object; check(given: never): Problems }> = {
  AwsCluster: {
    base: {
      ...common,
      keyPair: "ops",
      region: "us-west-2",
      tags: { team: "ml" },
      sharedStorage: { protect: true },
      controlPlane: { count: 1, instanceType: "t3.xlarge", diskSizeGib: 50, image: "ami-0123456789abcdef0" },
      network: { cidr: "10.0.0.0/16", zones: ["us-west-2a"], nat: "single" },
      cloudAccount: { roleArn: "arn:aws:iam::123456789012:role/ops", externalId: "abc" },
      administrators: ["arn:aws:iam::123456789012:role/ops"],
      nodeGroups: [{ ...bounds, ...marks, instanceTypes: ["g5.xlarge"], capacity: { onDemand: {} }, diskSizeGib: 100 }],
    },
    check: (given) => checkAwsClusterArgs("train", given),
  },
  CudoCluster: {
    base: {
      ...common,
      noVault: true,
      controlPlane: { size: "md" },
      sharedStorage: { sizeGib: 100 },
      nodeGroups: [
        { ...bounds, ...marks, vcpus: 4, memoryGib: 8, diskSizeGib: 50, dataCenterId: "d", machineType: "m" },
      ],
    },
    check: (given) => checkCudoClusterArgs("train", given),
  },
  MithrilCluster: {
    base: {
      clusterName: "train",
      region: "r",
      sshKeyId: "sshkey_1",
      sshPrivateKey,
      sshPort: 22,
      controlPlane: { instanceType: "cpu" },
      fileShares: [{ name: "data", sizeGb: 10 }],
      nodeGroups: [
        { name: "gpu", minSize: 0, maxSize: 1, instanceType: "h100", capacity: { spot: { limitPrice: "$1.00" } } },
      ],
    },
    check: (given) => checkMithrilClusterArgs("train", given),
  },
};
