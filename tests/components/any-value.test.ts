/** Whatever stands anywhere in what a user wrote: it is taken, or refused as a mistake of his by a path; nothing else is thrown. */
import assert from "node:assert/strict";
import fc from "fast-check";
import { checkAwsClusterArgs } from "../../components/aws/validate";
import { checkCudoClusterArgs } from "../../components/cudo/validate";
import { InvalidInput, type Problems } from "../../components/errors";
import { checkMithrilClusterArgs } from "../../components/mithril/validate";
import { clusterArgs } from "../../components/vantage/mapping";
import { checkServices } from "../../stack/services";
import { programs } from "./programs-scene";

type Path = readonly (string | number)[];

const bounds = { name: "gpu", role: "worker", minSize: 0, maxSize: 2 };
const marks = { labels: { tier: "gpu" }, taints: [{ key: "gpu", value: "a", effect: "NoSchedule" }] };
const ranges = { podCidr: "10.244.0.0/16", serviceCidr: "10.96.0.0/12", apiServerAccessCidrs: ["192.0.2.0/24"] };
const common = { clusterName: "train", kubernetesVersion: "1.37", cni: "none", scaleDownAfter: "10m", ...ranges };
const sshPrivateKey = "-----BEGIN OPENSSH PRIVATE KEY-----\nKEY\n-----END OPENSSH PRIVATE KEY-----\n";
const written: Record<string, { base: object; check(given: never): Problems | void }> = {
  ...programs,
  AwsCluster: {
    base: {
      ...{ ...common, keyPair: "ops", region: "us-west-2", tags: { team: "ml" }, sharedStorage: { protect: true } },
      controlPlane: { count: 1, instanceType: "t3.xlarge", diskSizeGib: 50, image: "ami-0123456789abcdef0" },
      network: { cidr: "10.0.0.0/16", zones: ["us-west-2a"], nat: "single" },
      cloudAccount: { roleArn: "arn:aws:iam::123456789012:role/ops", externalId: "abc" },
      administrators: ["arn:aws:iam::123456789012:role/ops"],
      nodeGroups: [{ ...bounds, ...marks, instanceTypes: ["g5.xlarge"], capacity: { onDemand: {} }, diskSizeGib: 100 }],
    },
    check: (given) => checkAwsClusterArgs("train", given),
  },
  CudoCluster: {
    base: {
      ...{ ...common, noVault: true, controlPlane: { size: "md" }, sharedStorage: { sizeGib: 100 } },
      nodeGroups: [
        { ...bounds, ...marks, vcpus: 4, memoryGib: 8, diskSizeGib: 50, dataCenterId: "d", machineType: "m" },
      ],
    },
    check: (given) => checkCudoClusterArgs("train", given),
  },
  MithrilCluster: {
    base: {
      ...{ clusterName: "train", region: "r", sshKeyId: "sshkey_1", sshPrivateKey, sshPort: 22 },
      ...{ controlPlane: { instanceType: "cpu" }, fileShares: [{ name: "data", sizeGb: 10 }] },
      nodeGroups: [
        { name: "gpu", minSize: 0, maxSize: 1, instanceType: "h100", capacity: { spot: { limitPrice: "$1.00" } } },
      ],
    },
    check: (given) => checkMithrilClusterArgs("train", given),
  },
  "a stack's services": {
    base: {
      ...{ kuberay: { version: "1", namespace: "n" }, jupyterhub: { url: "https://x", realm: "r", homeGib: 1 } },
      slurm: { login: { sshAuthorizedKeys: ["k"] }, accounting: { host: "h", port: 1, password: "p" } },
    },
    check: (given) => checkServices("train", given, [bounds]),
  },
  "a create-cluster request": {
    base: {
      ...{ name: "c1", description: "d", cloud_account_id: 1, cluster_type: "k8s", secret: "s".repeat(24) },
      settings: {
        ...{ key_pair: "k", vpc_id: "vpc-1", subnet_id: "subnet-1", integrations: ["kuberay"] },
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
function pathsOf(value: unknown, path: Path = []): Path[] {
  const own = path.length > 0 ? [path] : [];
  if (Array.isArray(value)) return [...own, ...value.flatMap((part, index) => pathsOf(part, [...path, index]))];
  if (!isPlain(value)) return own;
  const below = Object.entries(value).flatMap(([name, part]) => pathsOf(part, [...path, name]));
  return [...own, [...path, "nonsense"], ...below];
}

function isPlain(value: unknown): value is object {
  return typeof value === "object" && value !== null && Object.getPrototypeOf(value) === Object.prototype;
}

function withValue(given: unknown, [first, ...rest]: Path, value: unknown): unknown {
  if (first === undefined) return value;
  // Another value stands there already.
  if (!Array.isArray(given) && !isPlain(given)) return given;
  const copy = (Array.isArray(given) ? [...(given as unknown[])] : { ...(given as object) }) as Record<string, unknown>;
  copy[first] = withValue(copy[first], rest, value);
  return copy;
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
      ...["clusterName", "extraSans[0]", "hostCluster", "nonsense", "platform.accessKey", "platform.host"],
      ...["platform.project", "podCidr"],
    ]);
    assert.doesNotMatch(JSON.stringify(found), /12345/, "a secret is not quoted");
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
      const change = fc.tuple(fc.constantFrom(...pathsOf(base)), anything);
      fc.assert(
        fc.property(fc.array(change, { minLength: 1, maxLength: 2 }), (changes) => {
          const given = changes.reduce<unknown>((so, [path, value]) => withValue(so, path, value), base);
          for (const { propertyPath, reason } of refused(given)) assert.ok(propertyPath !== "" && reason !== "");
        }),
        { numRuns: 400 },
      );
    });
});
