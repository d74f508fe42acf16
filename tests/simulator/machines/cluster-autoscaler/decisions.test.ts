/** What the stand-in for cluster-autoscaler decides by: rooms, groups to grow, nodes that nobody needs. */
import assert from "node:assert/strict";
import fc from "fast-check";
import { parseFlags } from "../../../../simulator/machines/cluster-autoscaler/flags";
import { unneeded } from "../../../../simulator/machines/cluster-autoscaler/scale-down";
import { best, scaleUps } from "../../../../simulator/machines/cluster-autoscaler/scale-up";
import {
  fits,
  place,
  quantities,
  quantity,
  requestsOf,
  type Pod,
  type Room,
} from "../../../../simulator/machines/cluster-autoscaler/scheduling";
import { nodeOf, podOf } from "./objects";

const room = (free: Record<string, string>, rest: Partial<Room> = {}): Room => {
  return { labels: {}, taints: [], free: quantities({ pods: "110", ...free }), ...rest };
};

describe("the stand-in for cluster-autoscaler", () => {
  it("takes the add-on's flags, and refuses others as the real one does", () => {
    const { unneededMs, scanMs, enforceMinSize, startupTaints, keepsSystemPods } = parseFlags([
      "--cloud-provider=externalgrpc",
      "--enforce-node-group-min-size=true",
      "--skip-nodes-with-system-pods=false",
      "--startup-taint=one.example.com/begins",
      "--startup-taint=other.example.com/begins",
      "--scale-down-unneeded-time=1h1m30s",
      "--v=2",
    ]);
    assert.deepEqual([unneededMs, scanMs, enforceMinSize], [3_690_000, 10_000, true]);
    assert.deepEqual(startupTaints, ["one.example.com/begins", "other.example.com/begins"]);
    assert.deepEqual([keepsSystemPods, parseFlags([]).keepsSystemPods], [false, true]);
    assert.throws(() => parseFlags(["--no-such-flag"]), /unknown flag: --no-such-flag/);
    assert.throws(() => parseFlags(["--scan-interval=ten"]), /invalid argument "ten" for --scan-interval/);
  });

  it("reads Kubernetes' quantities", () => {
    const read = ["2", "500m", "1Gi", "1500k", "0.5"].map(quantity);
    assert.deepEqual(read, [2, 0.5, 2 ** 30, 1_500_000, 0.5]);
    assert.throws(() => quantity("much"), /not a quantity: much/);
  });

  it("places a pod by what it asks for, selects, and tolerates", () => {
    const gpu = podOf("p", { requests: { cpu: "1", "nvidia.com/gpu": "1" } });
    assert.ok(!fits(gpu, room({ cpu: "4" })));
    assert.ok(fits(gpu, room({ cpu: "4", "nvidia.com/gpu": "1" })));
    const taints = [{ key: "gpu", value: "yes", effect: "NoSchedule" }];
    assert.ok(!fits(podOf("p"), room({}, { taints })));
    assert.ok(fits(podOf("p", { tolerations: [{ key: "gpu", operator: "Exists" }] }), room({}, { taints })));
    assert.ok(!fits(podOf("p", { tolerations: [{ key: "gpu", value: "no" }] }), room({}, { taints })));
    assert.ok(fits(podOf("p"), room({}, { taints: [{ key: "a", effect: "PreferNoSchedule" }] })));
    const tier = { key: "tier", operator: "In", values: ["a"] };
    const affinity = {
      nodeAffinity: {
        requiredDuringSchedulingIgnoredDuringExecution: { nodeSelectorTerms: [{ matchExpressions: [tier] }] },
      },
    };
    for (const chosen of [{ affinity }, { nodeSelector: { tier: "a" } }]) {
      assert.ok(fits(podOf("p", chosen), room({}, { labels: { tier: "a" } })));
      assert.ok(!fits(podOf("p", chosen), room({}, { labels: { tier: "b" } })));
    }
  });

  it("never gives out more than a room has", () => {
    const cpu = fc.integer({ min: 1, max: 8 });
    fc.assert(
      fc.property(fc.array(cpu), fc.array(cpu), (asked, offered) => {
        const pods = asked.map((n, index) => podOf(`p${index}`, { requests: { cpu: String(n) } }));
        const rooms = offered.map((n) => room({ cpu: String(n) }));
        const left = place(pods, rooms);
        const sum = (all: readonly Pod[]) => all.reduce((total, pod) => total + requestsOf(pod)["cpu"]!, 0);
        const free = rooms.map((each) => each.free["cpu"]!);
        assert.ok(free.every((n) => n >= 0));
        assert.equal(sum(pods) - sum(left), offered.reduce((a, b) => a + b, 0) - free.reduce((a, b) => a + b, 0));
      }),
    );
  });

  it("grows a group by as many nodes as the pods fill, and no further than it may", () => {
    const pods = Array.from({ length: 5 }, (_, index) => podOf(`p${index}`, { requests: { cpu: "2" } }));
    const [four] = scaleUps(pods, [{ id: "g", most: 10, template: room({ cpu: "4" }) }]);
    assert.deepEqual([four!.nodes, four!.pods.length], [3, 5]);
    const [two] = scaleUps(pods, [{ id: "g", most: 2, template: room({ cpu: "4" }) }]);
    assert.deepEqual([two!.nodes, two!.pods.length], [2, 4]);
    assert.deepEqual(scaleUps(pods, [{ id: "g", most: 2, template: room({ cpu: "1" }) }]), []);
  });

  it("chooses by priority, then by what would be left over", () => {
    const option = (id: string, waste: number) => ({ id, waste, nodes: 1, pods: [] });
    const all = [option("sure", 0.1), option("cheap", 0.9), option("other", 0.1)];
    assert.equal(best(all, { "20": ["^cheap$"], "10": ["^sure$"] })!.id, "cheap");
    assert.equal(best(all, { "1": [".*"] })!.id, "sure");
    assert.equal(best([], {}), undefined);
  });

  describe("nodes that nobody needs", () => {
    const rules = { utilizationThreshold: 0.5, keepsSystemPods: true };
    const other = { node: nodeOf("other", { cpu: "8", memory: "8Gi" }), pods: [] };
    const names = (pods: Pod[], others = [other], allocatable: Record<string, string> = { cpu: "8", memory: "8Gi" }) =>
      unneeded([{ node: nodeOf("n", allocatable), pods }], others, rules).map(({ node }) => node.metadata.name);
    const half = { requests: { cpu: "3" } };

    it("are little used, and their pods have somewhere to go", () => {
      assert.deepEqual(names([]), ["n"]);
      assert.deepEqual(names([podOf("p", half)]), ["n"]);
      assert.deepEqual(names([podOf("p", half)], []), [], "nowhere to go");
      assert.deepEqual(names([podOf("p", { requests: { cpu: "5" } })]), [], "it is used");
    });

    it("with GPUs, are judged by these alone", () => {
      const gpus = { cpu: "8", memory: "8Gi", "nvidia.com/gpu": "2" };
      assert.deepEqual(names([podOf("p", { requests: { cpu: "7" } })], [other], gpus), ["n"]);
      const busy = podOf("p", { requests: { "nvidia.com/gpu": "1" } });
      assert.deepEqual(names([busy], [{ ...other, node: nodeOf("other", gpus) }], gpus), []);
    });

    it("have no pod that must stay", () => {
      const without = (changes: object) => names([podOf("p", { ...half, ...changes })]);
      assert.deepEqual(without({ owner: undefined }), [], "nobody would make it again");
      assert.deepEqual(without({ namespace: "kube-system" }), []);
      const system = podOf("p", { ...half, namespace: "kube-system" });
      const moved = unneeded([{ node: nodeOf("n", { cpu: "8", memory: "8Gi" }), pods: [system] }], [other], {
        ...rules,
        keepsSystemPods: false,
      });
      assert.equal(moved.length, 1);
      assert.deepEqual(without({ volumes: [{ emptyDir: {} }] }), []);
      assert.deepEqual(without({ annotations: { "cluster-autoscaler.kubernetes.io/safe-to-evict": "false" } }), []);
      const said = { "cluster-autoscaler.kubernetes.io/safe-to-evict": "true" };
      assert.deepEqual(without({ namespace: "kube-system", annotations: said }), ["n"]);
      assert.deepEqual(without({ owner: "DaemonSet", namespace: "kube-system" }), ["n"], "it goes with its node");
    });
  });
});
