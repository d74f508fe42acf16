/** Outputs anywhere in what components take: each is taken for what it will be, or refused by its field before anything is registered. */
import assert from "node:assert/strict";
import * as pulumi from "@pulumi/pulumi";
import { componentsSchema } from "../../sdk/schema/committed";
import { formatPath, valueAt, type PropertyPath } from "../../sdk/schema/property-path";
import { isRecord } from "../../sdk/schema/record";
import { functions } from "./aws-scene";
import { clouds } from "./clouds-scene";
import { componentOf, declaredInputs, handed } from "./declared-inputs";
import { components } from "./exported";
import { mockProgram, plain, settled } from "./mocks";
import { programs } from "./programs-scene";
import { pathsOf, withValue } from "./value-paths";

const schema = componentsSchema();
const scenes = Object.entries({ ...clouds, ...programs });

const garbage = /\[toString\]|\[object Object\]/;

describe("an Output in what a component takes", () => {
  it("is tried in every component", () => {
    const tried = new Set(scenes.map(([scene]) => componentOf(scene)));
    assert.deepEqual([...tried].sort(), Object.keys(components).sort());
    assert.deepEqual(
      [...tried].sort(),
      Object.keys(schema.resources!)
        .map((token) => token.split(":")[2]!)
        .sort(),
    );
  });

  for (const [scene, { base, check }] of scenes) {
    it(`is refused by its field where ${scene} must know the value`, () => {
      const places = declaredInputs(scene);
      assert.ok(places.some(({ spec }) => spec.plain));
      for (const { path, spec } of places) {
        const found = check(withValue(base, path, pulumi.output(valueAt(base, path) ?? "text")) as never).all;
        const own = found.filter(({ propertyPath }) => propertyPath === formatPath(path));
        if (spec.plain) {
          assert.equal(own.length, 1, formatPath(path));
          assert.match(own[0]!.reason, /^must be known when the program runs, and cannot be an Output/);
        } else {
          assert.ok(!own.some(({ reason }) => reason.includes("cannot be an Output")), formatPath(path));
        }
        assert.doesNotMatch(JSON.stringify(found), garbage, formatPath(path));
      }
    });

    it(`is the only thing that is said of it by ${scene}, and what it takes reaches the engine`, async () => {
      for (const path of pathsOf(base)) {
        if (isOfHandle(base, path)) continue;
        const given = (value: object) => withValue(value, path, pulumi.output(valueAt(base, path)));
        const found = check(given(base) as never).all;
        assert.deepEqual(found.map(({ propertyPath }) => propertyPath).slice(1), [], formatPath(path));
        if (found.length > 0) continue;
        const registered = await mockProgram({}, true, functions);
        new components[componentOf(scene)]!("search", given(handed(base) as object));
        await settled();
        const inputs = JSON.stringify(registered.resources.map((resource) => plain(resource.inputs)));
        assert.doesNotMatch(inputs, garbage, formatPath(path));
      }
    });
  }

  it("is told where it may be instead", () => {
    const every = { ...clouds, ...programs };
    const said = (scene: string, given: object) => {
      const found = every[scene]!.check(given as never).all;
      return Object.fromEntries(found.map(({ propertyPath, reason }) => [propertyPath, reason]));
    };
    const later = pulumi.output({});
    const inside = "must be known when the program runs, and cannot be an Output; what is in it may be";
    assert.equal(said("JupyterHub", { client: later })["client"], inside);
    const cudo = said("CudoCluster", { nodeGroups: [later], controlPlane: later, podCidr: later });
    assert.equal(cudo["nodeGroups[0]"], inside);
    assert.equal(said("CudoCluster", { nodeGroups: later })["nodeGroups"], inside);
    assert.equal(cudo["podCidr"], inside.split(";")[0]);
  });

  it("is found in the midst of a text", () => {
    const found = programs["KubeRay"]!.check({ namespace: `ray-${String(pulumi.output("a"))}` } as never).all;
    const [, reason] = found.map(({ reason }) => reason).sort();
    assert.match(String(reason), /^is required: /);
    assert.match(
      JSON.stringify(found),
      /"namespace","reason":"has an Output in the midst of a text: pulumi.interpolate/,
    );
  });
});

/** What is in a handle is no user's to write. */
function isOfHandle(base: object, path: PropertyPath): boolean {
  return path
    .slice(0, -1)
    .some(
      (part, index) =>
        ["inventory", "class"].includes(String(part)) && isRecord(valueAt(base, path.slice(0, index + 1))),
    );
}
