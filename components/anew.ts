import type { CustomResourceOptions } from "../sdk/pulumi";

/**
 * Of what has its name in the cloud alone, and is made by that name: replaced for whatever reason (`pulumi up --replace` and `state taint` ask no
 * provider), the old one goes first, because a new one beside it would be the old one, or be refused.
 */
export function oldFirst(options: CustomResourceOptions): CustomResourceOptions {
  return { ...options, deleteBeforeReplace: true };
}
