import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import * as pulumi from "@pulumi/pulumi";
import { InvalidInput } from "../../components/errors";
import type { PackageSchema } from "../../sdk/schema/package-schema";
import { parsePath } from "../../sdk/schema/property-path";
import { cluster as aws, problems as problemsOfAws } from "../../stack/aws";
import { cluster as cudo } from "../../stack/cudo";
import { cluster as mithril } from "../../stack/mithril";
import { cloud, functions } from "./aws-scene";
import { clouds } from "./clouds-scene";
import { mockProgram, plain, settled, visible } from "./mocks";
import { stackConfig } from "./stack-config";
import { sshPrivateKey } from "./private-key";
import { sshPublicKey } from "./public-key";
import { withValue } from "./value-paths";

const clusters = { aws, cudo, mithril };
const stacks = { aws: "aws", cudo: "local", mithril: "mithril" };

/** The stack's config as it is committed, with other values, as the engine hands them over: `field: reason` for each problem. */
async function problems(name: keyof typeof clusters, changes: Record<string, unknown>): Promise<string[]> {
  const registered = await mockProgram({}, true, functions);
  const values = Object.entries(changes).map(([key, value]) => [`pulumi-gpu-clusters:${key}`, value]);
  const config = stackConfig(stacks[name], Object.fromEntries(values) as Record<string, unknown>);
  let found: string[] = [];
  try {
    clusters[name]("train", config);
  } catch (error) {
    assert.ok(error instanceof InvalidInput, String(error));
    assert.ok(pulumi.RunError.isInstance(error), "shown as a message, without a stack");
    found = error.errors.map(({ propertyPath, reason }) => `${propertyPath}: ${reason}`);
    await settled();
    assert.deepEqual(registered.names(), []);
  }
  return found;
}

const keys = {
  sshPublicKey,
  sshPrivateKey,
};
const worker = { name: "w", role: "worker", minSize: 1, maxSize: 2, instanceTypes: ["m6i.large"] };

describe("stack config", () => {
  afterEach(() => pulumi.runtime.setAllConfig({}));

  it("refuses keys that are no inputs, with the nearest that is", async () => {
    const range = { apiServerAccessCIDRs: ["10.0.0.0/8"] };
    assert.deepEqual(await problems("cudo", range), [
      'apiServerAccessCIDRs: there is no such property; did you mean "apiServerAccessCidrs"?',
    ]);
    assert.deepEqual(
      (await problems("mithril", { ...keys, cni: "none" })).map((line) => line.split(";")[0]),
      ["cni: there is no such property"],
    );
  });

  it("refuses what YAML reads as another type than was meant, by the value's own path", async () => {
    const group = {
      ...worker,
      labels: { gpu: true, batch: 7, tier: "a" },
      taints: [{ key: "a", value: true, effect: "NoSchedule" }],
    };
    assert.deepEqual(
      await problems("aws", {
        nodeGroups: [group],
        tags: { CostCenter: 12345, since: "2024-05-01 00:00:00 +0000 UTC" },
        apiServerAccessCidrs: "10.0.0.0/8",
      }),
      [
        'nodeGroups[0].labels.gpu: must be a string, not true; YAML needs quotes: "true"',
        'nodeGroups[0].labels.batch: must be a string, not 7; YAML needs quotes: "7"',
        'nodeGroups[0].taints[0].value: must be a string, not true; YAML needs quotes: "true"',
        'tags.CostCenter: must be a string, not 12345; YAML needs quotes: "12345"',
        'tags.since: is a date, which YAML reads as a time where it has no quotes: "2024-05-01"',
        'apiServerAccessCidrs: must be a list, not the string "10.0.0.0/8"',
      ],
    );
    const spot = {
      name: "g",
      instanceType: "a100-80gb.sxm.1x",
      minSize: 1,
      maxSize: 2,
      capacity: { spot: { limitPrice: 2.5 } },
    };
    assert.deepEqual(await problems("mithril", { ...keys, nodeGroups: [spot] }), [
      'nodeGroups[0].capacity.spot.limitPrice: must be a string, not 2.5; YAML needs quotes: "2.5" (or "2.50")',
    ]);
  });

  it("refuses a scalar for a list, a map for a list and the like, and says nothing else of them", async () => {
    const wrong: [unknown, string][] = [
      [
        { ...worker, instanceTypes: "g5.xlarge" },
        'nodeGroups[0].instanceTypes: must be a list, not the string "g5.xlarge"',
      ],
      [
        { ...worker, instanceTypes: [5] },
        'nodeGroups[0].instanceTypes[0]: must be a string, not 5; YAML needs quotes: "5"',
      ],
      [{ ...worker, taints: { dedicated: "gpu" } }, "nodeGroups[0].taints: must be a list, not an object"],
      [{ ...worker, taints: ["gpu"] }, 'nodeGroups[0].taints[0]: must be an object, not the string "gpu"'],
      [{ ...worker, minSize: "one" }, 'nodeGroups[0].minSize: must be an integer, not the string "one"'],
      [{ ...worker, capacity: "spot" }, 'nodeGroups[0].capacity: must be an object, not the string "spot"'],
      [{ ...worker, capacity: { spot: true } }, "nodeGroups[0].capacity.spot: must be an object, not true"],
      [
        { ...worker, capacity: { sopt: {} } },
        'nodeGroups[0].capacity.sopt: there is no such property; did you mean "spot"?',
      ],
      ["workers", 'nodeGroups[0]: must be an object, not the string "workers"'],
    ];
    for (const [group, problem] of wrong) assert.deepEqual(await problems("aws", { nodeGroups: [group] }), [problem]);
    const bid = { name: "g", instanceType: "a100-80gb.sxm.1x", minSize: 1, maxSize: 2, capacity: { spot: 2.5 } };
    assert.deepEqual(await problems("mithril", { ...keys, nodeGroups: [bid] }), [
      "nodeGroups[0].capacity.spot: must be an object, not 2.5",
    ]);
    const unbought = { ...bid, capacity: undefined };
    const [lacking, ...others] = await problems("mithril", { ...keys, nodeGroups: [unbought] });
    assert.match(lacking!, /^nodeGroups\[0\]\.capacity: is required/);
    assert.deepEqual(others, []);
    assert.deepEqual(await problems("cudo", { nodeGroups: "workers" }), [
      'nodeGroups: must be a list, not the string "workers"',
    ]);
    assert.deepEqual(await problems("aws", { nodeGroups: "workers", devMode: "yes" }), [
      'nodeGroups: must be a list, not the string "workers"',
      'devMode: must be a boolean, not the string "yes"',
    ]);
  });

  it("keeps as a secret what the config keeps as one, or says that it cannot be", async () => {
    const registered = await mockProgram(cloud, false, functions);
    const given = { "pulumi-gpu-clusters:tags": { owner: "nobody-knows" }, "pulumi-gpu-clusters:keyPair": "ops" };
    const kept = stackConfig("aws", given, ["tags", "keyPair"]);
    aws("train", kept);
    await settled();
    const inputs = registered.inputs("gpu-clusters:aws:AwsCluster");
    assert.deepEqual([plain(inputs["tags"]), plain(inputs["keyPair"])], [{ owner: "nobody-knows" }, "ops"]);
    assert.doesNotMatch(JSON.stringify(registered.resources.map((each) => visible(each.inputs))), /nobody-knows/);
    const shown = stackConfig("aws", {}, ["nodeGroups", "sshAccessCidrs", "tags"]);
    assert.deepEqual(
      problemsOfAws("train", shown).all.map(({ propertyPath, reason }) => `${propertyPath}: ${reason}`),
      [
        "nodeGroups: is a secret in the stack's config, and the state would show it, because it must be known when the program runs: set it without --secret; in a program of your own, values in it may be secrets",
      ],
    );
  });

  const told = (component: string, path: string, value: unknown) => {
    const { base, check } = clouds[component]!;
    return check(withValue(base, parsePath(path), value) as never).all.map(({ propertyPath }) => propertyPath);
  };

  it("refuses names that were copied with too much, or with nothing in them, and no others", () => {
    for (const [component, paths] of Object.entries({
      AwsCluster: ["keyPair"],
      CudoCluster: [
        "dataCenterId",
        "controlPlane.machineType",
        "nodeGroups[0].dataCenterId",
        "nodeGroups[0].machineType",
      ],
      MithrilCluster: ["region", "sshKeyId", "controlPlane.instanceType", "nodeGroups[0].instanceType"],
    })) {
      for (const path of paths) {
        assert.deepEqual(told(component, path, "sshkey_name of-it.1"), [], path);
        for (const wrong of ["", " ", "sshkey_x\n", "x ", "x\u00a0", "\ufeffx", "x\u200b", "x\0y", "x\r"])
          assert.deepEqual([...new Set(told(component, path, wrong))], [path], JSON.stringify(wrong));
      }
    }
  });

  it("refuses a prefix that no machine's name can begin with, by its own field", () => {
    for (const component of Object.keys(clouds)) {
      assert.deepEqual(told(component, "namePrefix", ""), []);
      for (const prefix of ["-", "-a", "ü", "a b", "a.", "a_", "/a", "a\n", "x".repeat(64)])
        assert.deepEqual(told(component, "namePrefix", prefix), ["namePrefix"], `${component} ${prefix}`);
    }
  });

  it("says that a path was taken for a key's name, and how it is one", async () => {
    const found = problemsOfAws(
      "train",
      stackConfig("aws", { "pulumi-gpu-clusters:controlPlane.instanceType": "m6i.large" }),
    );
    assert.equal(found.all.length, 1);
    assert.equal(found.all[0]!.propertyPath, "controlPlane.instanceType");
    assert.match(found.all[0]!.reason, /config rm 'pulumi-gpu-clusters:controlPlane\.instanceType'.*--path/);
    const list = problemsOfAws("train", stackConfig("aws", { "pulumi-gpu-clusters:services[0]": "x" }));
    assert.deepEqual(
      list.all.map(({ propertyPath }) => propertyPath),
      ["services[0]"],
    );
  });

  it("refuses what every object of JavaScript has for a key, too", async () => {
    for (const key of ["constructor", "__proto__", "toString"]) {
      const [found, ...others] = await problems("aws", JSON.parse(`{"${key}": "x"}`) as Record<string, unknown>);
      assert.match(found ?? "", /there is no such property/, key);
      assert.deepEqual(others, []);
    }
    const group = JSON.parse(JSON.stringify(worker).replace("{", '{"constructor":{},')) as object;
    assert.match(
      (await problems("aws", { nodeGroups: [group] })).join(),
      /nodeGroups\[0\]\.constructor: there is no such/,
    );
  });

  it("tells a key without a value, and a time without quotes, for what they are", async () => {
    assert.deepEqual(
      await problems("aws", { nodeGroups: "", devMode: "", tags: { since: "2024-05-01 10:30:00 +0200 +0200" } }),
      [
        "nodeGroups: must be a list, not an empty text, which is what YAML's `key:` without a value comes to",
        "devMode: must be a boolean, not an empty text, which is what YAML's `key:` without a value comes to",
        'tags.since: is a date, which YAML reads as a time where it has no quotes: "2024-05-01T10:30:00+02:00"',
      ],
    );
  });

  it("tells what the schema and what the component refuses at once", async () => {
    const group = { ...worker, minSize: 5, labels: { gpu: true, "kubernetes.io/x": "y" } };
    const found = await problems("aws", { keyPair: "", clusterName: "-", nodeGroups: [group] });
    assert.deepEqual(
      found.map((line) => line.split(": ")[0]),
      [
        "nodeGroups[0].labels.gpu",
        "clusterName",
        "keyPair",
        "nodeGroups[0].minSize",
        'nodeGroups[0].labels["kubernetes.io/x"]',
      ],
    );
  });

  it("takes every input of a cluster's component for one, and nothing else", async () => {
    const { resources } = JSON.parse(
      readFileSync(join(__dirname, "../../plugin/schema.json"), "utf8"),
    ) as PackageSchema;
    for (const [name, type] of Object.entries({
      aws: "gpu-clusters:aws:AwsCluster",
      cudo: "gpu-clusters:cudo:CudoCluster",
      mithril: "gpu-clusters:mithril:MithrilCluster",
    })) {
      const inputs = Object.keys(resources![type]!.inputProperties!);
      const wrong = Object.fromEntries([...inputs, "stranger"].map((key) => [key, [[{ odd: 1 }]]]));
      const strange = (await problems(name as keyof typeof clusters, wrong)).filter((line) =>
        /no such property/.test(line),
      );
      assert.deepEqual(
        strange.map((line) => line.split(":")[0]).filter((key) => [...inputs, "stranger"].includes(key!)),
        ["stranger"],
      );
    }
  });

  it("reaches every input: what a cluster without groups needs can be given", async () => {
    const placed = { nodeGroups: [], dataCenterId: "us-newyork-1", adminValidityHours: 24 };
    assert.deepEqual(await problems("cudo", { ...placed, controlPlane: { machineType: "intel-broadwell" } }), []);
    const registered = await mockProgram(cloud, false, functions);
    aws(
      "train",
      stackConfig("aws", {
        "pulumi-gpu-clusters:cloudControllerManager": false,
        "pulumi-gpu-clusters:adminValidityHours": 24,
      }),
    );
    await settled();
    assert.equal(registered.inputs("gpu-clusters:aws:ClusterKeys")["adminValidityHours"], 24);
  });
});
