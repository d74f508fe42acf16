import "./official-package";
import type { MachineLogArgs } from "../../sdk/kubernetes/api-server-ready";
import * as pulumi from "../../sdk/pulumi";
import type { AddOn } from "../addons/add-on";
import { autoscaler } from "../addons/autoscaler/add-on";
import { blockClass, ebsClass } from "../addons/block-storage/place";
import type { KubernetesCluster, NodeGroupStatus } from "../cluster";
import { tellTightRoom } from "../cluster-ranges";
import { engineInputs } from "../engine-inputs";
import type { Problems } from "../errors";
import { argsOf } from "../inputs";
import { kubeadmCluster, type Joining, type KubeadmNodeGroup } from "../kubeadm/cluster";
import { ifThere, ofAllThere } from "../left-out";
import { askedKubernetesVersion } from "../versions";
import type { AwsClusterArgs } from "./args";
import { controlPlane } from "./control-plane";
import { namingFailures } from "./failures";
import { gpuFields } from "./gpus";
import { groupTypes } from "./group-types";
import { withOperatorLabels } from "../addons/gpu/groups";
import { fileShares } from "../addons/file-shares";
import { nodeFacts, statusOf } from "../addons/groups";
import { afterLook } from "../after-look";
import { sharedClassOnce } from "../addons/shared-storage/place";
import { heldArgs } from "../schema-check";
import { awsFoundation, awsPlace, type AwsPlace, type Foundation } from "./foundation";
import { machineImage } from "./images";
import { execKubeconfig } from "./kubeconfig";
import { apiPort } from "./load-balancer";
import { autoscaledGroup, groupPlan, nodeGroup, type NodeGroupPlace } from "./node-groups";
import { checkAccount, stackDefaultTags, usesStackAccount } from "./provider";
import { checkStackRegion } from "./region";
import { withTags } from "./tags";
import { checkAwsClusterArgs } from "./validate";

/**
 * A Kubernetes cluster on EC2: a VPC (or one that exists), roles, one control plane machine set up by kubeadm, and node groups on EC2 Fleet.
 *
 * The kubeconfig is computed from the cluster's own certificate authority and a public address that stays. Machines get keys and tokens
 * from SSM's parameter store with their roles; user data has no secrets. The authorities' keys are made and written there by the plugin, under a
 * KMS key (`aws:ClusterKeys`): programs and logs never see them, and the state has them only as KMS encrypted them.
 *
 * Cost: every machine by the hour, with its disk; NAT gateways and public addresses by the hour; traffic between zones and to the outside; the
 * cluster's KMS key 1 USD a month (`kmsKeyId`: one that is there).
 *
 * @example
 * const cluster = new AwsCluster("train", {
 *   keyPair: "ops",
 *   nodeGroups: [{ name: "gpu", role: "worker", minSize: 1, maxSize: 8, instanceTypes: ["g5.2xlarge"] }],
 * });
 * export const kubeconfig = cluster.kubeconfig;
 */
export class AwsCluster extends pulumi.ComponentResource implements KubernetesCluster {
  static readonly __pulumiType = "gpu-clusters:aws:AwsCluster";

  /** Name of the cluster; also the kubeconfig's context. */
  public readonly clusterName: pulumi.Output<string>;
  /** `https://address:6443` of the API server. */
  public readonly endpoint: pulumi.Output<string>;
  /** PEM certificate of the cluster's authority. */
  public readonly certificateAuthority: pulumi.Output<string>;
  /**
   * YAML with the administrator's certificate.
   * @secret
   */
  public readonly kubeconfig: pulumi.Output<string>;
  /** YAML without credentials: `aws ssm get-parameter` fetches them, for whoever IAM lets read the parameter. */
  public readonly kubeconfigExec: pulumi.Output<string>;
  /** Sizes of the node groups. */
  public readonly nodeGroups: pulumi.Output<NodeGroupStatus[]>;
  /** `ready` once the API server answers and every group has its minimum of nodes; unknown before that. */
  public readonly status: pulumi.Output<string>;
  /** `shared` once the StorageClass is there, where the cluster has `sharedStorage`. */
  public readonly sharedStorageClass?: pulumi.Output<string>;
  /** For add-ons and for resources of your own inside the cluster. */
  public readonly kubeProvider: pulumi.ProviderResource;
  public readonly vpcId: pulumi.Output<string>;
  /** Where the nodes are: one subnet for each zone. */
  public readonly subnetIds: pulumi.Output<string[]>;
  /** The nodes' role, for policies of your own. */
  public readonly nodeRoleArn: pulumi.Output<string>;
  /** Security group of all machines. */
  public readonly nodeSecurityGroupId: pulumi.Output<string>;
  /** Security group that the Kubernetes API has besides. */
  public readonly controlPlaneSecurityGroupId: pulumi.Output<string>;

  constructor(name: string, given: AwsClusterArgs, options?: pulumi.ComponentResourceOptions) {
    checkAwsCluster(name, given, options).raise("AwsCluster");
    const args = heldArgs(AwsCluster.__pulumiType, given);
    checkAccount(args);
    super(AwsCluster.__pulumiType, name, engineInputs(AwsCluster.__pulumiType, args), namingFailures(name, options));
    tellTightRoom(args, this);
    const place = awsPlace(name, args, this);
    const foundation = awsFoundation(name, args, place, afterLook(given));
    const { machines, ready, publicHost, privateHost } = clusterControlPlane(name, args, { place, foundation });
    const endpoint = pulumi.interpolate`https://${publicHost}:${apiPort}`;
    const { network, access, secrets, nodeIdentity } = foundation;
    const groups = askedGroups(name, args, foundation);
    const fields = groups.map(({ group, types }) => gpuFields(group, types));
    const gpus = (args.gpu ?? true) ? fields : [];

    const { kubeProvider, ...outputs } = kubeadmCluster(
      name,
      {
        clusterName: place.clusterName,
        certificates: secrets.keys,
        controlPlane: {
          machines: machines.map(({ id }) => id),
          ready,
          endpoint,
          log: consoleOf(machines[0]!.id),
          hint: args.controlPlane?.publicAddress === false ? insideHint : undefined,
        },
        askedVersion: args.kubernetesVersion,
        cni: args.cni ?? "cilium",
        podSubnet: place.ranges.podCidr,
        gpus,
        gpuMode: args.gpuMode,
        addOns: {
          beforeGroups: (args.blockStorage ?? true) ? [blockStorage(place)] : [],
          beforeNodes: place.externalCloudProvider ? [cloudControllerManager] : [],
          besideGroups:
            (args.autoscaler ?? true)
              ? [
                  autoscaler({
                    clusterName: place.clusterName,
                    providers: accessOf(place),
                    scaleDownAfter: args.scaleDownAfter,
                    // Machines have the control plane's token.
                    usesMachineRole: true,
                  }),
                ]
              : [],
          afterNodes: foundation.files ? [foundation.files.addOn] : [],
        },
        nodeGroups: groups.map((asked, index) =>
          clusterNodeGroup(
            name,
            { ...asked, group: withOperatorLabels(asked.group, fields[index]!, gpus) },
            { args, place, foundation, endpoint: pulumi.interpolate`https://${privateHost}:${apiPort}` },
          ),
        ),
      },
      place.child,
    );

    this.clusterName = outputs.clusterName;
    this.endpoint = outputs.endpoint;
    this.certificateAuthority = outputs.certificateAuthority;
    this.kubeconfig = outputs.kubeconfig;
    this.kubeconfigExec = ofAllThere(
      [endpoint, outputs.certificateAuthority, secrets.adminParameterArn],
      (endpoint, certificateAuthority, parameterArn) =>
        execKubeconfig({ clusterName: place.clusterName, endpoint, certificateAuthority, parameterArn }),
    );
    this.kubeProvider = kubeProvider;
    if ((args.nodeGroups ?? []).every(({ image }) => image === undefined))
      fileShares.set(this, args.sharedStorage?.lustre ? ["shared"] : []);
    if (args.blockStorage ?? true) blockClass.set(this, ebsClass);
    nodeFacts.set(this, { filesOnWorkers: args.sharedStorage?.lustre !== undefined });
    this.nodeGroups = outputs.nodeGroups;
    this.status = outputs.status;
    if (args.sharedStorage) this.sharedStorageClass = sharedClassOnce(outputs.status);
    this.vpcId = network.vpcId;
    this.subnetIds = network.subnetIds;
    this.nodeRoleArn = nodeIdentity.roleArn;
    this.nodeSecurityGroupId = access.nodes;
    this.controlPlaneSecurityGroupId = access.controlPlane;
    this.registerOutputs({
      ...outputs,
      sharedStorageClass: this.sharedStorageClass,
      kubeconfigExec: this.kubeconfigExec,
      vpcId: this.vpcId,
      subnetIds: this.subnetIds,
      nodeRoleArn: this.nodeRoleArn,
      nodeSecurityGroupId: this.nodeSecurityGroupId,
      controlPlaneSecurityGroupId: this.controlPlaneSecurityGroupId,
    });
  }
}

/** What is wrong with the arguments, and with the region that the stack names. */
export function checkAwsCluster(
  name: string,
  given: AwsClusterArgs,
  options: pulumi.ComponentResourceOptions | undefined,
): Problems {
  const args = argsOf(given);
  const problems = checkAwsClusterArgs(name, given, stackDefaultTags(args, options));
  if (usesStackAccount(args, options)) checkStackRegion(problems);
  return problems;
}

/** An instance's log can be read without a key. */
function consoleOf(instanceId: pulumi.Input<string>): MachineLogArgs {
  return { source: "aws:console", machine: instanceId };
}

/** In the cluster nobody knows the region that a stack is configured with; who acts there is the control plane's role. */
function accessOf({ account }: AwsPlace) {
  return account.seen.apply(({ region }) => ({ aws: { region } }));
}

interface Surroundings {
  place: AwsPlace;
  foundation: Foundation;
}

function clusterControlPlane(name: string, args: AwsClusterArgs, { place, foundation }: Surroundings) {
  const { network, access, secrets, asked } = foundation;
  const { instanceType, diskSizeGib, image } = asked;
  const chosen = machineImage(
    // No group's can be called so, whatever the group is.
    `${name}-image-of-control-plane`,
    { path: "controlPlane", instanceType, gpu: false, given: image, diskSizeGib },
    // A machine that runs ignores another image, and one that is made anew may need it: the first may be gone by then.
    foundation.asking,
  );
  return controlPlane(
    `${name}-control-plane`,
    {
      ...args.controlPlane,
      instanceType,
      clusterName: place.clusterName,
      ranges: place.ranges,
      base: place.base,
      kubernetesVersion: askedKubernetesVersion(args)!,
      keyPair: args.keyPair,
      imageId: chosen.imageId,
      diskSizeGib: chosen.diskSizeGib,
      vpcId: network.vpcId,
      publicSubnetIds: network.publicSubnetIds,
      subnetIds: network.subnetIds,
      access,
      identity: foundation.controlPlaneIdentity,
      secrets,
      certificateAuthority: secrets.keys.caCertificate,
      externalCloudProvider: place.externalCloudProvider,
      tags: withTags(place.tags, place.kubernetes),
      defaultTags: place.account.defaultTags,
    },
    { ...foundation.onAws, dependsOn: foundation.beforeControlPlane },
  );
}

/** Each group, its path among the arguments, and what AWS says of its types where the group depends on that. */
type AskedNodeGroup = Pick<NodeGroupPlace, "group" | "path" | "types">;

function askedGroups(name: string, args: AwsClusterArgs, { network, asking }: Foundation): AskedNodeGroup[] {
  const groups = (args.nodeGroups ?? []).map((group, index) => ({ group, path: `nodeGroups[${index}]` }));
  const publicSubnets = network.publicNodes;
  const types = groupTypes(
    name,
    groups.map((each) => ({ ...each, publicSubnets })),
    asking,
  );
  return groups.map((each, index) => ({ ...each, types: types[index] }));
}

interface GroupSurroundings extends Surroundings {
  args: AwsClusterArgs;
  /** Of the API server as nodes reach it. */
  endpoint: pulumi.Output<string>;
}

function clusterNodeGroup(name: string, asked: AskedNodeGroup, surroundings: GroupSurroundings) {
  const { args, place, foundation, endpoint } = surroundings;
  const { group } = asked;
  const { network, access, secrets, nodeIdentity } = foundation;
  return ({ certificateAuthority, kubernetesVersion, apiServer, withKeeper, before }: Joining): KubeadmNodeGroup => {
    const { resource, spec } = nodeGroup(
      `${name}-${group.name}`,
      {
        ...place,
        ...asked,
        gpuMode: args.gpuMode ?? "plugin",
        gpuSupport: args.gpu ?? true,
        keyPair: args.keyPair,
        certificateAuthority,
        kubernetesVersion,
        endpoint,
        joinParameter: secrets.join.name,
        lustre: foundation.files?.mount,
        profileName: nodeIdentity.profileName,
        defaultTags: place.account.defaultTags,
        subnetIds: network.subnetIds,
        zones: network.zones,
        securityGroupId: access.nodes,
      },
      {
        template: foundation.onAws,
        asking: foundation.asking,
        // What a machine needs when it boots is there before any is made, and deleted after the last is gone.
        group: {
          ...place.child,
          ...withKeeper,
          dependsOn: [apiServer, ...before, network, ...access.ready, ...nodeIdentity.ready],
        },
      },
    );
    const plan = groupPlan({ ...asked, gpuMode: args.gpuMode ?? "plugin" });
    return {
      name: group.name,
      minSize: group.minSize,
      resource,
      plan,
      status: statusOf(plan, resource),
      autoscaled: autoscaledGroup(group, spec),
      supply: { cloud: "aws", name: group.name, minSize: group.minSize, spec },
      machines: resource.machines.apply((all) =>
        ifThere(all).map(({ id, nodeName }) => ({ nodeName, log: consoleOf(id) })),
      ),
    };
  };
}

/** It is there before the groups and goes after them: their last volumes are detached and deleted as they go. */
function blockStorage({ account, tags, clusterName }: AwsPlace): AddOn {
  return (...given) => {
    // eslint-disable-next-line @typescript-eslint/no-require-imports
    const { ebsStorage } = require("../addons/block-storage/ebs") as typeof import("../addons/block-storage/ebs");
    const ofVolumes = withTags(account.defaultTags, tags);
    return ebsStorage({ region: account.seen.region, tags: ofVolumes, clusterName })(...given);
  };
}

/** Nodes have no addresses until it runs. */
const cloudControllerManager: AddOn = ({ name, kubernetesVersion }, options) => {
  // Loaded when asked for, as the network between pods is.
  /* eslint-disable @typescript-eslint/no-require-imports */
  const { cloudControllerManagerResources } =
    require("../addons/aws-cloud-controller-manager") as typeof import("../addons/aws-cloud-controller-manager");
  /* eslint-enable @typescript-eslint/no-require-imports */
  return cloudControllerManagerResources(name, { kubernetesVersion }, options);
};

const insideHint =
  "controlPlane.publicAddress is false, so that it is reached within the VPC only: run `pulumi up` on a machine there, by way of a VPN, or with HTTPS_PROXY " +
  "naming an HTTP proxy that reaches it. Where it is reached, look at the control plane's console";
