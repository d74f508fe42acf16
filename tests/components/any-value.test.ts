/** Whatever stands anywhere in what a user wrote: it is taken, or refused as a mistake of his by a path; nothing else is thrown. */
import assert from "node:assert/strict";
import fc from "fast-check";
import { InvalidInput, type Problems } from "../../components/errors";
import { clusterArgs } from "../../components/vantage/mapping";
import { checkServices } from "../../stack/services";
import { formatPath, valueAt, type PropertyPath } from "../../sdk/schema/property-path";
import { isRecord } from "../../sdk/schema/record";
import { bounds, clouds, marks } from "./clouds-scene";
import { programs } from "./programs-scene";
import { pathsOf, withValue } from "./value-paths";

const written: Record<string, { base: object; check(given: never): Problems | void }> = {
  ...programs,
  ...clouds,
  "a stack's services": {
    base: {
      kuberay: { version: "1", namespace: "n" },
      jupyterhub: { url: "https://x", realm: "r", homeGib: 1 },
      slurm: {
        login: {
          sshAuthorizedKeys: ["ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIGb9ECWmEzf6FQbrBZ9w7lshQhqowtrbLDFw4rXAxZuE"],
        },
        accounting: { host: "h", port: 1, password: "p" },
      },
    },
    check: (given) => checkServices("train", given, [bounds]),
  },
  "a create-cluster request": {
    base: {
      name: "c1",
      description: "d",
      cloud_account_id: 1,
      cluster_type: "k8s",
      secret: "s".repeat(24),
      settings: {
        key_pair: "k",
        vpc_id: "vpc-1",
        subnet_id: "subnet-1",
        integrations: ["kuberay"],
        autoscaler_node_groups: [
          { name: "g", role: "worker", min_size: 0, max_size: 1, instance_types: ["g5.xlarge"], ...marks },
        ],
      },
    },
    check: (given) => {
      const role = "arn:aws:iam::123456789012:role/x";
      clusterArgs(given, { accounts: { 1: { provider: "aws", role_arn: role } } });
    },
  },
};

/** Places of what is written, and of what nobody knows. */
function placesOf(base: object): PropertyPath[] {
  const unknown = [[], ...pathsOf(base)].filter((path) => isRecord(valueAt(base, path)));
  return [...pathsOf(base), ...unknown.map((path) => [...path, "nonsense"])];
}

const anything = fc.oneof(
  fc.anything({ maxDepth: 2, withNullPrototype: false }),
  fc.constantFrom(
    null,
    true,
    12_345,
    2.5,
    "",
    " ",
    "ü\u202e名",
    "a\nb",
    "x".repeat(300),
    [],
    {},
    [null],
    [[{}]],
    ["a"],
  ),
);

describe("what is wrong in many places", () => {
  it("is told all at once, what is right in itself besides what is of another type", () => {
    const { base, check } = programs["TenantCluster"]!;
    const platform = { host: "https://x", accessKey: 12_345, project: null };
    const wrong = { platform, extraSans: [[]], podCidr: 10, nonsense: 1, hostCluster: "host", clusterName: "X" };
    const found = check({ ...base, ...wrong } as never).all;
    assert.deepEqual(found.map(({ propertyPath }) => propertyPath).sort(), [
      "clusterName",
      "extraSans[0]",
      "hostCluster",
      "nonsense",
      "platform.accessKey",
      "platform.host",
      "platform.project",
      "podCidr",
    ]);
    assert.doesNotMatch(JSON.stringify(found), /12345/, "a secret is not quoted");
  });
});

describe("a hole in a list, as two commas make one", () => {
  for (const [name, { base, check }] of Object.entries({ ...programs, ...clouds }))
    it(`is told by its place: ${name}`, () => {
      for (const path of pathsOf(base)) {
        const list = valueAt(base, path);
        if (!Array.isArray(list)) continue;
        const holed: unknown[] = [];
        list.forEach((element, index) => (holed[index + 1] = element));
        const found = check(withValue(base, path, holed) as never).all.map(({ propertyPath }) => propertyPath);
        assert.deepEqual(found, [formatPath([...path, 0])]);
      }
    });
});

describe("anything in any place", () => {
  for (const [name, { base, check }] of Object.entries(written))
    it(`of ${name} is taken, or refused by its path`, () => {
      const refused = (given: unknown) => {
        try {
          return check(given as never)?.all ?? [];
        } catch (error) {
          assert.ok(error instanceof InvalidInput, `${String(error)}`);
          return error.errors;
        }
      };
      assert.deepEqual(refused(base), []);
      const change = fc.tuple(fc.constantFrom(...placesOf(base)), anything);
      fc.assert(
        fc.property(fc.array(change, { minLength: 1, maxLength: 2 }), (changes) => {
          const given = changes.reduce<unknown>((so, [path, value]) => withValue(so, path, value), base);
          for (const { propertyPath, reason } of refused(given)) assert.ok(propertyPath !== "" && reason !== "");
        }),
        { numRuns: 400 },
      );
    });
});
