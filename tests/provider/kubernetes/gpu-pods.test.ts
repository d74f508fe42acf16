import assert from "node:assert/strict";
import type { KubernetesApi } from "../../../provider/kubernetes/api";
import { gpuProblem, whyNoGpus } from "../../../provider/kubernetes/gpu-pods";

function pod(nodeName: string, status: object) {
  const metadata = { namespace: "kube-system", name: `plugin-${nodeName}` };
  return { apiVersion: "v1", kind: "Pod", metadata, spec: { nodeName }, status };
}

describe("why nodes offer no GPUs", () => {
  it("names the container that does not run, with kubelet's own words", () => {
    const waiting = { reason: "ContainerCreating" };
    const pods = [
      pod("g0", {}),
      pod("g1", { containerStatuses: [{ name: "device-plugin", ready: false, state: { waiting } }] }),
    ];
    const message = 'Failed to create pod sandbox: no runtime for "nvidia" is configured';
    const event = { apiVersion: "v1", kind: "Event", metadata: {}, involvedObject: { name: "plugin-g1" }, message };
    const said = "pod kube-system/plugin-g1 has container device-plugin waiting: ContainerCreating";
    assert.equal(gpuProblem("g1", pods, [event]), `${said}: ${message}`);
    assert.equal(gpuProblem("g1", pods, [{ ...event, involvedObject: { name: "other" } }]), said);
    const terminated = { exitCode: 1, reason: "Error" };
    const driver = { name: "driver", ready: false, state: { terminated } };
    assert.equal(
      gpuProblem("g1", [pod("g1", { initContainerStatuses: [driver] })], []),
      "pod kube-system/plugin-g1 has container driver ended with status 1: Error",
    );
  });

  it("tells a node without the plugin from one whose plugin finds nothing", () => {
    assert.match(gpuProblem("g1", [pod("g0", {})], []), /no device plugin runs there/);
    const running = { containerStatuses: [{ name: "device-plugin", ready: true, state: { running: {} } }] };
    assert.match(gpuProblem("g1", [pod("g1", running)], []), /runs and finds no GPUs: is the driver there/);
  });

  it("asks only about nodes that lack GPUs, and hides no error behind one of its own", async () => {
    const asked: string[] = [];
    const api = {
      list: (query: { kind: string }) => {
        asked.push(query.kind);
        return Promise.reject(new Error("away"));
      },
    } as unknown as KubernetesApi;
    assert.deepEqual(await whyNoGpus(api, [], new AbortController().signal), []);
    assert.deepEqual(asked, []);
    assert.deepEqual(await whyNoGpus(api, ["g1"], new AbortController().signal), []);
    assert.deepEqual(asked, ["Pod", "Event"]);
  });
});
