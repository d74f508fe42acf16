/** What somebody deletes, or changes, with kubectl: `pulumi up --refresh` makes it good. */
import assert from "node:assert/strict";
import {
  referenceTo,
  type KubernetesApi,
  type KubernetesObject,
  type ObjectReference,
} from "../../provider/kubernetes/api";
import { until } from "../until";
import type { EngineStack } from "./stack";

/** Each by itself: what hangs on it comes back too. */
export async function comeBack(stack: EngineStack, api: KubernetesApi, references: ObjectReference[]): Promise<void> {
  for (const reference of references) {
    const what = `${reference.kind} ${reference.name}`;
    await deleted(api, reference);
    await madeGood(stack, `${what} was deleted`);
    assert.ok(await api.read(reference), `${what} is there again`);
  }
  assert.deepEqual(await stack.preview(), []);
}

/** @param edits objects with the fields that somebody gives other values */
export async function areBroughtBack(stack: EngineStack, api: KubernetesApi, edits: KubernetesObject[]): Promise<void> {
  const references = edits.map(referenceTo);
  const before = await fieldsOf(api, references);
  // As `kubectl edit` does it: whose the fields are then is told by another name than any of ours.
  for (const edit of edits) await api.patch(referenceTo(edit), edit);
  const after = await fieldsOf(api, references);
  edits.forEach(({ kind }, place) => assert.notDeepEqual(after[place], before[place], `${kind} was changed`));
  await madeGood(stack, `${references.map(({ kind, name }) => `${kind} ${name}`).join(", ")} were changed`);
  assert.deepEqual(await fieldsOf(api, references), before);
  assert.deepEqual(await stack.preview(), []);
}

async function deleted(api: KubernetesApi, reference: ObjectReference): Promise<void> {
  const what = `${reference.kind} ${reference.name}`;
  const found = await api.read(reference);
  assert.ok(found, `${what} is there`);
  await api.delete(reference, { propagationPolicy: "Background" });
  await until(`${what} is gone`, async () => (await api.read(reference))?.metadata.uid !== found.metadata.uid);
}

async function madeGood(stack: EngineStack, what: string): Promise<void> {
  const up = await stack.up("--refresh");
  assert.ok(up.ok, `${what}: ${up.text}`);
}

async function fieldsOf(api: KubernetesApi, references: ObjectReference[]): Promise<unknown[]> {
  const found = await Promise.all(references.map((reference) => api.read(reference)));
  return found.map((object) => {
    const said = Object.entries(object!).filter(([key]) => key !== "metadata" && key !== "status");
    return [said, object!.metadata.labels];
  });
}
