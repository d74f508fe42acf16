/** Every input of every cluster changes once: none may make the control plane, its network or what stores data anew, or be refused without a way out. */
import type { AwsClusterArgs, AwsNodeGroupArgs } from "../../components/aws/args";
import { AwsCluster } from "../../components/aws/cluster";
import type { CudoClusterArgs, CudoNodeGroupArgs } from "../../components/cudo/args";
import { CudoCluster } from "../../components/cudo/cluster";
import type { MithrilClusterArgs, MithrilNodeGroupArgs } from "../../components/mithril/args";
import { MithrilCluster } from "../../components/mithril/cluster";
import * as aws from "./aws-scene";
import * as cudo from "./cudo-scene";
import { describeLife, type Changes, type Life } from "./lasting-table";
import * as mithril from "./mithril-scene";
import { mockProgram, settled } from "./mocks";
import { otherPublicKey, sshPublicKey } from "./public-key";

const named: AwsClusterArgs["network"] = { subnetIds: ["subnet-a", "subnet-public"] };
const namedOnes = "those of a network that exists";
const elsewhere: AwsClusterArgs["network"] = { vpcId: "vpc-there", subnetIds: ["subnet-a", "subnet-public"] };
const first = (changes: Partial<AwsNodeGroupArgs>) => ({ nodeGroups: [{ ...aws.group, ...changes }] });
const becomes = (field: string, from: string, to: string) =>
  new RegExp(`^${field}: was ${from} .* cannot become ${to}( \\(did you mean .*\\))?: `);

const onEvery = {
  clusterName: { to: { clusterName: "other" }, refused: becomes("clusterName", "train", "other") },
  namePrefix: { to: { namePrefix: "team-" }, refused: becomes("namePrefix", '""', '"team-"') },
  autoscaler: { to: { autoscaler: true } },
  scaleDownAfter: { to: { scaleDownAfter: "20m" } },
} satisfies Changes<MithrilClusterArgs>;

/** On clouds whose control plane we boot. */
const onBooted = {
  kubernetesVersion: { to: { kubernetesVersion: "1.36" } },
  podCidr: { to: { podCidr: "10.128.0.0/16" }, refused: becomes("podCidr", "10.244.0.0/16", "10.128.0.0/16") },
  serviceCidr: {
    to: { serviceCidr: "172.20.0.0/16" },
    refused: becomes("serviceCidr", "10.96.0.0/12", "172.20.0.0/16"),
  },
  cni: { to: { cni: "cilium" } },
  gpu: { alone: true, to: { gpu: false } },
  gpuMode: { alone: true, to: { gpuMode: "dra" } },
  devMode: { to: { devMode: true } },
  adminValidityHours: { to: { adminValidityHours: 24 } },
} satisfies Changes<CudoClusterArgs>;

const groupsOnEvery = <Args>(group: (changes: { name?: string; minSize?: number; maxSize?: number }) => Args) => ({
  "nodeGroups.name": { to: group({ name: "other" }), loses: /train-(of-name|gpu)/ },
  "nodeGroups.minSize": { to: group({ minSize: 2 }) },
  "nodeGroups.maxSize": { to: group({ maxSize: 2 }) },
});

const groupsOnBooted = <Args>(group: (changes: Partial<AwsNodeGroupArgs & CudoNodeGroupArgs>) => Args) => ({
  "nodeGroups.role": { to: group({ role: "control", maxSize: 1 }) },
  "nodeGroups.diskSizeGib": { to: group({ diskSizeGib: 200 }) },
  "nodeGroups.gpuSharing": { to: group({ gpuSharing: { timeSlicing: 2 } as never }) },
  "nodeGroups.gpuVendor": { to: group({ gpuVendor: "nvidia" }) },
  "nodeGroups.gpuDriver": { to: group({ gpuDriver: "operator" }) },
  "nodeGroups.labels": { to: group({ labels: { tier: "other" } }) },
  "nodeGroups.taints": { to: group({ taints: [] }) },
});

const awsLife: Life<AwsClusterArgs> = {
  type: "gpu-clusters:aws:AwsCluster",
  // With all that a change could take away.
  base: { ...aws.minimal, controlPlane: { count: 3 }, sharedStorage: {}, region: "us-west-2", autoscaler: false },
  async run(args) {
    const registered = await mockProgram(aws.cloud, false, {
      ...aws.functions,
      "aws:index/getRegion:getRegion": () => ({ region: args.region ?? "us-west-2" }),
      "aws:index/getCallerIdentity:getCallerIdentity": () => ({
        accountId: args.cloudAccount?.roleArn.split(":")[4] ?? "123456789012",
      }),
    });
    new AwsCluster("train", args);
    await settled();
    return registered;
  },
  changes: {
    ...onEvery,
    keyPair: { to: { keyPair: "another" } },
    region: { to: { region: "eu-west-1" }, refused: becomes("region", "us-west-2", "eu-west-1") },
    "cloudAccount.roleArn": {
      to: { cloudAccount: { roleArn: "arn:aws:iam::210987654321:role/gpu-clusters" } },
      refused: becomes("the AWS account", "123456789012", "210987654321"),
    },
    "cloudAccount.externalId": {
      from: { cloudAccount: { roleArn: "arn:aws:iam::123456789012:role/gpu-clusters" } },
      to: { cloudAccount: { roleArn: "arn:aws:iam::123456789012:role/gpu-clusters", externalId: "secret" } },
    },
    "network.cidr": {
      to: { network: { cidr: "10.8.0.0/16" } },
      refused: becomes("network.cidr", "10.0.0.0/16", "10.8.0.0/16"),
    },
    "network.zones": {
      from: { network: { zones: ["us-west-2a", "us-west-2b"] } },
      to: { network: { zones: ["us-west-2a", "us-west-2c"] } },
      refused: becomes("network.zones", "us-west-2a, us-west-2b", "us-west-2a, us-west-2c"),
    },
    "network.nat": [
      { to: { network: { nat: "perZone" } } },
      { to: { network: { nat: "none" } }, refused: becomes("network.nat", "single or perZone", "none") },
    ],
    "network.vpcId": [
      { alone: true, to: { network: elsewhere }, refused: becomes("network.vpcId", "a new one", "vpc-there") },
      {
        from: { network: elsewhere },
        to: { network: { ...elsewhere, vpcId: "vpc-other" } },
        refused: becomes("network.vpcId", "vpc-there", "vpc-other"),
      },
    ],
    "network.subnetIds": [
      { from: { network: named }, to: { network: { subnetIds: ["subnet-a", "subnet-b", "subnet-public"] } } },
      { alone: true, to: { network: named }, refused: becomes("network.subnetIds", "new ones", namedOnes) },
      {
        from: { network: named },
        to: { network: undefined },
        refused: becomes("network.subnetIds", namedOnes, "new ones"),
      },
      // Of the same VPC: what is of another, `SubnetChoice` refuses.
      { from: { network: elsewhere }, to: { network: { vpcId: undefined } } },
      { from: { network: named }, to: { network: { vpcId: "vpc-there" } } },
    ],
    "controlPlane.instanceType": [
      { to: { controlPlane: { count: 3, instanceType: "m7i.xlarge" } } },
      {
        to: { controlPlane: { count: 3, instanceType: "m7g.xlarge" } },
        refused: becomes("architecture of controlPlane.instanceType", "x86_64", "arm64"),
      },
    ],
    "controlPlane.diskSizeGib": [
      { to: { controlPlane: { count: 3, diskSizeGib: 200 } } },
      {
        to: { controlPlane: { count: 3, diskSizeGib: 50 } },
        refused: becomes("controlPlane.diskSizeGib", "100", "50"),
      },
    ],
    "controlPlane.image": { to: { controlPlane: { count: 3, image: "ami-0123456789abcdef0" } } },
    "controlPlane.count": { to: { controlPlane: { count: 1 } }, refused: becomes("controlPlane.count", "3", "1") },
    "controlPlane.publicAddress": {
      from: { network: elsewhere },
      to: { controlPlane: { count: 3, publicAddress: false } },
      refused: becomes("controlPlane.publicAddress", "true", "false"),
    },
    ...onBooted,
    cloudControllerManager: { to: { cloudControllerManager: false } },
    blockStorage: { to: { blockStorage: false }, loses: /^VolumesLeft / },
    "sharedStorage.protect": [
      { to: { sharedStorage: { protect: false } } },
      {
        alone: true,
        to: { sharedStorage: undefined },
        refused: /^sharedStorage: cannot be left out, .* protect: false/,
      },
    ],
    "sharedStorage.lustre": {
      to: { sharedStorage: { lustre: { sizeGib: 1200 } } },
      refused: becomes("kind of sharedStorage", "EFS", "Lustre PERSISTENT_2"),
    },
    apiServerAccessCidrs: { to: { apiServerAccessCidrs: ["203.0.113.0/24"] }, loses: /^SecurityGroup\w*Rule / },
    sshAccessCidrs: { to: { sshAccessCidrs: ["203.0.113.0/24"] } },
    permissionsBoundary: { to: { permissionsBoundary: "arn:aws:iam::123456789012:policy/boundary" } },
    kmsKeyId: { to: { kmsKeyId: aws.ownKeyArn.replace("0c1f", "1c1f") }, loses: /^(Key|Deployer) / },
    administrators: { alone: true, to: { administrators: ["arn:aws:iam::123456789012:role/ops"] } },
    tags: { to: { tags: { team: "ml" } } },
    ...groupsOnEvery(first),
    ...groupsOnBooted(first),
    "nodeGroups.instanceTypes": { to: first({ instanceTypes: ["g5.xlarge"] }) },
    "nodeGroups.capacity": { to: first({ capacity: { spot: {} } }) },
    "nodeGroups.diskIops": { to: first({ diskIops: 4000 }) },
    "nodeGroups.diskThroughput": { to: first({ diskThroughput: 200 }) },
    "nodeGroups.gpus": { to: first({ gpus: 2 }) },
    "nodeGroups.efa": { to: first({ instanceTypes: ["p5.48xlarge"], efa: true }) },
    "nodeGroups.placementGroup": { to: first({ placementGroup: "spread" }) },
    "nodeGroups.image": { to: first({ image: "ami-0123456789abcdef0" }) },
  },
};

const cudoBase: CudoClusterArgs = {
  nodeGroups: [cudo.group],
  cni: "none",
  sharedStorage: { sizeGib: 100 },
  noVault: true,
  autoscaler: false,
};
const vms = (changes: Partial<CudoNodeGroupArgs>) => ({ nodeGroups: [{ ...cudo.group, ...changes }] });
const byKey = { sshPublicKey, sshAccessCidrs: ["203.0.113.0/24"] };

const cudoLife: Life<CudoClusterArgs> = {
  type: "gpu-clusters:cudo:CudoCluster",
  base: cudoBase,
  async run(args) {
    const registered = await mockProgram(cudo.cloud);
    const { VAULT_TOKEN } = process.env;
    process.env.VAULT_TOKEN = "token";
    try {
      new CudoCluster("train", args);
    } finally {
      if (VAULT_TOKEN === undefined) delete process.env.VAULT_TOKEN;
      else process.env.VAULT_TOKEN = VAULT_TOKEN;
    }
    await settled();
    return registered;
  },
  changes: {
    ...onEvery,
    ...onBooted,
    "controlPlane.size": [{ to: { controlPlane: { size: "lg" } } }, { to: { controlPlane: { size: "sm" } } }],
    "controlPlane.machineType": { to: { controlPlane: { machineType: "epyc-rome-a5000" } } },
    dataCenterId: {
      to: { dataCenterId: "gb-bournemouth-1", ...vms({ dataCenterId: "gb-bournemouth-1" }) },
      refused: becomes("dataCenterId", "us-newyork-1", "gb-bournemouth-1"),
    },
    "sharedStorage.sizeGib": [
      { to: { sharedStorage: { sizeGib: 200 } } },
      { to: { sharedStorage: { sizeGib: 50 } }, refused: becomes("sharedStorage.sizeGib", "100", "50") },
    ],
    "sharedStorage.protect": [
      { to: { sharedStorage: { sizeGib: 100, protect: false } } },
      {
        alone: true,
        to: { sharedStorage: undefined },
        refused: /^sharedStorage: cannot be left out, .* protect: false/,
      },
    ],
    vault: { alone: true, to: { noVault: false, vault: { address: "https://vault.example.com:8200" } } },
    noVault: { to: { noVault: true } },
    sshPublicKey: { from: byKey, to: { sshPublicKey: otherPublicKey } },
    sshPrivateKey: { from: byKey, to: { sshPrivateKey: mithril.args.sshPrivateKey } },
    apiServerAccessCidrs: { to: { apiServerAccessCidrs: ["203.0.113.0/24"] } },
    sshAccessCidrs: { from: byKey, to: { sshAccessCidrs: ["198.51.100.0/24"] } },
    ...groupsOnEvery(vms),
    ...groupsOnBooted(vms),
    "nodeGroups.vcpus": { to: vms({ vcpus: 16 }) },
    "nodeGroups.memoryGib": { to: vms({ memoryGib: 64 }) },
    "nodeGroups.dataCenterId": {
      alone: true,
      to: vms({ dataCenterId: "gb-bournemouth-1" }),
      refused: becomes("dataCenterId", "us-newyork-1", "gb-bournemouth-1"),
    },
    "nodeGroups.machineType": { to: vms({ machineType: "epyc-rome-a5000" }) },
    "nodeGroups.gpus": { to: vms({ gpus: 1 }) },
    "nodeGroups.gpuModel": { to: vms({ gpuModel: "A100" }) },
    "nodeGroups.image": { to: vms({ image: "ubuntu-2204-nvidia-550-docker" }) },
  },
};

const bids = (changes: Partial<MithrilNodeGroupArgs>) => ({ nodeGroups: [{ ...mithril.group, ...changes }] });

const mithrilLife: Life<MithrilClusterArgs> = {
  type: "gpu-clusters:mithril:MithrilCluster",
  base: { ...mithril.args, autoscaler: false },
  async run(args) {
    const registered = await mockProgram(mithril.cloud);
    new MithrilCluster("train", args);
    await settled();
    return registered;
  },
  changes: {
    ...onEvery,
    region: { to: { region: "us-east1-a" }, refused: becomes("region", "us-central5-a", "us-east1-a") },
    "controlPlane.instanceType": {
      to: { controlPlane: { instanceType: "cpu.8x" } },
      refused: becomes("controlPlane.instanceType", "cpu.4x", "cpu.8x"),
    },
    kubernetesVersion: [
      { to: { kubernetesVersion: "1.29" }, refused: becomes("kubernetesVersion", "1.34", "1.29") },
      { to: { kubernetesVersion: "1.34" } },
    ],
    sshPublicKey: [
      {
        to: { sshPublicKey: otherPublicKey },
        refused: becomes("sshPublicKey", "ssh-ed25519 \\S+", "ssh-ed25519 \\S+"),
      },
      { to: { sshPublicKey: `${mithril.args.sshPublicKey as string}-at-home` } },
    ],
    sshKeyId: [
      {
        from: { sshPublicKey: undefined, sshKeyId: "sshkey_a" },
        to: { sshKeyId: "sshkey_b" },
        refused: becomes("sshKeyId", "sshkey_a", "sshkey_b"),
      },
      { to: { sshPublicKey: undefined, sshKeyId: "sshkey_a" }, loses: /^SshKey / },
    ],
    sshPrivateKey: { to: { sshPrivateKey: mithril.args.sshPrivateKey } },
    sshPort: { to: { sshPort: 2222 } },
    hostKey: { to: { hostKey: "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIGb9ECWmEzf6FQbrBZ9w7lshQhqowtrbLDFw4rXAxZuE" } },
    timeoutMinutes: { to: { timeoutMinutes: 30 } },
    "fileShares.name": [
      {
        alone: true,
        to: { fileShares: [{ name: "other", sizeGb: 100 }] },
        refused: /^the file share "datasets": cannot be left out, nor get another name: /,
      },
      { alone: true, to: { fileShares: [] }, refused: /^the file share "datasets": cannot be left out/ },
      {
        from: { fileShares: [{ name: "datasets", sizeGb: 100, protect: false }] },
        to: { fileShares: [] },
        loses: /^Volume train-datasets/,
      },
    ],
    "fileShares.protect": { to: { fileShares: [{ name: "datasets", sizeGb: 100, protect: false }] } },
    "fileShares.sizeGb": {
      to: { fileShares: [{ name: "datasets", sizeGb: 200 }] },
      refused: becomes('sizeGb of the file share "datasets"', "100", "200"),
    },
    "sharedStorage.share": { to: { sharedStorage: { share: "datasets" } } },
    "sharedStorage.protect": [
      {
        from: { sharedStorage: { share: "datasets" } },
        to: { sharedStorage: { share: "datasets", protect: false } },
      },
      {
        from: { sharedStorage: { share: "datasets", protect: false } },
        to: { sharedStorage: undefined, fileShares: [] },
        loses: /^(Volume train-datasets|\w+ train-shared-)/,
      },
    ],
    ...groupsOnEvery(bids),
    "nodeGroups.instanceType": { to: bids({ instanceType: "a100-80gb.sxm.8x" }) },
    "nodeGroups.capacity": { to: bids({ capacity: { spot: { limitPrice: "$30.00" } } }) },
    "nodeGroups.gpus": { to: bids({ gpus: 4 }) },
    "nodeGroups.region": { to: bids({ region: "us-central5-a" }) },
    "nodeGroups.volumes": { to: bids({ volumes: ["vol_a"] }) },
    "nodeGroups.startupScript": { to: bids({ startupScript: "#!/bin/bash\ntrue" }) },
    "nodeGroups.image": { to: bids({ image: "imgver_a" }) },
    "nodeGroups.paused": { to: bids({ paused: true }) },
  },
};

describeLife(awsLife);
describeLife(cudoLife);
describeLife(mithrilLife);
