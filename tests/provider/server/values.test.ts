import assert from "node:assert/strict";
import fc from "fast-check";
import { compareInputs } from "../../../provider/server/difference";
import { formatPath, isWithin, parsePath } from "../../../sdk/schema/property-path";
import { changedConfig, checkConfig } from "../../../provider/server/provider-config";
import { redact } from "../../../provider/server/redaction";
import { closest } from "../../../sdk/schema/spelling";
import { Unknown } from "../../../provider/server/values";
import { decode, encode, secretTexts, type Properties } from "../../../provider/server/wire";
import { fixtureProvider } from "./fixture/provider";
import { fixtureSchema } from "./fixture/schema";

const key = fc.string({ minLength: 1 }).filter((text) => text !== "__proto__");
const { value } = fc.letrec<{ value: unknown }>((tie) => ({
  value: fc.oneof(
    { maxDepth: 3 },
    fc.string(),
    fc.boolean(),
    fc.integer(),
    fc.constant(Unknown.value),
    fc.array(tie("value"), { maxLength: 3 }),
    fc.dictionary(key, tie("value"), { maxKeys: 3, noNullPrototype: true }),
  ),
}));
const properties = fc.dictionary(key, value, { maxKeys: 4, noNullPrototype: true }) as fc.Arbitrary<Properties>;
const path = fc
  .array(fc.oneof(key, fc.nat(20)), { minLength: 1, maxLength: 5 })
  .map(([first, ...rest]) => [String(first), ...rest]);

describe("values on the wire", () => {
  it("come back as they were, with secrets and unknowns", () => {
    fc.assert(
      fc.property(properties, fc.infiniteStream(fc.boolean()), (values, coin) => {
        const secrets = new Set(
          Object.keys(values)
            .filter(() => coin.next().value)
            .map((name) => formatPath([name])),
        );
        const back = decode(encode({ values, secrets }));
        assert.deepEqual(back.values, values);
        assert.deepEqual(back.secrets, secrets);
      }),
    );
  });

  it("keep nested secrets nested", () => {
    const wire = { values: { parts: [{ name: "a", password: "p4ssword" }] }, secrets: new Set(["parts[0].password"]) };
    const raw = encode(wire).toJavaScript() as { parts: { name: string; password: object }[] };
    assert.equal(raw.parts[0]!.name, "a");
    assert.equal(typeof raw.parts[0]!.password, "object");
    assert.deepEqual(decode(encode(wire)), wire);
    assert.deepEqual(secretTexts(wire), ["p4ssword"]);
  });

  it("lose nulls, references and output wrappers, but not what these say", () => {
    const signature = "4dabf18193072939515e22adb298388d";
    const { values, secrets } = decode(
      encode({
        values: {
          absent: null,
          reference: { [signature]: "5cf8f73096256a8f31e491e813e4eb8e", urn: "urn:x", id: "the-id" },
          component: { [signature]: "5cf8f73096256a8f31e491e813e4eb8e", urn: "urn:x" },
          output: { [signature]: "d0e6a833031e9bbcd3f4e8bde6ca49a4", value: "v", secret: true, dependencies: [] },
          unknown: { [signature]: "d0e6a833031e9bbcd3f4e8bde6ca49a4", secret: false },
        },
        secrets: new Set(),
      }),
    );
    assert.deepEqual(values, { reference: "the-id", component: "urn:x", output: "v", unknown: Unknown.value });
    assert.deepEqual([...secrets], ["output"]);
  });
});

describe("property paths", () => {
  it("are read as they are written", () => {
    fc.assert(fc.property(path, (parts) => assert.deepEqual(parsePath(formatPath(parts)), parts)));
  });

  it("look as users write them", () => {
    assert.equal(formatPath(["nodeGroups", 0, "labels", "a b"]), 'nodeGroups[0].labels["a b"]');
    assert.equal(formatPath(["labels", 'say "hi"']), 'labels["say \\"hi\\""]');
    assert.ok(isWithin(parsePath("parts[3].labels.x"), parsePath("parts[*].labels")));
    assert.throws(() => parsePath('a["b'), /not a property path/);
  });
});

describe("comparing inputs", () => {
  it("finds nothing between equals and something otherwise", () => {
    const known = properties.filter((values) => !JSON.stringify(values).includes("known"));
    fc.assert(
      fc.property(known, known, (a, b) => {
        assert.deepEqual(compareInputs({}, a, structuredClone(a)), []);
        let equal = true;
        try {
          assert.deepEqual(a, b);
        } catch {
          equal = false;
        }
        assert.equal(compareInputs({}, a, b).length === 0, equal);
      }),
    );
  });

  it("takes an absent default for the default", () => {
    const object = { properties: { size: { type: "integer" as const, default: 1 } } };
    assert.deepEqual(compareInputs(object, {}, { size: 1 }), []);
    assert.deepEqual(compareInputs(object, {}, { size: 2 }), [{ path: ["size"], kind: "add" }]);
  });
});

describe("messages", () => {
  it("show no secret, also not inside JSON", () => {
    const secrets = ['quo"ted', "multi\nline-key", "abc"];
    assert.equal(redact('got quo"ted', secrets), "got [secret]");
    assert.equal(
      redact(JSON.stringify({ a: 'quo"ted', b: "multi\nline-key" }), secrets),
      '{"a":"[secret]","b":"[secret]"}',
    );
    assert.equal(redact("abc is too short to hide", secrets), "abc is too short to hide");
  });

  it("guess what was meant, when something is near", () => {
    assert.equal(closest("machinetype", ["machineType", "gpus"]), "machineType");
    assert.equal(closest("region", ["gpus", "vcpus"]), undefined);
  });
});

describe("the provider's configuration", () => {
  const provider = fixtureProvider(fixtureSchema);
  const check = (config: Properties) => checkConfig(provider, fixtureSchema(), config);

  it("is read from objects and from JSON text", () => {
    const expected = { things: { apiKey: "k", account: "a" } };
    assert.deepEqual(check({ things: { account: "a", apiKey: "k" }, version: "1.0.0" }).config, expected);
    assert.deepEqual(check({ things: '{"account":"a","apiKey":"k"}' }).config, expected);
  });

  it("is stored without secrets of the environment", () => {
    const { config, stored } = check({ things: { account: "a" } });
    assert.deepEqual(config.things, { apiKey: "key-from-environment", account: "a" });
    assert.deepEqual(stored, { things: '{"account":"a"}' });
  });

  it("tells all that is wrong by field", () => {
    assert.deepEqual(check({ things: "" }).failures, [], "YAML's `things:` without a value");
    assert.deepEqual(check({ things: "{" }).failures, [{ property: "things", reason: "is not valid JSON" }]);
    assert.deepEqual(check({ things: { account: "" } }).failures, [
      { property: "things.account", reason: "must not be empty" },
    ]);
    const { failures } = check({ things: { apikey: "k" }, thing: 1 });
    assert.deepEqual(
      failures.map(({ property }) => property),
      ["things.apikey", "things.account", "thing"],
    );
  });

  it("passes what is not known yet", () => {
    const { stored, failures } = check({ things: { account: Unknown.value } });
    assert.deepEqual([stored, failures], [{ things: Unknown.value }, []]);
    assert.deepEqual(check({ things: Unknown.value }).failures, []);
  });

  it("differs by value, however it is written", () => {
    const changed = (before: object, after: object) => changedConfig(fixtureSchema(), { ...before }, { ...after });
    const a = { things: '{"account":"a"}' };
    assert.deepEqual(changed(a, { things: { account: "a" } }), []);
    assert.deepEqual(changed(a, { things: { account: "b" } }), ["things"]);
    assert.deepEqual(changed({}, a), ["things"]);
    assert.deepEqual(changed(a, { things: Unknown.value }), ["things"]);
  });
});
