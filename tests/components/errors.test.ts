import assert from "node:assert/strict";
import { ClusterCouldNotBeDeployed, ClusterNameInUse, InvalidInput, ProgramFailure } from "../../components/errors";
import { scriptOf } from "../../components/vmetal/join-token";

describe("errors that end a program", () => {
  const failures = {
    InvalidInput: () => new InvalidInput("AwsCluster", [{ propertyPath: "keyPair", reason: "is required" }]),
    ProgramFailure: () => new ProgramFailure("there is no token"),
    ClusterNameInUse: () => new ClusterNameInUse("train", "with the role train-node"),
    ClusterCouldNotBeDeployed: () => new ClusterCouldNotBeDeployed("AWS does not answer"),
    "of a join script": () => thrownBy(() => scriptOf("abcdef.0123456789abcdef", "https://10.0.0.2", "no certificate")),
  };

  // Node.js 20.20 never ends to colour a stack that has a file beside packages, as one of an Output's `apply` does.
  for (const [name, failure] of Object.entries(failures))
    it(`${name} has its words alone, and no stack`, () => {
      const { stack, message } = failure();
      assert.equal(stack, message);
      assert.ok(message.length > 10);
    });
});

function thrownBy(work: () => unknown): Error {
  try {
    work();
  } catch (error) {
    if (error instanceof Error) return error;
  }
  throw new Error("nothing was thrown");
}
