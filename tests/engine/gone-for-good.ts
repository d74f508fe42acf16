/** A platform, or a cluster, that answers no more. */
import assert from "node:assert/strict";
import type { EngineStack } from "./stack";

/** The way out of which errors tell. What the stack knew is its own again afterwards, as if nobody had taken it. */
export async function forgottenWhole(stack: EngineStack): Promise<string> {
  const kept = await stack.state();
  // Pulumi's own provider lets go of a Helm release at a refresh alone.
  const forgotten = await stack.say("destroy", ["--refresh"], { PULUMI_K8S_DELETE_UNREACHABLE: "true" });
  assert.ok(forgotten.ok, forgotten.text);
  assert.deepEqual(await stack.resources(), []);
  await stack.replaceState(kept);
  return forgotten.text;
}
