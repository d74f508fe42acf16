/** Where a cluster's secrets are on AWS, and where they must not be. */
import { gunzipSync } from "node:zlib";
import type { EC2 } from "@aws-sdk/client-ec2";
import { SSM } from "@aws-sdk/client-ssm";
import type { Ec2ControlPlaneKeys } from "../../bootstrap/ec2";
import type { Connection } from "./service-leftovers";

/** The private keys of the cluster's authorities and its service accounts, and the key for its Secrets. */
export async function authorityKeys(connection: Connection): Promise<string[]> {
  const Name = "/gpu-clusters/life/control-plane-keys";
  const { Parameter } = await new SSM(connection).getParameter({ Name, WithDecryption: true });
  const { ca, frontProxyCa, etcdCa, serviceAccountKey, encryptionKey } = (
    JSON.parse(Parameter!.Value!) as Ec2ControlPlaneKeys
  ).controlPlane;
  return [...[ca, frontProxyCa, etcdCa].map(({ privateKey }) => privateKey), serviceAccountKey, encryptionKey!];
}

/** Of all instances that are not a fleet's, and of all launch templates, as machines would read it. */
export async function allUserData(ec2: EC2): Promise<string[]> {
  const { LaunchTemplates = [] } = await ec2.describeLaunchTemplates({});
  const versions = await Promise.all(
    LaunchTemplates.map(({ LaunchTemplateId }) =>
      ec2.describeLaunchTemplateVersions({ LaunchTemplateId, Versions: ["$Latest"] }),
    ),
  );
  const filter = [{ Name: "tag:Name", Values: ["life-control-plane"] }];
  const { Reservations = [] } = await ec2.describeInstances({ Filters: filter });
  const attributes = await Promise.all(
    Reservations.flatMap(({ Instances = [] }) => Instances).map(({ InstanceId }) =>
      ec2.describeInstanceAttribute({ InstanceId, Attribute: "userData" }),
    ),
  );
  return [
    ...versions.map(({ LaunchTemplateVersions }) => LaunchTemplateVersions![0]!.LaunchTemplateData!.UserData!),
    ...attributes.map(({ UserData }) => UserData!.Value!),
  ].map((text) => gunzipSync(Buffer.from(text, "base64")).toString("utf8"));
}
