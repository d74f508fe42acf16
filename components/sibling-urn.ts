import type * as pulumi from "../sdk/pulumi";

/**
 * The URN of a resource that has the same parent, as its `urn` gives it, which makes whoever reads it depend on that resource. Pulumi compares what
 * depends on a resource before it deletes that one to make it anew, and a preview ends where it cannot: in a cluster that is made anew too.
 */
export function siblingUrn(of: pulumi.Resource, type: string, name: string): pulumi.Output<string> {
  return of.urn.apply((urn) => {
    const [stack, project, types] = urn.split("::") as [string, string, string];
    return [stack, project, [...types.split("$").slice(0, -1), type].join("$"), name].join("::");
  });
}
