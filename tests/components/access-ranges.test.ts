import assert from "node:assert/strict";
import * as pulumi from "@pulumi/pulumi";
import { unknown } from "@pulumi/pulumi/output";
import { eachRangeLater, rangesLater } from "../../components/access-ranges";
import { checkAwsClusterArgs } from "../../components/aws/validate";
import { AwsCluster } from "../../components/aws/cluster";
import { cloud, deployed, functions, minimal } from "./aws-scene";
import { mockProgram, promiseOf, settled, type Registered } from "./mocks";

const one = "203.0.113.0/24";
const other = "198.51.100.7/32";
const notYet = () => pulumi.output(unknown) as pulumi.Output<string>;
const isKnown = (output: pulumi.Input<unknown>) =>
  (pulumi.output(output) as unknown as { isKnown: Promise<boolean> }).isKnown;

describe("ranges that may reach a cluster", () => {
  it("are checked when they are known, at the user's field, and not before", async () => {
    const field = { component: "AwsCluster", path: "apiServerAccessCidrs" };
    const later = (range: string) => promiseOf(pulumi.output(eachRangeLater(field, [one, pulumi.output(range)])[1]!));
    assert.equal(await later(other), other);
    await assert.rejects(
      later("10.1.2.3/8"),
      /AwsCluster: 1 invalid input\n {2}apiServerAccessCidrs\[1\]: "10.1.2.3\/8" has bits beyond/,
    );
    await assert.rejects(later(one), /apiServerAccessCidrs\[1\]: is 203.0.113.0\/24, which the list has already/);
    assert.deepEqual(eachRangeLater(field, [one, other, one]), [one, other]);
    const [first, second, third] = eachRangeLater(field, [pulumi.output(other), notYet(), pulumi.output(other)]);
    assert.equal(await promiseOf(pulumi.output(first!)), other);
    assert.equal(await isKnown(second!), false);
    await assert.rejects(
      promiseOf(pulumi.output(third!)),
      /apiServerAccessCidrs\[2\]: is 198.51.100.7\/32, which the list has already/,
    );
    assert.equal(await isKnown(eachRangeLater(field, [one, notYet()])[1]!), false);

    const whole = (...ranges: pulumi.Input<string>[]) => promiseOf(rangesLater(field, pulumi.output(ranges)));
    assert.deepEqual(await whole(one, pulumi.output(other), pulumi.output(one)), [one, other]);
    await assert.rejects(whole(one, "10.0.0.0"), /apiServerAccessCidrs\[1\]: "10.0.0.0" must be an IPv4 range/);
    await assert.rejects(whole(), /apiServerAccessCidrs: must name at least one range/);
    assert.equal(await isKnown(rangesLater(field, [one, notYet()])), false);
  });

  const rules = (registered: Registered) =>
    registered.resources
      .filter(({ name }) => /-(api|ssh)-from-/.test(name))
      .map(({ name }) => name.replace(/^train-/, ""));

  it("have the same rules on AWS while they are not known as afterwards, and as beside another range", async () => {
    const names = ["api-from-203.0.113.0/24", "api-from-0", "api-from-1", "ssh-from-0"];
    const previewed = await mockProgram(cloud, true, functions);
    new AwsCluster("train", {
      ...minimal,
      apiServerAccessCidrs: [one, notYet(), notYet()],
      sshAccessCidrs: [notYet()],
    });
    await settled();
    assert.deepEqual(rules(previewed), names);
    const later = [pulumi.output("192.0.2.1/32"), pulumi.output("192.0.2.2/32")];
    const ssh = { sshAccessCidrs: [pulumi.output(other)] };
    const { registered } = await deployed({ ...ssh, apiServerAccessCidrs: [one, ...later] });
    assert.deepEqual(rules(registered), names);
    const { registered: without } = await deployed({ ...ssh, apiServerAccessCidrs: later });
    assert.deepEqual(rules(without), names.slice(1));
  });

  it("are refused on AWS where nobody knows how many they are", () => {
    const whole = { apiServerAccessCidrs: pulumi.output([one]), sshAccessCidrs: Promise.resolve([one]) };
    const found = checkAwsClusterArgs("train", { ...minimal, ...(whole as object) }).all;
    assert.deepEqual(
      found.map(({ propertyPath }) => propertyPath),
      ["apiServerAccessCidrs", "sshAccessCidrs"],
    );
    assert.match(found[0]!.reason, /must be known when the program runs, .*; what is in it may be/);
  });
});
