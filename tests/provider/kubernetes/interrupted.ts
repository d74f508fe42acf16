/** ^C and time limits at each request of each resource in turn: one test for each. */
import assert from "node:assert/strict";
import {
  interruptEachCreate,
  interruptEachDelete,
  interruptEachUpdate,
  type Interrupted,
  type Rig,
} from "../server/harness/interruption";

export interface Interruptible extends Interrupted {
  /** That it makes at least, for its create. */
  requests: number;
}

export function itGoesOnWith(resources: readonly Interruptible[], rigged: () => Rig): void {
  for (const resource of resources) {
    it(`${resource.type.split(":").at(-1)} goes on with the next \`up\`, and leaves nothing`, async () => {
      const { requests, updated } = resource;
      assert.ok((await interruptEachCreate(rigged(), resource)) >= requests);
      if (updated) assert.ok((await interruptEachUpdate(rigged(), resource)) >= Math.min(requests, 1));
      await interruptEachDelete(rigged(), resource);
    });
  }
}
