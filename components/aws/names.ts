/** Physical names of AWS objects. Pure. */
import { hashOf } from "../../sdk/names";

/** Longest names that AWS takes (IAM user guide, "IAM object quotas"; EC2 API, CreateLaunchTemplate; Elastic Load Balancing API). */
export const longestNames = {
  role: 64,
  instanceProfile: 128,
  launchTemplate: 128,
  securityGroup: 255,
  loadBalancer: 32,
} as const;

/** The name itself where it fits, else shortened with a hash of the whole in front of its suffix, so that different names stay different. */
export function awsName(base: string, suffix: string, longest: number): string {
  const whole = `${base}-${suffix}`;
  if (whole.length <= longest) return whole;
  const hash = hashOf(whole);
  const end = suffix.length > longest - 20 ? hash : `${hash}-${suffix}`;
  return `${base.slice(0, longest - end.length - 1)}-${end}`;
}

/** The same where it becomes a DNS name, which has no capitals: different names stay different. */
export function dnsName(base: string, suffix: string, longest: number): string {
  const lower = base.toLowerCase();
  return awsName(lower === base ? base : `${lower}-${hashOf(base)}`, suffix, longest);
}

/** The same for a security group, whose name must not look like an id. */
export function securityGroupName(base: string, suffix: string): string {
  return awsName(/^sg-/i.test(base) ? `group-${base}` : base, suffix, longestNames.securityGroup);
}
