/**
 * What the engine keeps of each resource. Where it replaces one without asking `Diff` (`pulumi up --replace`, `pulumi state taint`,
 * `replacementTrigger`, `replaceWith`), it makes the new one first, and the create may take over what is there, or write over it, as after an
 * interruption. Then the old one and the new one are one thing in the cloud, which the delete of the old one must not take along.
 */
import type { PackageSchema, ResourceSpec } from "../../sdk/schema/package-schema";
import type { Placement } from "./placement";
import type { ProviderConfig, ResourceHandler } from "./resource";
import { diffResource, type DiffQuestion } from "./resource-diff";
import type { WireValues } from "./wire";

export interface KeptObject {
  readonly id: string;
  readonly inputs: WireValues;
}

export type OldObject = KeptObject & Pick<DiffQuestion, "oldState">;

/** By URN, for one command: the engine configures the plugin anew for each. */
export type KeptObjects = Map<string, KeptObject>;

export interface Comparison {
  readonly schema: PackageSchema;
  readonly spec: ResourceSpec;
  readonly handler: ResourceHandler;
  readonly placement: Placement;
  readonly config: ProviderConfig;
}

/** Whether an old resource and the one that is kept are one thing in the cloud. */
export function isSameObject(
  { schema, spec, handler, placement, config }: Comparison,
  old: OldObject,
  kept: KeptObject,
): boolean {
  const nameOf = ({ inputs }: KeptObject) => handler.knownBy?.(inputs.values, config);
  const hasSameName = handler.knownBy === undefined ? old.id === kept.id : nameOf(old) === nameOf(kept);
  if (!hasSameName) return false;
  const question = { oldInputs: old.inputs, oldState: old.oldState, news: kept.inputs, ignoreChanges: [] };
  const { changes, deleteBeforeReplace } = diffResource(schema, spec, handler, placement, question);
  // What is replaced, and may stand beside the new one, is elsewhere.
  const standsApart = [...changes.values()].some(({ replaces }) => replaces) && !deleteBeforeReplace;
  return !standsApart;
}

export function takenOver(id: string): string {
  return (
    `"${id}" is the new one's by now, so that it does not go with the old one. What the create found there it took over: to have that made anew, ` +
    "give the resource the option `deleteBeforeReplace: true` and replace it again"
  );
}
