/** What an instance type's name tells. Pure; where a type is offered, and how many GPUs it has, is asked of AWS at preview. */

export const instanceTypePattern =
  /^[a-z][a-z0-9-]*\d[a-z0-9-]*\.(nano|micro|small|medium|large|metal|\d*xlarge|metal-\d+xl)$/;

/** AWS names families with GPUs p and g (EC2 user guide, "Instance type naming conventions"). How many there are, and whose, AWS is asked. */
export function mayHaveGpus(instanceType: string): boolean {
  return /^(p|gr?)\d/.test(instanceType);
}

/** With GPUs older than Turing, which NVIDIA's open kernel modules leave out. */
export const withoutOpenDriver = /^(p2|p3|p3dn|g3|g3s)\./;

/** With parts of a GPU, for which NVIDIA has another driver. */
export const withGridDriver = /^(g6f|gr6f)\./;

/** Families with AWS's own processors have a `g` after their number: c7g, m6gd, g5g. */
export function architectureOf(instanceType: string): "x86_64" | "arm64" {
  return /^(a1|[a-z]+\d+[a-z]*g[a-z]*|p6e-gb\d+)(-[a-z]+)?\./.test(instanceType) ? "arm64" : "x86_64";
}
