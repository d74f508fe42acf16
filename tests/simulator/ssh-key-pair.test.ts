import assert from "node:assert/strict";
import { utils } from "ssh2";
import { newSshKeyPair } from "../../simulator/ssh-key-pair";

describe("a new SSH key pair", () => {
  it("can always be read", () => {
    // One of 256 begins with a zero.
    for (let made = 0; made < 2000; made++) {
      const pair = newSshKeyPair();
      for (const key of [pair.private, pair.public]) assert.ok(!(utils.parseKey(key) instanceof Error), pair.public);
    }
  });
});
