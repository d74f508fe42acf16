import { Key } from "@pulumi/aws/kms/key";
import { Parameter } from "@pulumi/aws/ssm/parameter";
import { ClusterKeys } from "../../sdk/aws/cluster-keys";
import { Deployer } from "../../sdk/aws/deployer";
import * as pulumi from "../../sdk/pulumi";
import { ofAllThere } from "../left-out";
import { keyArn, parameterArn, placeOf, roleArn } from "./arns";
import type { AwsClusterArgs } from "./args";
import { keyPolicy } from "./key-policy";
import { withTags, type Tags } from "./tags";

export interface ClusterSecrets {
  /** Written by the plugin: the authorities for the control plane, and the administrator's ExecCredential for `kubeconfigExec`. */
  keys: ClusterKeys;
  /** Written by the control plane, read by nodes when they join. */
  join: Parameter;
  keysParameterArn: pulumi.Output<string>;
  adminParameterArn: pulumi.Output<string>;
  /** Of the key that both are encrypted with. */
  kmsKeyArn: pulumi.Output<string>;
}

export interface ClusterSecretsPlace extends Pick<
  AwsClusterArgs,
  "kmsKeyId" | "administrators" | "adminValidityHours"
> {
  base: string;
  /** Name of the role that reads the authorities. */
  controlPlaneRole: string;
  tags: Tags;
  /** Of the AWS provider, for what it does not make itself. */
  defaultTags: Tags;
  /** Of the cluster's children. */
  child: pulumi.CustomResourceOptions;
  /** The same for those that AWS is asked by. */
  asking: pulumi.CustomResourceOptions;
  /** The same for those that the AWS provider makes. */
  onAws: pulumi.CustomResourceOptions;
}

/** What machines and administrators get from SSM, encrypted, in the place of user data and of files. */
export function clusterSecrets(name: string, place: ClusterSecretsPlace): ClusterSecrets {
  const { base, tags, child, onAws } = place;
  const path = `/gpu-clusters/${base}`;
  // The control plane keeps a token in it that lives for a day: what Pulumi wrote is only its beginning.
  const join = new Parameter(
    `${name}-join`,
    { name: `${path}/join`, type: "SecureString", value: pulumi.secret("{}"), tags },
    { ...onAws, ignoreChanges: ["value"] },
  );
  const arns = ofAllThere([join.arn], (arn) => {
    const here = placeOf(arn);
    return {
      here,
      keys: parameterArn(here, `${path}/control-plane-keys`),
      admin: parameterArn(here, `${path}/admin-credential`),
      controlPlaneRole: roleArn(here, place.controlPlaneRole),
    };
  });
  const kmsKeyArn =
    place.kmsKeyId === undefined
      ? ownKey(name, place, arns)
      : ofAllThere([arns, place.kmsKeyId], ({ here }, key) => keyArn(here, key));
  const keys = new ClusterKeys(
    `${name}-keys`,
    {
      parameterPath: path,
      kmsKeyId: kmsKeyArn,
      adminValidityHours: place.adminValidityHours,
      tags: withTags(place.defaultTags, tags),
    },
    child,
  );
  return { keys, join, keysParameterArn: arns.keys, adminParameterArn: arns.admin, kmsKeyArn };
}

type Arns = pulumi.Output<{
  here: ReturnType<typeof placeOf>;
  keys: string;
  admin: string;
  controlPlaneRole: string;
}>;

/** Nothing that it opens outlives the cluster, so that the shortest time of grace will do. */
const deletionWindowInDays = 7;

function ownKey(
  name: string,
  { base, administrators = [], tags, asking, onAws }: ClusterSecretsPlace,
  arns: Arns,
): pulumi.Output<string> {
  const deployer = new Deployer(`${name}-deployer`, {}, asking);
  const policy = ofAllThere(
    [arns, deployer.principals, pulumi.all(administrators)],
    ({ here, keys, controlPlaneRole }, deployers, others) =>
      JSON.stringify(
        keyPolicy({
          place: here,
          administrators: [...new Set([...deployers, ...others])],
          controlPlaneRole,
          keysParameter: keys,
        }),
      ),
  );
  return new Key(
    `${name}-key`,
    { description: `Keys of the Kubernetes cluster ${base}`, deletionWindowInDays, policy, tags },
    onAws,
  ).arn;
}
