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

/** The cloud's own words, with the way out where there is one. */
export function failureWords(name: string, type: string, errors: readonly string[]): string {
  const isForbidden = publicThings.test(type) && /explicit deny/i.test(errors.join());
  return `${name} (${type.split(":").at(-1)}): ${errors[0]}${isForbidden ? `. ${withoutPublicAddresses}` : ""}`;
}

/**
 * Options under which a failing call for the network or for a role is shown as `ClusterCouldNotBeDeployed` too, with the cloud's own words.
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
      if (failedOperation !== "delete") {
        const failure = new ClusterCouldNotBeDeployed(failureWords(name, type, errors));
        await pulumi.log.error(failure.message);
      }
      // Whether to try again: the provider has done so where that could help.
      return false;
    },
  );
  const naming: pulumi.ResourceTransformation = ({ type, props, opts }) =>
    foundation.test(type)
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
