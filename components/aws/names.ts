/** Physical names of AWS objects. Pure. */
import { createHash } from "node:crypto";

/** Longest names that AWS takes (IAM user guide, "IAM object quotas"; EC2 API, CreateLaunchTemplate; Elastic Load Balancing API). */
export const longestNames = {
  role: 64,
  instanceProfile: 128,
  launchTemplate: 128,
  securityGroup: 255,
  loadBalancer: 32,
} as const;

/** The name itself where it fits, else its beginning with a hash of the whole. */
export function shortened(name: string, longest: number): string {
  return name.length <= longest ? name : `${name.slice(0, longest - 9)}-${hashOf(name)}`;
}

/** The name itself where it fits, else shortened with a hash of the whole in front of its suffix, so that different names stay different. */
export function awsName(base: string, suffix: string, longest: number): string {
  const whole = `${base}-${suffix}`;
  if (whole.length <= longest) return whole;
  const hash = hashOf(whole);
  const end = suffix.length > longest - 20 ? hash : `${hash}-${suffix}`;
  return `${base.slice(0, longest - end.length - 1)}-${end}`;
}

function hashOf(text: string): string {
  return createHash("sha256").update(text).digest("hex").slice(0, 8);
}
