import assert from "node:assert/strict";
import { secretTexts, shownIn } from "./secret-texts";

describe("the search for secrets in plain text", () => {
  const secret = 'a "secret" of\ntwo lines';

  it("takes all texts below what a state marks as secret, but no certificates and nothing short", () => {
    const hidden = { keys: [secret, "short"], ca: "-----BEGIN CERTIFICATE-----" };
    const state = { address: "https://an.address.example", data: { plaintext: JSON.stringify(hidden) } };
    assert.deepEqual(secretTexts([state]), [secret]);
  });

  it("finds one as it is, in JSON, in JSON in JSON and in base64, says after what, and does not show it whole", () => {
    const inJson = JSON.stringify({ key: secret });
    const forms = { plain: secret, json: inJson, twice: JSON.stringify({ line: inJson }), base64: btoa(secret) };
    const found = shownIn({ ...forms, clean: "ciphertext" }, [secret, secret]);
    assert.deepEqual(
      found.map((line) => line.split(":")[0]),
      Object.keys(forms),
    );
    assert.match(found[1]!, /\(23 characters\) after \{"key":"$/);
    assert.ok(found.every((line) => !line.includes("two lines")));
  });
});
