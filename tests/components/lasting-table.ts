/** Tables of inputs that change in a cluster's life, and what is held of each row. */
import assert from "node:assert/strict";
import { committedSchema } from "../../sdk/schema/committed";
import { isRecord } from "../../sdk/schema/record";
import { foreseenLosses, foreseenRefusals } from "./lives";
import type { Registered } from "./mocks";

/** What may go with a change that its user meant: nodes, ways out, and what a change of its own input turns off. */
const replaceable = /^(NodeGroup|PlacementGroup|RouteTableAssociation) /;

export interface Change<Args> {
  /** What the change begins with, besides the base. */
  from?: Partial<Args>;
  to: Partial<Args>;
  /** The refusal. Left out: it is harmless. */
  refused?: RegExp;
  /** What goes besides, because the user turns it off. */
  loses?: RegExp;
  /** It changes what others depend on, or cannot be together with others. */
  alone?: boolean;
}

/** By the input's path. */
export type Changes<Args> = Record<string, Change<Args> | Change<Args>[]>;

export interface Life<Args> {
  type: string;
  run(args: Args): Promise<Registered>;
  base: Args;
  changes: Changes<Args>;
}

type Args = Record<string, unknown> & { nodeGroups: { name: string }[] };

/** A test for each row of a cluster's table, and one that the table has a row for each input. */
export function describeLife<Own>(life: Life<Own>): void {
  const { type, run, base, changes } = life as unknown as Life<Args>;
  const rows = Object.entries(changes).flatMap(([path, some]) => [some].flat().map((change) => ({ path, ...change })));
  type Row = (typeof rows)[number];
  const isAlone = ({ from, alone }: Row) => from !== undefined || alone === true;
  // A program takes a second to run: what cannot hide what another does changes together with it.
  const together = rows.filter((row) => !isAlone(row));
  const harmless = together.filter(({ refused }) => refused === undefined);
  const refused = together.filter(({ refused }) => refused !== undefined);
  const batches = [...batchesOf(harmless), ...batchesOf(refused), ...rows.filter(isAlone).map((row) => [row])];

  describe(`each input of ${type.split(":")[2]!} that changes`, () => {
    it("is in this table", () => {
      assert.deepEqual(Object.keys(changes).sort(), inputPaths(type).sort());
    });

    for (const batch of batches)
      it(`${batch[0]!.refused ? "is refused" : "is harmless"}: ${batch.map(({ path }) => path).join(", ")}`, async () => {
        const [earlier, later] = programs(base, batch);
        const [before, after] = [await run(earlier), await run(later)];
        const refusals = await foreseenRefusals(before, after);
        const expected = batch.flatMap(({ refused }) => refused ?? []);
        for (const words of expected)
          assert.equal(refusals.filter((each) => words.test(each)).length, 1, `${words} in ${refusals.join()}`);
        for (const each of refusals) assert.match(each, /Set it back to \S/);
        assert.equal(refusals.length, expected.length, refusals.join());
        if (expected.length > 0) return;
        const allowed = [replaceable, ...batch.flatMap(({ loses }) => loses ?? [])];
        const lost = await foreseenLosses(before, after);
        assert.deepEqual(
          lost.filter((each) => !allowed.some((words) => words.test(each))),
          [],
        );
      });
  });
}

/** In each, every input is named once. */
function batchesOf<Row extends { path: string }>(rows: readonly Row[]): Row[][] {
  const batches: Row[][] = [];
  for (const row of rows) {
    const free = batches.find((batch) => batch.every(({ path }) => path !== row.path));
    if (free) free.push(row);
    else batches.push([row]);
  }
  return batches;
}

/** Before and after the changes: each that concerns a node group is of a group of its own. */
function programs(base: Args, batch: readonly ({ path: string } & Change<Args>)[]): [Args, Args] {
  const [first] = base.nodeGroups;
  let [before, after] = [base, base];
  for (const { path, from = {}, to, alone = false } of batch) {
    const [, field] = path.split("nodeGroups.");
    if (field === undefined || alone) {
      before = merged(before, from);
      after = merged(merged(after, from), to);
      continue;
    }
    const [changed] = to.nodeGroups!;
    const name = `of-${field.toLowerCase()}`;
    before = { ...before, nodeGroups: [...before.nodeGroups, { ...first!, name }] };
    after = { ...after, nodeGroups: [...after.nodeGroups, { ...changed!, name: field === "name" ? "renamed" : name }] };
  }
  return [before, after];
}

function merged(args: Args, changes: Partial<Args>): Args {
  const entries = Object.entries(changes).map(([key, value]) => {
    const there = args[key];
    return [key, isRecord(value) && isRecord(there) ? { ...there, ...value } : value];
  });
  return { ...args, ...Object.fromEntries(entries) } as Args;
}

/** The inputs of a component, and what is in those that are objects: `nodeGroups.name`. */
function inputPaths(type: string): string[] {
  const schema = committedSchema();
  return Object.entries(schema.resources![type]!.inputProperties!).flatMap(([name, { $ref, items }]) => {
    // What is in it the machines themselves refuse to change (`checkMachineVault`).
    if (name === "vault") return [name];
    const spec = schema.types![($ref ?? items?.$ref ?? "").replace("#/types/", "")];
    return spec && "properties" in spec ? Object.keys(spec.properties!).map((field) => `${name}.${field}`) : [name];
  });
}
