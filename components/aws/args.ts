import type * as pulumi from "../../sdk/pulumi";
import type { CapacityArgs } from "../../sdk/aws/capacity";
import type { GpuSharingArgs } from "../../sdk/kubernetes/gpu-sharing";
import type { TaintArgs } from "../../sdk/kubernetes/taint";

/** A group of equal EC2 instances between `minSize` and `maxSize`, kept by an EC2 Fleet. */
export interface AwsNodeGroupArgs {
  /** Name of the group: 1 to 63 lower-case letters, digits and hyphens. Nodes carry it in the label `gpu-clusters/node-group`. */
  name: string;
  /**
   * `worker` nodes run workloads. `control` nodes are kept for the cluster's own services: they carry the taint
   * `gpu-clusters/role=control:NoSchedule`, and their number is fixed (`minSize` equals `maxSize`).
   */
  role: "control" | "worker";
  /**
   * Fewest nodes, 0 to 100. Present when `pulumi up` returns.
   * @integer
   */
  minSize: pulumi.Input<number>;
  /**
   * Most nodes, 1 to 100. Lowering it below those that are there takes some away at once, without draining them: `kubectl drain` them before.
   * @integer
   */
  maxSize: pulumi.Input<number>;
  /**
   * Instance types in the order of preference, for example `["p5.48xlarge"]`. Several give the fleet more places to find machines; they
   * must have equal vCPUs, memory and GPUs, and one architecture.
   */
  instanceTypes: pulumi.Input<pulumi.Input<string>[]>;
  /** How machines are bought. Default: on-demand. */
  capacity?: CapacityArgs;
  /**
   * Root disk per node in GiB, 10 to 65 536, encrypted gp3. Default: 100.
   * @integer
   */
  diskSizeGib?: pulumi.Input<number>;
  /**
   * Operations per second of the root disk: 3000 to 80 000, at most 500 for each GiB. What is more than 3000 is charged. Default: 3000.
   * @integer
   */
  diskIops?: pulumi.Input<number>;
  /**
   * Throughput of the root disk in MiB per second: 125 to 2000, at most a quarter of its operations. What is more than 125 is charged.
   * Default: 125.
   * @integer
   */
  diskThroughput?: pulumi.Input<number>;
  /**
   * GPUs per node; 0: none are counted. Default: as many as AWS says that the instance type has, asked once and kept in the state.
   * @integer
   */
  gpus?: pulumi.Input<number>;
  /**
   * How pods share GPUs. Default: a GPU is one pod's.
   */
  gpuSharing?: GpuSharingArgs;
  /**
   * Who makes the GPUs. AMD's are `amd.com/gpu` by AMD's operator (Helm, pinned), on images of yours with the driver amdgpu. A cluster has one
   * maker's.
   * Default: `nvidia`.
   */
  gpuVendor?: "nvidia" | "amd";
  /**
   * Who brings NVIDIA's driver: the `image`, as the default ones do, or NVIDIA's GPU `operator` (Helm, pinned; driver 595, for GPUs from Turing
   * on) some minutes after a node's start. With `operator`, the default image is plain Ubuntu, and the operator looks after all GPUs of the
   * cluster.
   * Default: `image`.
   */
  gpuDriver?: "image" | "operator";
  /**
   * Elastic Fabric Adapters on every network card, for types that have them: of several types, all must have the same. Images must carry its
   * driver, as the default one for groups with GPUs does; pods ask AWS's EFA device plugin for adapters. Machines with several adapters have
   * no public address.
   * Default: `false`.
   */
  efa?: boolean;
  /**
   * A placement group of its own. `cluster`: close together in one zone, the first of the group's that offers the types, for the fastest
   * network; `partition`: on seven sets of racks in each zone; `spread`: each on another rack, at most seven in a zone.
   * Default: wherever there is room. Another one replaces the group, because machines cannot move.
   */
  placementGroup?: "cluster" | "partition" | "spread";
  /**
   * Image id. Default: the newest Ubuntu 24.04 when the group is made, and for groups with GPUs AWS's Deep Learning Base image of it, which
   * carries the driver; a newer one does not change the group.
   */
  image?: pulumi.Input<string>;
  /** Node labels, besides the package's own. A change concerns machines that are made from then on. */
  labels?: pulumi.Input<Record<string, pulumi.Input<string>>>;
  /** Node taints. A change concerns machines that are made from then on. */
  taints?: pulumi.Input<pulumi.Input<TaintArgs>[]>;
}

/** Another organisation's account, entered through a role there. */
export interface AwsCloudAccountArgs {
  /** For example `arn:aws:iam::123456789012:role/gpu-clusters`. */
  roleArn: string;
  /** What the role's trust policy asks for: 2 to 1224 letters, digits and `_+=,.@:/-`. */
  externalId?: string;
}

/** A new VPC, or one that exists. */
export interface AwsNetworkArgs {
  /**
   * Range of the new VPC, /16 to /24. It overlaps neither `podCidr` nor `serviceCidr`.
   * Default: `10.0.0.0/16`.
   */
  cidr?: string;
  /** Zones of the new VPC by name, one to three. Default: the region's first three (in us-west-1, two). */
  zones?: string[];
  /**
   * How private subnets reach the internet. `single`: one NAT gateway; `perZone`: one in each zone, which outlives the loss of a zone and
   * costs more; `none`: no gateway at all, and nodes are in the public subnets with addresses of their own, closed to the outside. A cluster with
   * gateways keeps some, and one without stays so.
   * Default: `single`. A NAT gateway is charged by the hour and by traffic.
   */
  nat?: "single" | "perZone" | "none";
  /** A VPC that exists; nothing is changed in it but security groups. None of its ranges overlaps `podCidr` or `serviceCidr`. */
  vpcId?: pulumi.Input<string>;
  /**
   * Subnets that exist, judged by their routes (`aws:SubnetChoice`). Nodes are where the default route leads to a NAT gateway or the like, one
   * subnet for each zone; where none is named, they are where it leads to an internet gateway and machines get public addresses. At least one
   * leads to an internet gateway, unless `controlPlane.publicAddress` is `false`: the API's public address is there, for the cluster's life. What
   * does not fit is refused.
   * Default with `vpcId`: each zone's first of a kind.
   */
  subnetIds?: pulumi.Input<pulumi.Input<string>[]>;
}

/** A file system of FSx for Lustre, whose every node reads and writes at the speed that its size has. */
export interface AwsLustreArgs {
  /**
   * 1200, 2400, or another multiple of 2400, in GiB. It grows with another number, and cannot shrink.
   * @integer
   */
  sizeGib: pulumi.Input<number>;
  /**
   * MB/s for each TiB: 125, 250, 500 or 1000 of `PERSISTENT_2`, 50, 100 or 200 of `PERSISTENT_1`. Default: the least.
   * @integer
   */
  throughput?: pulumi.Input<number>;
  /**
   * FSx's kind of file system that keeps what is in it over the loss of a server; not all regions have `PERSISTENT_2`. Another one is another,
   * empty file system, which `protect` refuses.
   * Default: `PERSISTENT_2`.
   */
  deploymentType?: "PERSISTENT_1" | "PERSISTENT_2";
}

/** A file system of the cluster's own: EFS, or FSx for Lustre. */
export interface AwsSharedStorageArgs {
  /**
   * FSx for Lustre in the place of EFS, for training that reads faster than EFS gives. It is in the first of the nodes' subnets: put the groups
   * that use it into that zone (`placementGroup: "cluster"`, `network.zones`), or pay for traffic between zones. Every node mounts it before it
   * joins, at `/mnt/shared`, by AWS's Lustre client, which it installs unless its image has it. AWS builds that for Ubuntu's kernels some time
   * after they have come out: where it is missing, `pulumi up` says which kernels have it, for an `image` of that age. Claims are directories of
   * it. Giving it to a cluster that is there, or taking it away, replaces the node groups. Charged by its size and throughput, used or not:
   * 1200 GiB at 125 MB/s for each TiB are about 175 USD a month.
   * Default: EFS.
   */
  lustre?: AwsLustreArgs;
  /**
   * Refuses to delete the file system, and what is in it, with the cluster: set `false` and run `pulumi up` first.
   * Default: `true`.
   */
  protect?: boolean;
}

/** The machines that run the Kubernetes API and etcd. */
export interface AwsControlPlaneArgs {
  /** Another one stops the machine for it, three one after the other while the API stays (`aws:ControlPlaneTurn`). One of another architecture is refused. Default: `t3.xlarge`. */
  instanceType?: pulumi.Input<string>;
  /**
   * Root disk in GiB, 20 to 65 536, encrypted gp3, which only grows. Default: 100.
   * @integer
   */
  diskSizeGib?: pulumi.Input<number>;
  /**
   * Image id. A machine that runs keeps its own; another is for machines that are made anew, where AWS has withdrawn the first.
   * Default: the newest Ubuntu 24.04 when the cluster is made.
   */
  image?: pulumi.Input<string>;
  /**
   * Machines, 1 or 3. One has a public address of its own. Three are highly available: over the zones, each with a member of etcd, behind
   * two network load balancers, of which one has public addresses. A cluster begins with one number and keeps it: another is refused.
   * Default: 1.
   * @integer
   */
  count?: number;
  /**
   * `false` for accounts that forbid public addresses and internet gateways: machines are where nodes are, and the API is reached at a private
   * address, by `pulumi up` too, which then runs in the VPC or by way of a VPN. For a network that exists, whose subnets lead out by a NAT gateway, a
   * transit gateway or the like (`network`), and for the cluster's life.
   * Default: `true`.
   */
  publicAddress?: boolean;
}

export interface AwsClusterArgs {
  /**
   * Name of the cluster: 1 to 128 letters, digits and hyphens, starting and ending with a letter or digit.
   * Default: the resource's name. It is the cluster's for its life: another is refused.
   */
  clusterName?: string;
  /**
   * Put before every physical name, for the life of the cluster; `vantage-` gives the names and tags of the create-cluster request.
   * Default: none.
   */
  namePrefix?: string;
  /**
   * Name of an EC2 key pair of the region, for SSH into the machines where `sshAccessCidrs` opens it. Another one is for machines that are made
   * from then on; those of the control plane keep theirs.
   */
  keyPair: pulumi.Input<string>;
  /** For example `us-west-2`, for the cluster's life: another is refused. Default: that of the AWS provider: an explicit one, or `aws:region`. */
  region?: string;
  /** Default: the credentials of the AWS providers as they are. */
  cloudAccount?: AwsCloudAccountArgs;
  /** Which VPC it is, and the range and zones of a new one, stay for the cluster's life: others are refused. Default: a new VPC. */
  network?: AwsNetworkArgs;
  /** The machines that run the Kubernetes API and etcd. Default: one. */
  controlPlane?: AwsControlPlaneArgs;
  /**
   * Kubernetes version of a new cluster: a minor (`1.37`) or a full version (`1.37.2`). Nodes always follow the version that the
   * control plane runs; upgrading a running control plane is done on it with kubeadm, and a preview says so while another is asked for.
   * Default: `1.37`.
   */
  kubernetesVersion?: string;
  /**
   * IPv4 range of the pods, /8 to /24, for the cluster's life: each node takes a /24 of it, so that the default has room for 256 nodes. It
   * overlaps neither `serviceCidr` nor any range of the VPC.
   * Default: `10.244.0.0/16`.
   */
  podCidr?: string;
  /** IPv4 range of the Services, /12 to /28, for the cluster's life. It overlaps none of the others. Default: `10.96.0.0/12`. */
  serviceCidr?: string;
  /**
   * Network between pods: `cilium` (Helm chart, pinned), `flannel` (VXLAN), or `none` if you install one yourself:
   * nodes are then only awaited until they have registered.
   * Default: `cilium`.
   */
  cni?: "cilium" | "flannel" | "none";
  /**
   * AWS's cloud controller manager, which makes load balancers for Services of type `LoadBalancer`. Without it nodes tell their addresses
   * themselves; what is changed here concerns machines that are made from then on. It finds subnets by the tags `kubernetes.io/role/elb` and
   * `kubernetes.io/role/internal-elb`, which new networks have; those of a VPC that exists are yours to tag. `pulumi destroy`
   * deletes the load balancers that are left (`aws:ServiceLoadBalancers`).
   * Default: `true`.
   */
  cloudControllerManager?: boolean;
  /**
   * Grows and shrinks the worker groups between `minSize` and `maxSize` by what pods need: Kubernetes' cluster-autoscaler, with a server of ours in its
   * pod. It acts with the control plane's role, which may change this cluster's fleets and
   * instances only.
   * Default: `true`.
   */
  autoscaler?: boolean;
  /**
   * How long nobody has needed a node, and no group has grown, until the node goes: a duration as cluster-autoscaler takes it for
   * `--scale-down-unneeded-time`, `90s` or `1h30m`. The same for all groups.
   * Default: `10m`.
   */
  scaleDownAfter?: string;
  /** Up to 20 groups of up to 100 nodes. */
  nodeGroups?: AwsNodeGroupArgs[];
  /**
   * Makes GPUs into `nvidia.com/gpu` that pods ask for: NVIDIA's device plugin, node labels with the GPUs' model and memory (GPU feature
   * discovery), metrics for Prometheus (the Service `nvidia-dcgm-exporter` in kube-system) and the RuntimeClass `nvidia`, on groups with GPUs;
   * `pulumi up` then waits until their nodes offer them. Where a group wants its driver or partitions of NVIDIA's GPU operator, that does it
   * all. Costs nothing but about 100 MiB of each node's memory, 1 GiB with the operator. `false` for those who install NVIDIA's GPU operator, or a platform that brings its own
   * (Modelplane): then no group takes `gpuSharing` or `gpuDriver`, nor the cluster `gpuMode`.
   * Default: `true`.
   */
  gpu?: boolean;
  /**
   * How pods get NVIDIA's GPUs. `plugin`: they ask for a number of `nvidia.com/gpu`, of the device plugin; `dra`: they name devices in
   * ResourceClaims, of NVIDIA's DRA driver (Helm, pinned) in the device plugin's place, as Modelplane wants it. `dra` takes no `gpuSharing`, drivers of
   * 565 or newer, Kubernetes 1.34.2 or newer, and groups do not grow from zero for claims. Change it while no pod has a GPU.
   * Default: `plugin`.
   */
  gpuMode?: "plugin" | "dra";
  /**
   * Volumes that one node has at a time: AWS's driver for EBS, and the class `gp3` (encrypted, growing), which claims get that name none. Without it a
   * cluster has no class at all, and the claims of most charts wait for ever. The control plane's role may make, attach and delete such volumes,
   * with the cluster's mark; where the account encrypts disks with a key of its own by default, that key's policy must let the role do so
   * (`kms:CreateGrant`, `kms:Decrypt`, `kms:GenerateDataKeyWithoutPlaintext`). A volume is in one zone, as its pods are then: a group over several
   * zones is not grown from zero for them. A volume goes with its claim; those whose claims are still there when the cluster is destroyed stay, and
   * are charged: `pulumi destroy` names them (`kubernetes:VolumesLeft`). `false` for those who install the driver's own chart. Costs nothing but the volumes, by their size, and 100 MiB of each node's
   * memory.
   * Default: `true`.
   */
  blockStorage?: boolean;
  /**
   * Storage that many pods on many nodes read and write at once: an encrypted EFS file system, a way to it in each zone, AWS's driver for it (Helm,
   * pinned) and the StorageClass `shared`, whose claims are access points (`SharedClaim`). The nodes' role may make and delete these
   * only. In a network that exists, `network.subnetIds` says where the nodes are. Charged by the data that is kept, read and written. With
   * `lustre`, a file system of FSx for Lustre behind the same class.
   * Default: none.
   */
  sharedStorage?: AwsSharedStorageArgs;
  /**
   * IPv4 ranges that may reach the Kubernetes API: a list in hand, whose ranges may be outputs of other resources.
   * Default: `["0.0.0.0/0"]`; clients are still asked for a certificate or token.
   */
  apiServerAccessCidrs?: pulumi.Input<string>[];
  /** IPv4 ranges that may reach port 22 of the machines: a list in hand, whose ranges may be outputs of other resources. Default: none. */
  sshAccessCidrs?: pulumi.Input<string>[];
  /** ARN of a policy that bounds the machines' roles, where an account demands one. Default: none. */
  permissionsBoundary?: pulumi.Input<string>;
  /**
   * Id or ARN of a symmetric KMS key of the region, which the cluster's keys and the administrator's credential are encrypted with, in the
   * parameters `/gpu-clusters/<namePrefix><clusterName>/…`. Its policy must let whoever runs the program `kms:Encrypt` and `kms:Decrypt` with it,
   * and IAM decide about the control plane's role; `administrators` are yours to name in it. Another one takes their place as long as both can
   * be used.
   * Default: a key of the cluster's own (1 USD a month), whose policy names who may use it. `pulumi destroy` schedules its deletion in 7 days,
   * the shortest time that AWS takes, in which it costs nothing and can be taken back: what it opened is deleted with the cluster.
   */
  kmsKeyId?: pulumi.Input<string>;
  /**
   * ARNs of IAM roles and users that may use the cluster's KMS key besides whoever makes the cluster: they read the administrator's credential
   * (`kubeconfigExec`) and can run `pulumi up`. IAM must allow them `ssm:GetParameter`, and `kms:Decrypt` with the key, too.
   * Default: none.
   */
  administrators?: pulumi.Input<string>[];
  /**
   * Tags of everything that is made, with those that the AWS provider has by default (`aws:defaultTags`, or its own): at most 40, whose keys differ by more than case, of letters, digits,
   * spaces and `_ . : / = + - @`, because IAM takes no others. Access points of EFS, which its driver makes for claims, have those of ASCII alone.
   */
  tags?: pulumi.Input<Record<string, pulumi.Input<string>>>;
  /**
   * Allows pre-releases of Kubernetes, installed from the project's pre-release packages.
   * Default: `false`.
   */
  devMode?: boolean;
  /**
   * How long the administrator's certificate in the kubeconfig lives, in hours. `pulumi up` renews it when less than a third is left.
   * Default: 2160 (90 days).
   * @integer
   */
  adminValidityHours?: pulumi.Input<number>;
}
