import assert from "node:assert/strict";
import { AwsFaultBench, isRead, kinds, ownCalls, type KindName } from "./aws-faults";

/** With GPU_CLUSTERS_FAULTS=all each write is refused once, and each call has each kind of trouble alone too, which takes an hour. */
const isWhole = process.env.GPU_CLUSTERS_FAULTS === "all";

/** Of the writes, one or two for each step of the way to a cluster: each step that is refused costs another `up`. */
const refused = [
  "CreateVpc",
  "CreateRole",
  "PutParameter",
  "CreateSubnet",
  "CreateSecurityGroup",
  "PutRolePolicy",
  "CreateRoute",
  "RunInstances",
  "AssociateAddress",
  "CreateLaunchTemplate",
];

describe("an up of an AWS cluster survives failing calls", function () {
  this.timeout(isWhole ? 7_200_000 : 1_800_000);
  const bench = new AwsFaultBench();
  before(() => bench.start());
  after(() => bench.stop());

  it("of EC2, IAM and SSM, ours among them", () => {
    for (const action of ["CreateVpc", "RunInstances", "CreateRole", "PutParameter", "CreateFleet"])
      assert.ok(bench.actions.includes(action), action);
    assert.ok(bench.actions.length > 40, `${bench.actions.length} calls`);
    assert.ok(ownCalls.some((action) => bench.actions.includes(action)));
  });

  it("when writes are refused once before they have any effect, and each answer to our own provider is lost for good once", async () => {
    const isRefused = (action: string) => !isRead(action) && !ownCalls.includes(action);
    const texts = await bench.survives([
      ...bench.all("an error before any effect", (action) => (isWhole ? isRefused(action) : refused.includes(action))),
      ...bench.all("a lost answer that nobody asks for again"),
    ]);
    // The request's own name of a network or role that cannot be made, with AWS's words.
    for (const [type, action] of [
      ["Vpc", "CreateVpc"],
      ["Role", "CreateRole"],
    ]) {
      const named = new RegExp(
        `ClusterCouldNotBeDeployed: test-\\S+ \\(${type}\\): .*You are not authorized.*${action}`,
      );
      assert.match(texts, named);
    }
    assert.doesNotMatch(texts, /ClusterCouldNotBeDeployed.*RunInstances/);
  });

  it("when each is throttled once, answered with 500 once, and each answer to our own provider is lost once", () =>
    bench.survives([
      ...bench.all("throttling"),
      ...bench.all("500"),
      ...bench.all("a lost answer that the SDK asks for again"),
    ]));

  if (isWhole) {
    it("when any one has any of these troubles", async () => {
      for (const kind of Object.keys(kinds) as KindName[]) {
        for (const fault of bench.all(kind)) {
          console.error(`      ${fault.action}: ${kind}`);
          await bench.survives([fault]);
        }
      }
    });
  }
});
