/** The program of a stack as a whole, index.ts. */
import assert from "node:assert/strict";
import * as pulumi from "@pulumi/pulumi";
import { mockProgram, settled, type Registered } from "./mocks";
import { stackConfig } from "./stack-config";

const project = "pulumi-gpu-clusters";

// eslint-disable-next-line @typescript-eslint/no-require-imports
const program = require("../../index") as () => Promise<Record<string, unknown>>;

async function run(changes: Record<string, unknown>): Promise<Registered> {
  const registered = await mockProgram({}, true, {}, project);
  const values = Object.entries(changes).map(([key, value]) => [`${project}:${key}`, value]);
  stackConfig("local", Object.fromEntries(values) as Record<string, unknown>);
  await program();
  await settled();
  return registered;
}

describe("the program of a stack", () => {
  afterEach(() => pulumi.runtime.setAllConfig({}));

  it("keeps its cloud and its name, by which all of it is called, before there is anything else", async () => {
    const registered = await run({});
    const [first] = registered.resources;
    assert.equal(first!.type, "gpu-clusters:kubernetes:LastingChoices");
    const stack = pulumi.getStack();
    assert.deepEqual(first!.inputs, { clusterName: stack, choices: { cloud: "cudo", "the stack's name": stack } });
    assert.ok(registered.all("gpu-clusters:cudo:Network").length === 1);
  });

  it("says what is wrong with its services beside what is wrong with its cluster", async () => {
    const wrong = { cni: "calico", services: { airflow: {} } };
    await assert.rejects(run(wrong), /cni: .*\n.*services\.airflow: is not a service/);
    await assert.rejects(run({ cni: "calico", services: "kuberay" }), /cni: .*\n.*services: must be an object/);
    await assert.rejects(run({ services: { slurm: {} }, nodeGroups: "gpu" }), /nodeGroups: must be a list/);
  });
});
