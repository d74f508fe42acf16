import { getMonitor } from "@pulumi/pulumi/runtime/settings";
import * as runtimeState from "@pulumi/pulumi/runtime/state";
import * as pulumi from "../../sdk/pulumi";
import { withoutPublicAddresses } from "../../sdk/aws/private-clusters";
import { ClusterCouldNotBeDeployed } from "../errors";

/** The network and the roles: without them there is no cluster. */
const foundation =
  /^aws:(ec2\/(vpc|subnet|internetGateway|natGateway|routeTable|route|routeTableAssociation|eip|vpcEndpoint):|iam\/)/;

/** What organisations forbid that keep their accounts off the internet. */
const publicThings = /^aws:ec2\/(vpc|eip|internetGateway|natGateway):/;

/** Of the control plane. */
const machines = /^aws:ec2\/instance:/;

/** AWS itself advises another zone, in which the control plane cannot be. */
const otherType =
  "The control plane stays in its zone: name another controlPlane.instanceType, which may be had there, or try again later. Where the cluster is " +
  "new, `pulumi destroy` and then network.zones, or network.subnetIds, with another zone first does too";

/** EC2 accepts a launch before it asks for the key, and ends the machine then. */
const diskKey =
  "Mostly it is the KMS key that the account gives its disks (`aws ec2 get-ebs-default-kms-key-id`): is it enabled, and may whoever runs `pulumi up` use " +
  "it by EC2 (kms:CreateGrant, kms:Decrypt, kms:DescribeKey, kms:GenerateDataKeyWithoutPlaintext, kms:ReEncrypt*)?";

const waysOut = [
  [publicThings, /explicit deny/i, withoutPublicAddresses],
  [machines, /InsufficientInstanceCapacity/, otherType],
  [machines, /Client\.(InternalError|InvalidKMSKey)/, diskKey],
] as const;

function wayOut(type: string, errors: readonly string[]): string | undefined {
  return waysOut.find(([types, words]) => types.test(type) && words.test(errors.join()))?.[2];
}

/** The cloud's own words, with the way out where there is one. Undefined where they are told well enough as they are. */
export function failureWords(name: string, type: string, errors: readonly string[]): string | undefined {
  const way = wayOut(type, errors);
  if (way === undefined && !foundation.test(type)) return undefined;
  return `${name} (${type.split(":").at(-1)}): ${errors[0]}${way === undefined ? "" : `. ${way}`}`;
}

/**
 * Options under which a failing call for the network or for a role is shown as `ClusterCouldNotBeDeployed` too, with the cloud's own words, and
 * one for a machine of the control plane where there is a way out.
 * Their resources are those of another provider, whose errors the engine shows as they are; so the engine is asked to tell of them.
 */
export function namingFailures(
  name: string,
  options: pulumi.ComponentResourceOptions | undefined,
): pulumi.ComponentResourceOptions {
  if (!tellsOfErrors()) return { ...options };
  const hook = new pulumi.ErrorHook(
    `${name}-could-not-be-deployed`,
    async ({ failedOperation, name, type, errors }) => {
      const words = failedOperation === "delete" ? undefined : failureWords(name, type, errors);
      if (words !== undefined) await pulumi.log.error(new ClusterCouldNotBeDeployed(words).message);
      // Whether to try again: the provider has done so where that could help.
      return false;
    },
  );
  const naming: pulumi.ResourceTransformation = ({ type, props, opts }) =>
    foundation.test(type) || machines.test(type)
      ? { props, opts: { ...opts, hooks: { ...opts.hooks, onError: [...(opts.hooks?.onError ?? []), hook] } } }
      : undefined;
  return { ...options, transformations: [...(options?.transformations ?? []), naming] };
}

/** Older engines do not, and Pulumi's mocks neither: the SDK would throw, or wait for ever. */
function tellsOfErrors(): boolean {
  const monitor = getMonitor() as { registerErrorHook?: unknown } | undefined;
  // The SDK asks the engine at the program's start, and keeps the answer to itself.
  const { getStore } = runtimeState as { getStore?: () => { supportsErrorHooks?: boolean } };
  return getStore?.().supportsErrorHooks === true && typeof monitor?.registerErrorHook === "function";
}
