/** The URN of a resource that has the same parent as the one with that URN. */
export function siblingUrn(urn: string, type: string, name: string): string {
  const [stack, project, types] = urn.split("::") as [string, string, string];
  return [stack, project, [...types.split("$").slice(0, -1), type].join("$"), name].join("::");
}
