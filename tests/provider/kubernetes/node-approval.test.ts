import assert from "node:assert/strict";
import fc from "fast-check";
import { replacesNode, nodeTokenGroup, refusal } from "../../../provider/kubernetes/node-approval";
import { approvalCases, request } from "../../bootstrap/approval-cases";

describe("which machines get a node's certificate", () => {
  for (const each of approvalCases) {
    it(`${each.refusal ? "refuses" : "approves"} ${each.title}`, () => {
      const why = refusal(each.request, each.facts);
      if (each.refusal) assert.match(why ?? "approved", each.refusal);
      else assert.deepEqual([why, replacesNode(each.request, each.facts)], [undefined, each.replaces]);
    });
  }

  it("gives one name to at most one of any requests, and never one that their tokens are not for", () => {
    const node = fc.constantFrom("a", "b", "control");
    const anyRequest = fc
      .record({ own: node, node, token: fc.constantFrom("1", "2"), at: fc.constantFrom("0", "1", "2") })
      .map(({ own, node: wanted, token, at }) => ({
        ...request({ node: wanted, user: `system:bootstrap:${token}${own}`, created: `2026-11-28T10:00:0${at}Z` }),
        groups: [nodeTokenGroup + own],
        own,
      }));
    fc.assert(
      fc.property(fc.array(anyRequest, { maxLength: 8 }), (drawn) => {
        const requests = drawn.map((each, index) => ({ ...each, name: `csr-${index}` }));
        const approved = requests.filter((each) => refusal(each, { requests }) === undefined);
        for (const each of approved) assert.equal(each.node, each.own);
        const tokens = approved.map(({ user }) => user);
        assert.equal(new Set(tokens).size, tokens.length, "a token is good for one certificate");
      }),
    );
  });
});
