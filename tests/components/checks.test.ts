import assert from "node:assert/strict";
import fc from "fast-check";
import { checkClusterName, checkCommonArgs, checkKubernetesVersion } from "../../components/cluster-checks";
import { Problems } from "../../components/errors";
import { checkBounds, checkGroupNames, checkLabels, checkTaints } from "../../components/node-group-checks";
import { checkSshKeys } from "../../components/ssh-keys";
import { checkCidr } from "../../components/value-checks";
import { formatCidr, rangeOf } from "../../sdk/ip-ranges";

function problemsOf(check: (problems: Problems) => void): string[] {
  const problems = new Problems();
  check(problems);
  return problems.all.map(({ propertyPath, reason }) => `${propertyPath}: ${reason}`);
}

describe("checks of arguments", () => {
  describe("cluster name", () => {
    it("accepts exactly what the create-cluster request accepts", () => {
      const character = fc.constantFrom(..."abzAZ019-");
      fc.assert(
        fc.property(fc.string({ unit: character, minLength: 0, maxLength: 140 }), (name) => {
          const valid = name.length >= 1 && name.length <= 128 && !name.startsWith("-") && !name.endsWith("-");
          assert.equal(problemsOf((problems) => checkClusterName("clusterName", name, problems)).length, valid ? 0 : 1);
        }),
      );
    });

    it("refuses any other character and names the field", () => {
      fc.assert(
        fc.property(
          fc.string({ minLength: 1, maxLength: 128 }).filter((name) => /[^A-Za-z0-9-]/.test(name)),
          (name) => {
            assert.match(
              problemsOf((problems) => checkClusterName("clusterName", name, problems)).join(),
              /^clusterName: /,
            );
          },
        ),
      );
    });
  });

  describe("bounds", () => {
    const size = fc.integer({ min: -5, max: 120 });

    it("accepts 0 <= min <= max <= 100 with max >= 1, and nothing else", () => {
      fc.assert(
        fc.property(size, size, (minSize, maxSize) => {
          const valid = minSize >= 0 && maxSize >= 1 && maxSize <= 100 && minSize <= maxSize;
          const found = problemsOf((problems) =>
            checkBounds("nodeGroups[0]", { minSize, maxSize, role: "worker" }, problems),
          );
          assert.equal(found.length === 0, valid, found.join());
        }),
      );
    });

    it("asks a control group to have a fixed size", () => {
      const found = problemsOf((problems) =>
        checkBounds("nodeGroups[1]", { minSize: 1, maxSize: 3, role: "control" }, problems),
      );
      assert.deepEqual(found, [
        'nodeGroups[1].maxSize: a group with role "control" is never autoscaled: maxSize must equal minSize, 1',
      ]);
    });
  });

  it("reports each repeated group name once, at the later group", () => {
    fc.assert(
      fc.property(fc.array(fc.constantFrom("a", "b", "c"), { maxLength: 20 }), (names) => {
        const found = problemsOf((problems) => checkGroupNames("nodeGroups", names, problems));
        assert.equal(found.length, names.length - new Set(names).size);
      }),
    );
  });

  it("limits a cluster to 20 groups", () => {
    const names = Array.from({ length: 21 }, (_, index) => `group-${index}`);
    assert.deepEqual(
      problemsOf((problems) => checkGroupNames("nodeGroups", names, problems)),
      ["nodeGroups: a cluster has at most 20 node groups, this has 21"],
    );
  });

  it("knows the supported Kubernetes versions", () => {
    const count = (version: string, preReleases = false) =>
      problemsOf((problems) => checkKubernetesVersion("kubernetesVersion", version, preReleases, problems)).length;
    for (const version of ["1.34", "1.35", "1.36", "1.37", "1.37.0", "v1.36.3"]) {
      assert.equal(count(version), 0, version);
    }
    for (const version of ["1.33", "1.38", "latest", "1", "1.36.3.1", "1.38.0-rc.1"]) {
      assert.equal(count(version), 1, version);
    }
    assert.equal(count("1.38.0-rc.1", true), 0);
  });

  it("tells of a version that lost its zero in YAML", () => {
    const [found] = problemsOf((problems) => checkKubernetesVersion("kubernetesVersion", "1.3", false, problems));
    assert.match(found!, /^kubernetesVersion: "1.3" is not supported; .*; YAML reads 1.30 without quotes as 1.3$/);
  });

  it("refuses hours that no administrator's certificate can have", () => {
    const found = (adminValidityHours: number) =>
      problemsOf((problems) => checkCommonArgs("train", { adminValidityHours }, problems));
    assert.deepEqual([3, 2160, 87_600].map(found), [[], [], []]);
    for (const hours of [1, 0, 3.5, 87_601])
      assert.deepEqual(found(hours), [`adminValidityHours: must be from 3 to 87600 whole hours, is ${hours}`]);
  });

  it("refuses labels that kubelet may not set, and ours", () => {
    const found = problemsOf((problems) =>
      checkLabels(
        "labels",
        {
          team: "ml",
          "example.com/tier": "gpu",
          "node.kubernetes.io/pool": "x",
          "topology.kubernetes.io/zone": "a",
          "node-role.kubernetes.io/worker": "",
          "gpu-clusters/role": "x",
          "kubernetes.io/hostname": "one",
          "kubernetes.io/arch": "arm64",
          "node-restriction.kubernetes.io/x": "y",
          "bad key": "x",
          long: "x".repeat(64),
        },
        problems,
      ),
    );
    assert.deepEqual(
      found.map((line) => line.slice(0, line.indexOf(":"))),
      [
        'labels["node-role.kubernetes.io/worker"]',
        'labels["gpu-clusters/role"]',
        'labels["kubernetes.io/hostname"]',
        'labels["kubernetes.io/arch"]',
        'labels["node-restriction.kubernetes.io/x"]',
        'labels["bad key"]',
        'labels["long"]',
      ],
    );
  });

  it("refuses SSH keys that are blank: machines would have none", () => {
    const found = problemsOf((problems) => checkSshKeys({ sshPublicKey: " \n", sshPrivateKey: "" }, problems));
    assert.deepEqual(found, ["sshPublicKey: must not be empty", "sshPrivateKey: must not be empty"]);
  });

  it("names what is wrong with a taint", () => {
    const found = problemsOf((problems) =>
      checkTaints(
        "taints",
        [
          { key: "gpu", effect: "NoSchedule" },
          { key: "a b", value: "c d", effect: "NoExecute" },
        ],
        problems,
      ),
    );
    assert.deepEqual(found, [
      "taints[1].key: the name must have 1 to 63 letters, digits, '-', '_' or '.', and start and end with a letter or digit",
      'taints[1].value: "c d" is not a valid label value',
    ]);
  });

  it("says of a date that YAML needs quotes around it", () => {
    const found = problemsOf((problems) => {
      checkLabels("labels", { since: "2024-01-01T00:00:00Z" }, problems);
      checkTaints("taints", [{ key: "since", value: "2024-01-01T00:00:00Z", effect: "NoExecute" }], problems);
    });
    for (const each of found) assert.match(each, /; YAML reads a date without quotes as a time: "2024-01-01"$/);
    assert.equal(found.length, 2);
  });

  it("refuses a taint that is there twice, whatever its value, and ours", () => {
    const found = problemsOf((problems) =>
      checkTaints(
        "taints",
        [
          { key: "gpu", value: "a", effect: "NoSchedule" },
          { key: "gpu", effect: "NoExecute" },
          { key: "gpu", value: "b", effect: "NoSchedule" },
          { key: "gpu-clusters/role", value: "control", effect: "NoSchedule" },
        ],
        problems,
      ),
    );
    assert.deepEqual(found, [
      "taints[2]: has key and effect of taints[0]: a node takes one of them",
      "taints[3].key: taints that start with gpu-clusters/ are set by this package",
    ]);
  });

  it("refuses taints that Kubernetes and its autoscaler set and remove themselves, and takes those that look alike", () => {
    const own = [
      ...["not-ready", "unreachable", "unschedulable", "disk-pressure", "network-unavailable", "out-of-service"].map(
        (name) => `node.kubernetes.io/${name}`,
      ),
      ...["uninitialized", "shutdown"].map((name) => `node.cloudprovider.kubernetes.io/${name}`),
      "ToBeDeletedByClusterAutoscaler",
      "DeletionCandidateOfClusterAutoscaler",
    ];
    const others = [
      "node.kubernetes.io/team",
      "example.com/not-ready",
      "node.cilium.io/agent-not-ready",
      "nvidia.com/gpu",
    ];
    const taints = [...own, ...others].map((key) => ({ key, effect: "NoSchedule" as const }));
    assert.deepEqual(
      problemsOf((problems) => checkTaints("taints", taints, problems)),
      own.map(
        (_, at) => `taints[${at}].key: the cluster's own parts set and remove it by themselves: take one of your own`,
      ),
    );
  });

  it("accepts IPv4 ranges only, and says which range an address with a prefix is in", () => {
    const octet = fc.integer({ min: 0, max: 255 });
    const check = (cidr: string) => problemsOf((problems) => checkCidr("cidrs[0]", cidr, problems));
    fc.assert(
      fc.property(octet, octet, octet, octet, fc.integer({ min: 0, max: 32 }), (a, b, c, d, bits) => {
        const given = `${a}.${b}.${c}.${d}/${bits}`;
        const range = formatCidr(rangeOf(given)!);
        assert.deepEqual(check(range), []);
        const reason = `cidrs[0]: "${given}" has bits beyond its prefix, which clouds refuse: ${range} is the range`;
        assert.deepEqual(check(given), given === range ? [] : [reason]);
      }),
    );
    for (const wrong of ["10.0.0.0", "10.0.0.256/8", "10.0.0.0/33", "010.0.0.0/8", "10.0.0.0/08", "10/8", "::/0", ""]) {
      assert.equal(check(wrong).length, 1, wrong);
    }
  });
});
