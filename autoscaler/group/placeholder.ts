/**
 * Ids of machines that a cloud does not give. cluster-autoscaler is told of them as machines that could not be made, and takes them back.
 * An id is never used twice, because it backs off from a group only for ids that it has not seen.
 */
const scheme = "placeholder://";

/** `run` is unlike that of every other process. */
export function placeholderId(group: string, run: string, number: number): string {
  return `${scheme}${group}/${run}-${number}`;
}

/** The group that a placeholder stands for, also one that is no more; undefined for other ids. */
export function groupOfPlaceholder(id: string): string | undefined {
  return id.startsWith(scheme) ? id.slice(scheme.length, id.lastIndexOf("/")) : undefined;
}
