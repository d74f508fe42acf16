import assert from "node:assert/strict";
import { KubernetesApiError } from "../../../provider/kubernetes/api";
import { PodReminder, type Pod } from "../../../simulator/machines/control-plane/pod-reminder";

const now = Date.parse("2026-12-01T12:00:00Z");
const ago = (seconds: number) => new Date(now - seconds * 1_000).toISOString();
const pod = (
  name: string,
  phase: string,
  seconds: number,
  more: Partial<Pod["metadata"]> = {},
  nodeName = "on",
): Pod => ({
  metadata: { name, namespace: "default", creationTimestamp: ago(600), ...more },
  spec: { nodeName },
  status: { phase, conditions: [{ type: "PodScheduled", lastTransitionTime: ago(seconds) }] },
});

/** A look at these pods. @returns what was changed, and what the machine's log says */
async function lookAt(pods: Pod[], fault?: Error): Promise<{ changed: string[]; notes: string[] }> {
  const changed: string[] = [];
  const notes: string[] = [];
  const request = (method: string, path: string) => {
    if (method === "GET") return Promise.resolve({ items: pods });
    changed.push(path.split("/").at(-1)!);
    return fault ? Promise.reject(fault) : Promise.resolve({});
  };
  const api = { request: request as never };
  const reminder = new PodReminder({ api, isPowered: (node) => node === "on", note: (text) => notes.push(text) });
  await reminder.look(new AbortController().signal, now);
  return { changed, notes };
}

describe("kwok on light machines", () => {
  it("is reminded of pods that wait on a node for long, to start or to go", async () => {
    const { metadata } = pod("nowhere", "Pending", 60);
    const { changed, notes } = await lookAt([
      pod("left", "Pending", 60),
      pod("new", "Pending", 2),
      pod("runs", "Running", 60),
      pod("work", "Running", 60, { ownerReferences: [{ kind: "Job" }] }),
      pod("works-no-more", "Succeeded", 60, { ownerReferences: [{ kind: "Job" }] }),
      pod("goes", "Running", 60, { deletionTimestamp: ago(30) }),
      pod("has-time-to-go", "Running", 60, { deletionTimestamp: ago(-30) }),
      pod("off", "Pending", 60, {}, "off"),
      { metadata, spec: {}, status: { phase: "Pending" } },
    ]);
    assert.deepEqual(changed, ["left", "work", "goes"]);
    assert.match(notes[0]!, /default\/left/);
  });

  it("is reminded of the others where one has gone meanwhile", async () => {
    const gone = new KubernetesApiError("not found", 404, "NotFound");
    const pods = [pod("first", "Pending", 60), pod("second", "Pending", 60)];
    assert.deepEqual((await lookAt(pods, gone)).changed, ["first", "second"]);
  });
});
