/** Everything that programs import, called with nothing: what is missing is told by name, and no stack of ours is shown. */
import assert from "node:assert/strict";
import * as pulumi from "@pulumi/pulumi";
import { checkAwsClusterArgs } from "../../components/aws/validate";
import { clouds } from "./clouds-scene";
import { rooms } from "./exported";
import { mockProgram, settled } from "./mocks";

/** What a user makes; errors are thrown by us alone. */
function isMade(value: unknown): value is new (name: string, args?: unknown) => unknown {
  return typeof value === "function" && value.prototype instanceof pulumi.Resource;
}

function isFunction(value: unknown): value is (args?: unknown) => unknown {
  return typeof value === "function" && !/^class\b/.test(Function.prototype.toString.call(value));
}

function isMistake(error: unknown): boolean {
  return (error as { __pulumiRunError?: boolean }).__pulumiRunError === true;
}

const nothing = [undefined, null] as const;

describe("what programs import, without arguments", () => {
  for (const [room, exported] of Object.entries(rooms))
    it(`says what is missing: ${room}`, async () => {
      for (const [name, value] of Object.entries(exported))
        for (const args of nothing) {
          await mockProgram({}, true);
          try {
            if (isMade(value)) new value("x", args);
            else if (isFunction(value)) await value(args);
          } catch (error) {
            assert.ok(isMistake(error), `${name}(${args}): ${String(error)}`);
            assert.match((error as Error).message, /required|must be/);
            assert.ok((error as Error).message.startsWith(isMade(value) ? name : ""), name);
          }
          await settled();
        }
    });

  it("says of a cluster without a name of its own what Pulumi says", async () => {
    for (const [name, { base }] of Object.entries(clouds)) {
      const { clusterName, ...args } = base as { clusterName?: string };
      assert.ok(clusterName !== undefined);
      const cluster = Object.values(rooms)
        .flatMap((exported) => Object.entries(exported))
        .find(([each]) => each === name);
      const made = cluster![1] as new (name: unknown, args: unknown) => unknown;
      await mockProgram({}, true);
      assert.throws(() => new made(undefined, args), /Missing resource name/, name);
      await settled();
    }
  });

  it("takes an Output, a promise, a text or a list for no inputs of a resource, nor of a provider", async () => {
    for (const [name, value] of Object.values(rooms).flatMap((exported) => Object.entries(exported)))
      for (const args of ["text", ["list"], pulumi.output({}), Promise.resolve({})]) {
        if (!isMade(value) || value.prototype instanceof pulumi.ComponentResource) continue;
        await mockProgram({}, true);
        assert.throws(() => new value("x", args), /the inputs must be an object of them by name, not an Output/, name);
      }
  });

  it("takes an Output, a text, a list or a class's object for no arguments either", async () => {
    for (const [name, value] of Object.values(rooms).flatMap((exported) => Object.entries(exported)))
      for (const args of ["text", ["list"], pulumi.output({}), new Date()]) {
        if (!isMade(value) || !(value.prototype instanceof pulumi.ComponentResource)) continue;
        await mockProgram({}, true);
        assert.throws(
          () => new value("x", args),
          { message: /^\w+: 1 invalid input\n {2}args: must be an object of the inputs by name.*$/ },
          name,
        );
      }
  });

  it("says what a class's object is in the place of a plain one, and null", () => {
    class Group {}
    const said = (args: object) =>
      checkAwsClusterArgs("train", { keyPair: "ops", cni: "none", nodeGroups: [], ...args } as never).all.map(
        ({ propertyPath, reason }) => `${propertyPath}: ${reason}`,
      );
    assert.deepEqual(said({ nodeGroups: [new Group()], tags: { team: null }, network: new Map() }).sort(), [
      "network: must be an object, not an instance of the class Map",
      "nodeGroups[0]: must be an object, not an instance of the class Group",
      "tags.team: must be a string, not null",
    ]);
  });
});
