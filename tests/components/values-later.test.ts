/** Outputs that turn out to be nothing, or of another type, as of a stack that has no such output: each is refused by its field, and nothing else is thrown. */
import assert from "node:assert/strict";
import * as pulumi from "@pulumi/pulumi";
import { InvalidInput } from "../../components/errors";
import { heldArgs } from "../../components/schema-check";
import { formatPath, valueAt, type PropertyPath } from "../../sdk/schema/property-path";
import { functions } from "./aws-scene";
import { clouds } from "./clouds-scene";
import { components } from "./exported";
import { mockProgram, promiseOf } from "./mocks";
import { componentOf, declaredInputs, handed, typeOf } from "./declared-inputs";
import { programs } from "./programs-scene";
import { rejectionsOf } from "./rejections";
import { withValue } from "./value-paths";

const scenes = Object.entries({ ...clouds, ...programs });

const pathsIn = (error: unknown) =>
  error instanceof InvalidInput ? error.errors.map(({ propertyPath }) => propertyPath) : [String(error)];

describe("an Output that becomes nothing", () => {
  for (const [scene, { base, check }] of scenes) {
    /** Places in which the component takes one. */
    const places = declaredInputs(scene).filter(({ path, spec }) => {
      const given = withValue(base, path, pulumi.output("text"));
      return !spec.plain && valueAt(given, path) !== undefined && check(given as never).all.length === 0;
    });
    const given = (path: PropertyPath, value: unknown) => withValue(base, path, pulumi.output(value)) as object;

    it(`is refused by its field where ${scene} takes it for a value`, async () => {
      for (const { path } of places)
        for (const nothing of [undefined, null]) {
          const args = heldArgs(typeOf(scene), given(path, nothing));
          await assert.rejects(promiseOf(valueAt(args, path) as pulumi.Output<unknown>), (error: unknown) => {
            assert.deepEqual(pathsIn(error), [formatPath(path)]);
            return /has no value: .* `\.apply\(\(value\) => value \?\? …\)` says/.test((error as Error).message);
          });
        }
    });

    it(`is what ${scene} ends with, whatever it makes of its arguments`, async () => {
      const rejections = async (args: object) => {
        await mockProgram({}, true, functions);
        const found = await rejectionsOf(() => new components[componentOf(scene)]!("search", handed(args)));
        return new Set(found.flatMap(pathsIn));
      };
      const always = await rejections(base);
      // A program takes a second to run, and each place is refused by the same few lines: some of them are enough.
      const some = places.filter((_place, index) => index % Math.ceil(places.length / 5) === 0);
      for (const { path } of some) {
        const found = await rejections(given(path, undefined));
        assert.deepEqual(
          [...found].filter((each) => !always.has(each)),
          [formatPath(path)],
        );
      }
    });
  }

  it("is refused where another type is wanted, too, without a word of what it is, and taken where it is right", async () => {
    const later = (value: unknown) => {
      const { base } = clouds["CudoCluster"]!;
      const { nodeGroups } = heldArgs(
        typeOf("CudoCluster"),
        withValue(base, ["nodeGroups", 0, "taints"], pulumi.output(value)) as { nodeGroups: [{ taints: unknown }] },
      );
      return promiseOf(nodeGroups[0].taints as pulumi.Output<unknown>);
    };
    await assert.rejects(later([{ key: 12345, effect: "NoSchedule" }]), (error: InvalidInput) => {
      assert.deepEqual(pathsIn(error), ["nodeGroups[0].taints[0].key"]);
      return true;
    });
    await assert.rejects(later("12345"), (error: InvalidInput) => !error.message.includes("12345"));
    const right = [{ key: "gpu", effect: "NoSchedule" }];
    assert.deepEqual(await later(right), right);
  });
});
