import { Eip } from "@pulumi/aws/ec2/eip";
import { EipAssociation } from "@pulumi/aws/ec2/eipAssociation";
import { Instance } from "@pulumi/aws/ec2/instance";
import type { Ec2Member } from "../../bootstrap/ec2";
import { renderBootstrapScript } from "../../bootstrap/script";
import { ControlPlaneTurn } from "../../sdk/aws/control-plane-turn";
import * as pulumi from "../../sdk/pulumi";
import type { ClusterRanges } from "../cluster-ranges";
import { ifThere, ofAllThere } from "../left-out";
import type { Access } from "./access";
import type { AwsControlPlaneArgs } from "./args";
import { controlPlaneDocument } from "./documents";
import type { MachineIdentity } from "./identity";
import { apiBalancer, apiPort } from "./load-balancer";
import type { ClusterSecrets } from "./secrets";
import { withTags, type Tags } from "./tags";

export const defaultControlPlaneType = "t3.xlarge";

/** Of every machine. An account may show tags in metadata by default: EC2 then refuses tag keys with a slash, which all of ours have. */
export const metadataOptions = {
  httpEndpoint: "enabled",
  httpTokens: "required",
  httpPutResponseHopLimit: 1,
  instanceMetadataTags: "disabled",
} as const;

export interface ControlPlanePlace extends Omit<AwsControlPlaneArgs, "instanceType" | "diskSizeGib"> {
  instanceType: pulumi.Input<string>;
  diskSizeGib: pulumi.Input<number>;
  clusterName: string;
  ranges: ClusterRanges;
  base: string;
  kubernetesVersion: string;
  keyPair: pulumi.Input<string>;
  imageId: pulumi.Input<string>;
  vpcId: pulumi.Input<string>;
  /** One for each zone; a machine that is alone is in the first. */
  publicSubnetIds: pulumi.Output<string[]>;
  /** Where nodes are, and machines that are several. */
  subnetIds: pulumi.Output<string[]>;
  access: Access;
  identity: MachineIdentity;
  secrets: ClusterSecrets;
  certificateAuthority: pulumi.Input<string>;
  externalCloudProvider: boolean;
  tags: Tags;
  /** Of the AWS provider, for what it does not make itself. */
  defaultTags: Tags;
}

export interface ControlPlane {
  machines: Instance[];
  /** The machines with what leads to them. */
  ready: pulumi.Resource[];
  /** Of the API server, as the world reaches it; it stays. */
  publicHost: pulumi.Output<string>;
  /** The same as nodes reach it. */
  privateHost: pulumi.Output<string>;
}

export function controlPlane(
  name: string,
  place: ControlPlanePlace,
  child: pulumi.CustomResourceOptions,
): ControlPlane {
  return place.count === 3 ? severalMachines(name, place, child) : loneMachine(name, place, child);
}

/** One machine with a public address that it keeps, also when it is made anew. */
function loneMachine(name: string, place: ControlPlanePlace, child: pulumi.CustomResourceOptions): ControlPlane {
  const physical = `${place.base}-control-plane`;
  if (!isPublic(place)) return privateMachine(name, physical, place, child);
  const address = new Eip(`${name}-address`, { domain: "vpc", tags: withTags(place.tags, { Name: physical }) }, child);
  const instance = machine(
    name,
    place,
    {
      physical,
      subnetId: place.publicSubnetIds.apply((ids) => ifThere(ids)[0]!),
      securityGroupIds: [place.access.nodes, place.access.controlPlane],
      names: [address.publicIp],
    },
    child,
  );
  const association = new EipAssociation(
    `${name}-address-association`,
    { allocationId: address.allocationId, instanceId: instance.id },
    child,
  );
  return {
    machines: [instance],
    ready: [instance, association],
    publicHost: address.publicIp,
    privateHost: instance.privateIp,
  };
}

/** Without an address that would outlive it. */
function privateMachine(
  name: string,
  physical: string,
  place: ControlPlanePlace,
  child: pulumi.CustomResourceOptions,
): ControlPlane {
  const instance = machine(
    name,
    place,
    {
      physical,
      subnetId: place.subnetIds.apply((ids) => ifThere(ids)[0]!),
      securityGroupIds: [place.access.nodes, place.access.controlPlane],
      names: [],
    },
    child,
  );
  return { machines: [instance], ready: [instance], publicHost: instance.privateIp, privateHost: instance.privateIp };
}

function isPublic({ publicAddress = true }: ControlPlanePlace): boolean {
  return publicAddress;
}

/**
 * Three machines over the zones, each with a member of etcd, behind two load balancers: one for the world, which alone has public addresses,
 * and one for the machines, so that they need neither a way out nor a place in `apiServerAccessCidrs`.
 */
function severalMachines(name: string, place: ControlPlanePlace, child: pulumi.CustomResourceOptions): ControlPlane {
  const { base, vpcId, access, tags } = place;
  const common = { base, vpcId, tags };
  // Machines take connections of the machines' own security group only, so that both balancers are in it.
  const outside = isPublic(place)
    ? apiBalancer(
        `${name}-balancer`,
        {
          ...common,
          suffix: "api",
          internal: false,
          subnetIds: place.publicSubnetIds,
          securityGroupIds: [access.nodes, access.controlPlane],
        },
        child,
      )
    : undefined;
  const inside = apiBalancer(
    `${name}-inner-balancer`,
    {
      ...common,
      suffix: "api-inner",
      internal: true,
      subnetIds: place.subnetIds,
      // Where there is no other, it is for the world, too.
      securityGroupIds: outside ? [access.nodes] : [access.nodes, access.controlPlane],
    },
    child,
  );
  const balancers = [...(outside ? [outside] : []), inside];
  const machines: Instance[] = [];
  for (const index of [0, 1, 2]) {
    const physical = `${base}-control-plane-${index + 1}`;
    // The engine knows nothing of etcd's majority, and would stop all of them at the same time for another type.
    const turn = new ControlPlaneTurn(
      `${name}-${index + 1}-turn`,
      {
        targetGroupArn: inside.targetGroupArn,
        machines: 3,
        machineName: physical,
        instanceType: place.instanceType,
      },
      pulumi.mergeOptions(child, { dependsOn: machines.slice(-1) }),
    );
    const own: MachinePlace = {
      physical,
      subnetId: place.subnetIds.apply((ids) => ifThere(ids)[index % ifThere(ids).length]!),
      securityGroupIds: [access.nodes],
      names: balancers.map(({ host }) => host),
      endpoint: pulumi.interpolate`https://${inside.host}:${apiPort}`,
      member: index === 0 ? "first" : "other",
    };
    machines.push(machine(`${name}-${index + 1}`, place, own, pulumi.mergeOptions(child, { dependsOn: turn })));
  }
  const attached = machines.flatMap((made, index) => [
    ...(outside ? [outside.attach(`${name}-${index + 1}-target`, made.id)] : []),
    inside.attach(`${name}-${index + 1}-inner-target`, made.id),
  ]);
  return {
    machines,
    ready: [...machines, ...attached, ...balancers.map(({ listener }) => listener)],
    publicHost: (outside ?? inside).host,
    privateHost: inside.host,
  };
}

interface MachinePlace {
  physical: string;
  subnetId: pulumi.Input<string>;
  securityGroupIds: pulumi.Input<string>[];
  /** Addresses that the API server's certificate is for, besides the machine's own. */
  names: pulumi.Input<string>[];
  /** Of the API server, where it is not this machine alone. */
  endpoint?: pulumi.Input<string>;
  member?: Ec2Member;
}

function machine(
  name: string,
  place: ControlPlanePlace,
  own: MachinePlace,
  child: pulumi.CustomResourceOptions,
): Instance {
  const tags = withTags(place.tags, { Name: own.physical });
  const { keys, join } = place.secrets;
  return new Instance(
    name,
    {
      ami: place.imageId,
      instanceType: place.instanceType,
      keyName: place.keyPair,
      subnetId: own.subnetId,
      vpcSecurityGroupIds: own.securityGroupIds,
      iamInstanceProfile: place.identity.profileName,
      metadataOptions,
      rootBlockDevice: {
        volumeType: "gp3",
        volumeSize: place.diskSizeGib,
        encrypted: true,
        deleteOnTermination: true,
      },
      // At the launch, where an organisation may demand them: `rootBlockDevice.tags` come in a request of their own after it.
      volumeTags: withTags(place.defaultTags, tags),
      userDataBase64: ofAllThere(
        // A lone machine has no endpoint but its own.
        [place.certificateAuthority, pulumi.all(own.names), { endpoint: own.endpoint }, keys.keysParameter, join.name],
        (certificateAuthority, addresses, { endpoint }, keysParameter, joinParameter) =>
          renderBootstrapScript(
            controlPlaneDocument({
              clusterName: place.clusterName,
              kubernetesVersion: place.kubernetesVersion,
              ...place.ranges,
              certificateAuthority,
              externalCloudProvider: place.externalCloudProvider,
              addresses,
              endpoint,
              member: own.member,
              keysParameter,
              joinParameter,
            }),
            { delivery: "ec2-user-data" },
          ),
      ),
      tags,
    },
    {
      ...child,
      dependsOn: [
        ...place.identity.ready,
        ...place.access.ready,
        ...([child.dependsOn ?? []].flat() as pulumi.Resource[]),
      ],
      // The machine has run its script, and etcd lives on its disk: a newer script, image or key, or subnets beside its own, are no reason to
      // make it anew. Later tags of volumes would be given to all that are attached, those of pods too, whose drivers know them by their own.
      ignoreChanges: ["ami", "keyName", "subnetId", "userDataBase64", "volumeTags", "rootBlockDevice.tags"],
    },
  );
}
