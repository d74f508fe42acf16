/** The services of AWS that our components and their provider speak to, by the name of their endpoint. */
export const awsServices: readonly string[] = ["ec2", "efs", "elbv2", "fsx", "iam", "kms", "ssm", "sts"];

/** For the provider's configuration: all of them in one place. */
export function endpointsAt(endpoint: string): Record<string, string> {
  return Object.fromEntries(awsServices.map((service) => [service, endpoint]));
}
