import assert from "node:assert/strict";
import { problemsOf, type Exchange } from "./api-description";

const exchange: Exchange = {
  method: "GET",
  path: "/v2/spot/bids/bid_1/status",
  query: new URLSearchParams(),
  body: "",
  status: 200,
  answer: JSON.stringify({ bid_fid: "bid_1", status: "Relocating" }),
};
const problems = (changes: Partial<Exchange>) => problemsOf({ ...exchange, ...changes });
const key = { project: "proj_1", name: "k", required: true };
const create: Partial<Exchange> = {
  method: "POST",
  path: "/v2/ssh-keys",
  status: 201,
  body: JSON.stringify(key),
  answer: JSON.stringify({ ...key, fid: "sshkey_1", public_key: "ssh-rsa A", created_at: "2026-11-21T12:00:00Z" }),
};

describe("Mithril's description of its API", () => {
  it("finds nothing wrong with what it allows", () => {
    assert.deepEqual(problems({}), []);
    assert.deepEqual(problems(create), []);
    assert.deepEqual(problems({ ...create, body: JSON.stringify({ ...key, public_key: null }) }), []);
  });

  it("finds what is missing, unknown or of another kind, on both ways", () => {
    assert.match(problems({ path: "/v2/nothing" })[0]!, /GET \/v2\/nothing is not described/);
    assert.match(problems({ query: new URLSearchParams({ a: "1" }) })[0]!, /\?a is not described/);
    assert.match(problems({ path: "/v2/ssh-keys", answer: "[]" })[0]!, /\?project is missing/);
    assert.match(problems({ status: 202 })[0]!, /the answer 202 is not described/);
    assert.match(problems({ body: "{}" })[0]!, /should have no body/);
    assert.match(
      problems({ answer: JSON.stringify({ bid_fid: "bid_1", status: "Moving" }) })[0]!,
      /answer\.status is "Moving", not one of Open, /,
    );
    const wrong = problems({ ...create, body: JSON.stringify({ project: 1, nane: "k" }) }).join();
    assert.match(wrong, /request\.name is missing.*request\.project is 1, not string.*request\.nane is not described/);
  });
});
