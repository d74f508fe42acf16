import assert from "node:assert/strict";
import fc from "fast-check";
import type { KubernetesObject } from "../../../provider/kubernetes/api";
import type { Machine } from "../../../provider/kubernetes/cluster-api-machines";
import { unfinished, type MachineSource } from "../../../provider/kubernetes/cluster-api-rollout";

const group = "cluster.x-k8s.io";

interface Made {
  name: string;
  version?: string;
  template?: string;
  joining?: string;
  isGoing?: boolean;
  of?: string;
}

const now = { version: "v1.37.2", template: "image-b", joining: "joining-b" };

const deployment = (replicas = 2, status: MachineSource["status"] = { observedGeneration: 3 }): MachineSource => ({
  apiVersion: `${group}/v1beta2`,
  kind: "MachineDeployment",
  metadata: { name: "search-gpu", generation: 3 },
  spec: {
    clusterName: "search",
    replicas,
    template: {
      spec: {
        version: now.version,
        infrastructureRef: { name: now.template },
        bootstrap: { configRef: { name: now.joining } },
      },
    },
  },
  status,
});
const plane = (status: MachineSource["status"]): MachineSource => ({
  apiVersion: `controlplane.${group}/v1beta2`,
  kind: "KubeadmControlPlane",
  metadata: { name: "search", generation: 1 },
  spec: {
    replicas: 1,
    version: now.version,
    machineTemplate: { spec: { infrastructureRef: { name: now.template } } },
  },
  status,
});

function machine({ name, version = now.version, isGoing, of }: Made): Machine {
  const labels = { [`${group}/${of === undefined ? "control-plane" : "deployment-name"}`]: of ?? "" };
  return {
    apiVersion: `${group}/v1beta2`,
    kind: "Machine",
    metadata: { name, labels, ...(isGoing && { deletionTimestamp: "2026-11-28T00:00:00Z" }) },
    // Cluster API's own names for what a machine is made with are not the machine's.
    spec: {
      version,
      infrastructureRef: { name: `${name}-server` },
      bootstrap: { configRef: { name: `${name}-joining` } },
    },
  };
}

function partsOf({ name, template = now.template, joining = now.joining }: Made): KubernetesObject[] {
  const part = (kind: string, own: string, from: string) => ({
    apiVersion: "v1beta2",
    kind,
    metadata: { name: own, annotations: { [`${group}/cloned-from-name`]: from } },
  });
  return [part("Metal3Machine", `${name}-server`, template), part("KubeadmConfig", `${name}-joining`, joining)];
}

const left = (source: MachineSource, made: readonly Made[]) =>
  unfinished({ sources: [source], machines: made.map(machine), parts: made.flatMap(partsOf) });
const worker = (name: string, more: Partial<Made> = {}): Made => ({ name, of: "search-gpu", ...more });

describe("a rollout of Cluster API", () => {
  it("is over once there are as many machines as wanted, all of what is wanted now", () => {
    assert.deepEqual(left(deployment(), [worker("a"), worker("b")]), []);
    assert.deepEqual(left(deployment(0), []), []);
  });

  for (const [what, more] of Object.entries<Partial<Made>>({
    "another image": { template: "image-a" },
    "another version": { version: "v1.36.4" },
    "another setting": { joining: "joining-a" },
    "its end before it": { isGoing: true },
  }))
    it(`goes on while a machine has ${what}`, () =>
      assert.deepEqual(left(deployment(), [worker("a"), worker("b", more)]), [
        "MachineDeployment search-gpu: 1 of 2 machines are new, b not yet",
      ]));

  it("goes on while nobody has seen the change, or a machine is missing", () => {
    assert.match(left(deployment(1, { observedGeneration: 2 }), [worker("a")]).join(), /has not seen the last change/);
    assert.match(left(deployment(1, {}), [worker("a")]).join(), /has not seen the last change/);
    assert.deepEqual(left(deployment(), [worker("a")]), ["MachineDeployment search-gpu has 1 of 2 machines"]);
    assert.deepEqual(left(deployment(1), [worker("a"), worker("b")]), [
      "MachineDeployment search-gpu has 2 of 1 machines",
    ]);
  });

  it("of a control plane takes its controller's word for kubeadm's settings", () => {
    assert.deepEqual(left(plane({ observedGeneration: 1, upToDateReplicas: 1 }), [{ name: "cp" }]), []);
    assert.deepEqual(left(plane({ observedGeneration: 1, upToDateReplicas: 0 }), [{ name: "cp" }]), [
      "KubeadmControlPlane search: 0 of 1 machines are up to date",
    ]);
    assert.match(left(plane({ observedGeneration: 1 }), [{ name: "cp", template: "image-a" }]).join(), /cp not yet/);
  });

  it("never ends with an old machine, and never goes on for another group's", () => {
    const machines = fc.array(fc.record({ isOld: fc.boolean(), isOthers: fc.boolean() }), { maxLength: 6 });
    fc.assert(
      fc.property(machines, (kinds) => {
        const made = kinds.map(({ isOld, isOthers }, index) =>
          worker(`m${index}`, { ...(isOld && { template: "image-a" }), ...(isOthers && { of: "search-cpu" }) }),
        );
        const own = made.filter(({ of }) => of === "search-gpu");
        const isOver = left(deployment(own.length), made).length === 0;
        assert.equal(isOver, !own.some(({ template }) => template !== undefined));
      }),
    );
  });
});
