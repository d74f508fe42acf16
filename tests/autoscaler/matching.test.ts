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
  ...changes,
});
const pairs = (machines: NodeGroupMachine[], nodes: NodeFacts[]) =>
  [...matchNodes(machines, nodes)].map(([{ nodeName }, { name }]) => `${nodeName}=${name}`).sort();

describe("Nodes and machines", () => {
  it("belong together by name before anything else", () => {
    const nodes = [node("a", { providerId: "cloud://b" }), node("b", { providerId: "cloud://a" })];
    assert.deepEqual(pairs([machine("a"), machine("b")], nodes), ["a=a", "b=b"]);
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
        for (const { nodeName } of found.keys())
          if (nodes.some(({ name }) => name === nodeName && name !== ""))
            assert.equal([...found].find(([one]) => one.nodeName === nodeName)![1].name, nodeName);
      }),
    );
  });
});
