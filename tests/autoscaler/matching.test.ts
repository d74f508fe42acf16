import assert from "node:assert/strict";
import fc from "fast-check";
import { matchNodes, type NodeFacts } from "../../autoscaler/cluster/matching";
import type { NodeGroupMachine } from "../../provider/node-groups/driver";

const machine = (nodeName: string, alsoKnownAs?: string[]): NodeGroupMachine => ({
  id: `id-${nodeName}`,
  providerId: `cloud://${nodeName}`,
  nodeName,
  state: "running",
  ...(alsoKnownAs && { alsoKnownAs }),
});
const node = (name: string, changes: Partial<NodeFacts> = {}): NodeFacts => ({
  name,
  providerId: "",
  addresses: [],
  labels: {},
  isReady: true,
  ...changes,
});
const pairs = (machines: NodeGroupMachine[], nodes: NodeFacts[]) =>
  [...matchNodes(machines, nodes)].map(([{ nodeName }, { name }]) => `${nodeName}=${name}`).sort();

describe("Nodes and machines", () => {
  it("belong together by name before anything else, also where a node has an id that is not its cloud's", () => {
    const nodes = [node("a", { providerId: "other://b" }), node("b", { providerId: "" })];
    assert.deepEqual(pairs([machine("a"), machine("b")], nodes), ["a=a", "b=b"]);
  });

  it("do not where the node says that it is another machine of the cloud, which had the name before", () => {
    const left = node("a", { providerId: "cloud://gone", isReady: false });
    assert.deepEqual(pairs([machine("a")], [left]), []);
    const nodes = [
      node("a", { providerId: "cloud://b", isReady: false }),
      node("b", { providerId: "cloud://a", isReady: false }),
    ];
    assert.deepEqual(pairs([machine("a"), machine("b")], nodes), ["a=b", "b=a"]);
    // Nobody documents what such a cloud calls its nodes.
    assert.deepEqual(pairs([machine("a", ["10.0.0.1"])], [left]), ["a=a"]);
  });

  it("do where the machine's kubelet has taken over what was left, also when it falls silent", () => {
    const taken = (isReady: boolean) => [node("a", { providerId: "cloud://gone", isReady })];
    const pair = (isReady: boolean, owner: string) =>
      [...matchNodes([machine("a")], taken(isReady), () => owner).values()].map(({ name }) => name);
    assert.deepEqual(pairs([machine("a")], taken(true)), ["a=a"]);
    assert.deepEqual(pair(false, "id-a"), ["a"]);
    assert.deepEqual(pair(false, "id-gone"), []);
  });

  it("do on EC2 after a stop and a start, which it tells as the machine's beginning", () => {
    const own = { ...machine("a"), providerId: "aws:///us-west-2a/i-1", createdAt: "2026-11-28T10:00:00Z" };
    const stopped = { isReady: false, createdAt: "2026-11-28T09:00:00Z", providerId: own.providerId };
    assert.deepEqual(pairs([own], [node("a", stopped)]), ["a=a"]);
  });

  it("do not where the node is older than its machine and reports no more", () => {
    const since = (time: string) => `2026-11-28T${time}Z`;
    const own = { ...machine("a"), createdAt: since("10:00:00") };
    const left = { isReady: false, createdAt: since("09:00:00"), providerId: "cloud://a" };
    assert.deepEqual(pairs([own], [node("a", left)]), []);
    assert.deepEqual(pairs([own], [node("a", { ...left, isReady: true })]), ["a=a"]);
    // Clocks of clouds and clusters differ a little, and lists tell whole seconds.
    assert.deepEqual(pairs([own], [node("a", { ...left, createdAt: since("09:56:00") })]), ["a=a"]);
    assert.deepEqual(pairs([own], [node("a", { ...left, createdAt: since("10:02:00") })]), ["a=a"]);
    const known = { ...machine("b", ["10.0.0.1"]), createdAt: since("10:00:00") };
    const there = node("x", { ...left, providerId: "", addresses: ["10.0.0.1"] });
    assert.deepEqual(pairs([known], [there]), []);
    assert.deepEqual(pairs([known], [there, node("y", { addresses: ["10.0.0.1"] })]), ["b=y"]);
  });

  it("do not by an address alone where the node was a machine's that is gone, and reports no more", () => {
    const former = (name: string): string | undefined => (name === "x" ? "id-gone" : undefined);
    const there = (isReady: boolean) => [node("x", { addresses: ["10.0.0.1"], isReady })];
    const pair = (isReady: boolean, owner: typeof former) =>
      [...matchNodes([machine("b", ["10.0.0.1"])], there(isReady), owner).values()].map(({ name }) => name);
    assert.deepEqual(pair(false, former), []);
    assert.deepEqual(pair(true, former), ["x"]);
    assert.deepEqual(
      pair(false, () => "id-b"),
      ["x"],
    );
  });

  it("belong together by provider id, and by other texts only where names are not certain", () => {
    assert.deepEqual(pairs([machine("a")], [node("x", { providerId: "cloud://a" })]), ["a=x"]);
    const shown = [node("x", { addresses: ["10.0.0.1"] }), node("y", { labels: { id: "inst_2" } }), node("c.internal")];
    const known = [machine("a", ["10.0.0.1"]), machine("b", ["inst_2", "10.0.0.2"]), machine("c", ["10.0.0.3"])];
    assert.deepEqual(pairs(known, shown), ["a=x", "b=y", "c=c.internal"]);
    assert.deepEqual(pairs([machine("a"), machine("c")], shown), []);
  });

  it("do not when two have the same text", () => {
    const twice = [machine("a", ["10.0.0.1"]), machine("b", ["10.0.0.1"])];
    assert.deepEqual(pairs(twice, [node("x", { addresses: ["10.0.0.1"] })]), []);
    const shown = [node("x", { labels: { pool: "inst_1" } }), node("y", { labels: { pool: "inst_1" } })];
    assert.deepEqual(pairs([machine("a", ["inst_1"])], shown), []);
  });

  it("have one another and nobody else, whatever they show", () => {
    const text = fc.constantFrom("a", "b", "c", "d", "10.0.0.1", "10.0.0.2", "");
    const machines = fc.uniqueArray(fc.tuple(text, fc.option(fc.array(text), { nil: undefined })), {
      selector: ([name]) => name,
    });
    const facts = fc.tuple(text, text, fc.array(text), fc.dictionary(text, text));
    fc.assert(
      fc.property(machines, fc.uniqueArray(facts, { selector: ([name]) => name }), (some, others) => {
        const nodes = others.map(([name, providerId, addresses, labels]) =>
          node(name, { providerId, addresses, labels }),
        );
        const found = matchNodes(
          some.map(([name, known]) => machine(name, known)),
          nodes,
        );
        assert.equal(new Set(found.values()).size, found.size);
        for (const { nodeName, alsoKnownAs } of found.keys())
          if (alsoKnownAs && nodes.some(({ name }) => name === nodeName && name !== ""))
            assert.equal([...found].find(([one]) => one.nodeName === nodeName)![1].name, nodeName);
      }),
    );
  });
});
