import * as pulumi from "../../sdk/pulumi";
import { Eip } from "@pulumi/aws/ec2/eip";
import { EipAssociation } from "@pulumi/aws/ec2/eipAssociation";
import { Instance } from "@pulumi/aws/ec2/instance";
import { renderBootstrapScript } from "../../bootstrap/script";
import type { Access } from "./access";
import type { AwsControlPlaneArgs } from "./args";
import { controlPlaneDocument } from "./documents";
import type { MachineIdentity } from "./identity";
import type { ClusterSecrets } from "./secrets";

export const defaultControlPlaneType = "t3.xlarge";
export const defaultDiskSizeGib = 100;

export interface ControlPlanePlace extends AwsControlPlaneArgs {
  clusterName: string;
  base: string;
  kubernetesVersion: string;
  keyPair: pulumi.Input<string>;
  imageId: pulumi.Input<string>;
  subnetId: pulumi.Input<string>;
  access: Access;
  identity: MachineIdentity;
  secrets: ClusterSecrets;
  certificateAuthority: pulumi.Input<string>;
  tags: Record<string, string>;
}

export interface ControlPlane {
  instance: Instance;
  /** The machine with its address. */
  ready: pulumi.Resource[];
  publicIp: pulumi.Output<string>;
  privateIp: pulumi.Output<string>;
}

/** One machine with a public address that it keeps, also when it is made anew. */
export function controlPlane(
  name: string,
  place: ControlPlanePlace,
  child: pulumi.CustomResourceOptions,
): ControlPlane {
  const tags = { ...place.tags, Name: `${place.base}-control-plane` };
  const address = new Eip(`${name}-address`, { domain: "vpc", tags }, child);
  const instance = new Instance(
    name,
    {
      ami: place.imageId,
      instanceType: place.instanceType ?? defaultControlPlaneType,
      keyName: place.keyPair,
      subnetId: place.subnetId,
      vpcSecurityGroupIds: [place.access.nodes, place.access.controlPlane],
      iamInstanceProfile: place.identity.profileName,
      metadataOptions: { httpEndpoint: "enabled", httpTokens: "required", httpPutResponseHopLimit: 1 },
      rootBlockDevice: {
        volumeType: "gp3",
        volumeSize: place.diskSizeGib ?? defaultDiskSizeGib,
        encrypted: true,
        deleteOnTermination: true,
        tags,
      },
      userDataBase64: pulumi
        .all([place.certificateAuthority, address.publicIp, place.secrets.keys.name, place.secrets.join.name])
        .apply(([certificateAuthority, publicIp, keysParameter, joinParameter]) =>
          renderBootstrapScript(
            controlPlaneDocument({
              clusterName: place.clusterName,
              kubernetesVersion: place.kubernetesVersion,
              certificateAuthority,
              address: publicIp,
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
      // The machine has run its script, and etcd lives on its disk: a newer script or image is no reason to make it anew.
      ignoreChanges: ["ami", "userDataBase64"],
    },
  );
  const association = new EipAssociation(
    `${name}-address-association`,
    { allocationId: address.allocationId, instanceId: instance.id },
    child,
  );
  return { instance, ready: [instance, association], publicIp: address.publicIp, privateIp: instance.privateIp };
}
