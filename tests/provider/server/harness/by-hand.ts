/**
 * What somebody does to a resource by hand, at the cloud's console: deletes it, or changes what the program says of it. A refresh and `up` bring it
 * right, `up` alone that changes an input has one clear outcome, and a destroy directly after leaves nothing.
 */
import assert from "node:assert/strict";
import type { Properties } from "../../../../provider/server/wire";
import { EngineResource } from "./engine-resource";
import type { Plugin } from "./plugin";

export interface ByHand {
  readonly type: string;
  /** Which of its kind, where there are several. */
  readonly of?: string;
  /** What the program says; `round` is another each time, for clouds in which names are taken for long. */
  inputs(round: string): Properties;
  /** What it says after an edit. Left out: no edit changes it in place. */
  updated?(round: string): Properties;
  /** Somebody deletes it, or what it looks at. Left out: there is nothing of it but in the state. */
  lose?(round: string): Promise<unknown>;
  /** What `up` does after a refresh, or says. @default "create" */
  readonly again?: Did | RegExp;
  /** What `up` with the edit says without a refresh. Left out: it brings it right. */
  readonly refusal?: RegExp;
  /** What was lost comes back by itself. Left out where `again` is a refusal: it never does. */
  back?(round: string): Promise<unknown>;
  /** Somebody changes it. */
  change?(round: string): Promise<unknown>;
  /** What `up` does of that after a refresh. @default "update" */
  readonly mended?: Did;
  /** What the cloud has of it, in words with all that the program says. Empty: nothing. */
  left(round: string): Promise<string[]>;
}

type Did = "create" | "update" | "replace" | "same";

/** One test for each row, and one that fails where a kind of the room has none. */
export function itStandsWhatIsDoneByHand(room: string, plugin: () => Plugin, rows: readonly ByHand[]): void {
  it("has a row for each kind of resource", () => {
    const resources = Object.entries(plugin().schema.resources ?? {});
    const kinds = resources.filter(([type, { isComponent }]) => type.split(":")[1] === room && !isComponent);
    assert.deepEqual([...new Set(rows.map(({ type }) => type))].sort(), kinds.map(([type]) => type).sort());
  });
  for (const row of rows) {
    const name = row.type.split(":").at(-1)! + (row.of === undefined ? "" : ` of ${row.of}`);
    if (row.lose) it(`${name} that somebody deletes is brought right, and goes`, () => lost(plugin(), row));
    if (row.change) it(`${name} that somebody changes is brought right, and goes`, () => changed(plugin(), row));
    if (!row.lose && !row.change) it(`${name} is in the state alone, and goes with it`, () => untouched(plugin(), row));
  }
}

async function lost(plugin: Plugin, row: ByHand): Promise<void> {
  const after = async (round: string) => {
    const resource = await made(plugin, row, round);
    await row.lose!(round);
    return resource;
  };
  const { again = "create", updated } = row;
  const right = await whole(plugin, row, "new");
  const refreshed = await after("lost");
  await refreshed.refresh();
  if (again instanceof RegExp) await refused(refreshed, row.inputs("lost"), again);
  else assert.equal(await refreshed.up(row.inputs("lost")), again, "`up` after a refresh");
  await goesOn(row, refreshed, "lost", row.inputs, right);

  if (updated) {
    const rightThen = await whole(plugin, row, "newer", updated);
    const edited = await after("edited");
    if (row.refusal) await refused(edited, updated("edited"), row.refusal);
    else await edited.up(updated("edited"));
    await goesOn(row, edited, "edited", updated, rightThen);
  }

  await leaves(row, await after("gone"), "gone");
  await row.back?.("gone");
}

/** Whatever was said of it: with what it needs there again, a refresh and `up` make it whole. */
async function goesOn(
  row: ByHand,
  resource: EngineResource,
  round: string,
  program: ByHand["inputs"],
  right: string[],
): Promise<void> {
  await row.back?.(round);
  if (resource.stored) await resource.refresh();
  if (row.again instanceof RegExp && !row.back) {
    await refused(resource, program(round), row.again);
    return leaves(row, resource, round);
  }
  await resource.up(program(round));
  await settles(row, resource, round, program, right);
}

async function changed(plugin: Plugin, row: ByHand): Promise<void> {
  const after = async (round: string) => {
    const resource = await made(plugin, row, round);
    const right = await row.left(round);
    await row.change!(round);
    assert.notDeepEqual(await row.left(round), right, "the change by hand is one");
    return resource;
  };
  const { updated } = row;
  const right = await whole(plugin, row, "alike");
  const refreshed = await after("changed");
  await refreshed.refresh();
  assert.equal(await refreshed.up(row.inputs("changed")), row.mended ?? "update", "`up` after a refresh");
  await settles(row, refreshed, "changed", row.inputs, right);

  if (updated) {
    const rightThen = await whole(plugin, row, "later", updated);
    const edited = await after("both");
    await edited.up(updated("both"));
    await edited.refresh();
    await edited.up(updated("both"));
    await settles(row, edited, "both", updated, rightThen);
  }

  await leaves(row, await after("over"), "over");
}

async function untouched(plugin: Plugin, row: ByHand): Promise<void> {
  const resource = await made(plugin, row, "alone");
  await resource.refresh();
  await settles(row, resource, "alone", row.inputs, []);
}

async function made(plugin: Plugin, { type, inputs }: ByHand, round: string): Promise<EngineResource> {
  const resource = new EngineResource(plugin, type, round);
  await resource.up(inputs(round));
  return resource;
}

async function refused(resource: EngineResource, program: Properties, words: RegExp): Promise<void> {
  await assert.rejects(resource.up(program), (error: Error) => {
    assert.match(error.message, words);
    return true;
  });
}

/** What the cloud has of a new one that nobody meddles with. */
async function whole(plugin: Plugin, row: ByHand, round: string, program = row.inputs): Promise<string[]> {
  const resource = new EngineResource(plugin, row.type, round);
  // What it stands on is made with the first.
  row.inputs(round);
  await resource.up(program(round));
  const right = await nameless(row, round);
  await resource.destroy();
  return right;
}

async function nameless(row: ByHand, round: string): Promise<string[]> {
  return (await row.left(round)).map((words) => words.replaceAll(round, "it")).sort();
}

async function settles(
  row: ByHand,
  resource: EngineResource,
  round: string,
  program: ByHand["inputs"],
  right: string[],
): Promise<void> {
  assert.deepEqual(await nameless(row, round), right, "`up` makes it whole");
  assert.equal(await resource.up(program(round)), "same", "the second `up` changes nothing");
  await resource.refresh();
  assert.equal(await resource.up(program(round)), "same", "nor does one after a refresh");
  await leaves(row, resource, round);
}

async function leaves(row: ByHand, resource: EngineResource, round: string): Promise<void> {
  if (resource.stored) await resource.destroy();
  assert.deepEqual(await row.left(round), [], "something outlives the destroy");
}
