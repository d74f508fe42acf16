import assert from "node:assert/strict";
import { redact } from "../../../provider/server/redaction";

const secret = 'Pa$$w<o>rd & "quotes" + späce/42';
const base64 = (text: string) => Buffer.from(text).toString("base64");

/** What shows nothing of the secret, whichever part of it is looked for. */
function assertHidden(message: string, secrets: readonly string[], ...parts: string[]): void {
  const shown = redact(message, secrets);
  for (const part of parts) assert.ok(!shown.includes(part), `${part} is in: ${shown}`);
  assert.match(shown, /\[secret\]/);
}

describe("a message without secrets", () => {
  const spellings: Record<string, string> = {
    "as it is": secret,
    "in JSON": JSON.stringify({ password: secret }),
    "in JSON within JSON": JSON.stringify({ body: JSON.stringify({ password: secret }) }),
    "in Go's JSON": JSON.stringify(secret).replace(/[<>&]/g, (each) => `\\u00${each.charCodeAt(0).toString(16)}`),
    "in a URL": `https://host/?q=${encodeURIComponent(secret)}`,
    "in a URL, by lower-case digits": encodeURIComponent(secret).replace(/%../g, (each) => each.toLowerCase()),
    "in a form": new URLSearchParams({ password: secret }).toString(),
    "in HTML": secret.replace(/[&<>"]/g, (each) => ({ "&": "&amp;", "<": "&lt;", ">": "&gt;", '"': "&quot;" })[each]!),
  };
  for (const [notation, text] of Object.entries(spellings))
    it(`hides it ${notation}`, () => assertHidden(`refused: ${text}.`, [secret], "quotes", "/42", "Pa"));

  it("hides it in base64, wherever it begins in what is encoded", () => {
    for (const before of ["", "u", "us", "user:"])
      for (const after of ["", "}", "}}", "\n}}"]) {
        const whole = base64(before + secret + after);
        const shown = redact(`authorization: Basic ${whole}`, [secret]);
        const left = shown.replace("authorization: Basic ", "").replace("[secret]", "").length;
        assert.ok(shown.includes("[secret]") && left <= 4 + Math.ceil(((before + after).length * 4) / 3), shown);
      }
    assertHidden(Buffer.from(secret).toString("base64url"), [secret], "UGEk");
  });

  it("hides what is long and random inside of a secret, and no word", () => {
    const key = "LS0tLS1CRUdJTiBFQyBQUklWQVRFIEtFWS0tLS0tCk1IY0NBUUVF";
    const kubeconfig = `clusters:\n- cluster: {server: "https://train.example.com:6443"}\nusers:\n- user: {client-key-data: ${key}}\n`;
    assertHidden(`illegal base64 data: ${key}`, [kubeconfig], key);
    assert.equal(
      redact("https://train.example.com:6443 has no users", [kubeconfig]),
      "https://train.example.com:6443 has no users",
    );
    const script = '{"nodeName":"train-cpu-0","bootstrapToken":"abcdef.0123456789abcdef"}';
    assertHidden("line 1: abcdef.0123456789abcdef of train-cpu-0", [script], "0123456789abcdef");
  });

  it("hides who logs in by a URL, known or not", () => {
    const shown = redact("connect http://user:hunter22@proxy:3128/: refused; https://token@mirror/deb", []);
    assert.equal(shown, "connect http://[secret]@proxy:3128/: refused; https://[secret]@mirror/deb");
    assert.equal(redact("see https://host/@scope/name and a@b", []), "see https://host/@scope/name and a@b");
  });

  it("takes a secret for a text, whatever is in it", () => {
    assert.equal(redact("a $& b", ["$& b"]), "a [secret]");
    assert.equal(redact("lone \ud800 surrogate", ["\ud800 surrogate"]), "lone [secret]");
  });
});
