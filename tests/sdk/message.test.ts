import assert from "node:assert/strict";
import { once } from "node:events";
import { connect, type LookupFunction } from "node:net";
import { toAwsError } from "../../provider/aws/errors";
import { messageOf } from "../../sdk/message";
import { freePort } from "../free-port";

describe("what was thrown, in words", () => {
  it("is the message, or else the name", () => {
    assert.equal(messageOf(new TypeError("no")), "no");
    assert.equal(messageOf(new TypeError()), "TypeError");
    assert.equal(messageOf("text"), "text");
  });

  it("names each address of a host that none can be reached at, of which Node.js says nothing", async () => {
    const port = await freePort();
    const addresses = ["127.0.0.1", "127.0.0.2"].map((address) => ({ address, family: 4 }));
    const lookup = ((_host, _options, answer) => answer(null, addresses)) as LookupFunction;
    const [error] = (await once(connect({ host: "balancer.example.com", port, lookup }), "close").then(
      () => assert.fail("it connected"),
      (reason: Error) => [reason],
    )) as [Error];
    assert.equal(error.message, "");
    const words = addresses.map(({ address }) => `connect ECONNREFUSED ${address}:${port}`).join("; ");
    assert.equal(messageOf(error), words);
    assert.match((toAwsError(error, "DescribeVpcs") as Error).message, /^AWS: connect ECONNREFUSED 127\.0\.0\.1:/);
  });
});
