/**
 * Pulumi up to 3.255 gives nothing for each output of a resource that `--target` or `--exclude` leaves out before it is there, whatever the type of the
 * output says. A group that is to come must not end an `up` that is for another.
 */
export function ifThere<T>(list: readonly T[] | undefined): readonly T[] {
  return list ?? [];
}
