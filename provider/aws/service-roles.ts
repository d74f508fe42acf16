/** Roles by which AWS's services act in an account. Some are made by whoever first calls the service's API, and belong to the account. */
import { CreateServiceLinkedRoleCommand, GetRoleCommand, type IAMClient } from "@aws-sdk/client-iam";
import type { CheckFailure, ResourceLog } from "../server/resource";
import { isAwsError, unlessGone } from "./errors";

/** By the service's principal. Reference: EC2 user guide, "EC2 Fleet prerequisites" and "Service-linked role for Spot requests". */
const ofMachines: Readonly<Record<string, string>> = {
  "ec2fleet.amazonaws.com": "AWSServiceRoleForEC2Fleet",
  "spot.amazonaws.com": "AWSServiceRoleForEC2Spot",
};

/** These make theirs when they are first used, by the caller's leave. Reference: the services' guides, "Service-linked roles". */
const roleNames: Readonly<Record<string, string>> = {
  ...ofMachines,
  "elasticfilesystem.amazonaws.com": "AWSServiceRoleForAmazonElasticFileSystem",
  "elasticloadbalancing.amazonaws.com": "AWSServiceRoleForElasticLoadBalancing",
  "fsx.amazonaws.com": "AWSServiceRoleForAmazonFSx",
};

/** Whether it starts machines, and encrypts their disks, by its role. */
export function startsMachines(service: string): boolean {
  return service in ofMachines;
}

export function serviceRoleName(service: string): string | undefined {
  return roleNames[service];
}

/** In an account's roles: `aws-service-role/ec2fleet.amazonaws.com/AWSServiceRoleForEC2Fleet`. */
export function serviceRolePath(service: string): string {
  return `aws-service-role/${service}/${serviceRoleName(service)}`;
}

export async function hasServiceRole(iam: IAMClient, service: string, signal: AbortSignal): Promise<boolean> {
  const command = new GetRoleCommand({ RoleName: serviceRoleName(service) });
  return (await unlessGone(iam.send(command, { abortSignal: signal }))) !== undefined;
}

/** There already is success. It is never deleted: others in the account may use it by now. */
export async function makeServiceRole(iam: IAMClient, service: string, signal: AbortSignal): Promise<void> {
  try {
    await iam.send(new CreateServiceLinkedRoleCommand({ AWSServiceName: service }), { abortSignal: signal });
  } catch (error) {
    if (isAwsError(error) && error.code === "InvalidInput" && /has been taken/.test(error.cloudMessage)) return;
    if (!isAwsError(error, "permission")) throw error;
    // Not allowed to make it, and perhaps it is there. Where that cannot be seen either, a service that makes its own says so itself.
    const isThere = await hasServiceRole(iam, service, signal).catch(() => !startsMachines(service));
    if (isThere) return;
    const without = startsMachines(service) ? "AWS starts no machines" : `${service} makes nothing`;
    throw new Error(
      `the account lacks the role ${serviceRoleName(service)}, without which ${without}, and these credentials may not make it. ` +
        `Have an administrator run: aws iam create-service-linked-role --aws-service-name ${service} (${error.message})`,
      { cause: error },
    );
  }
}

/** Of services that are not known; a role that is missing is made. */
export async function serviceRoleFailures(
  { iam }: { readonly iam: IAMClient },
  services: readonly string[],
  log: ResourceLog,
  signal: AbortSignal,
): Promise<CheckFailure[]> {
  const failures: CheckFailure[] = [];
  for (const [index, service] of services.entries()) {
    const role = serviceRoleName(service);
    if (role === undefined) failures.push({ property: `serviceRoles[${index}]`, reason: `"${service}" is not known` });
    else if (!(await hasServiceRole(iam, service, signal))) log.info(`the account lacks the role ${role}: it is made`);
  }
  return failures;
}
