import assert from "node:assert/strict";
import { createHash } from "node:crypto";
import * as pulumi from "@pulumi/pulumi";
import * as fc from "fast-check";
import { Slurm, type SlurmArgs } from "../../components/addons";
import { blockClass } from "../../components/addons/block-storage/place";
import { checkedAccounting, checkedGroups, checkedKeys } from "../../components/addons/slurm/slurm";
import { checkSlurmGroups, checkSlurmName } from "../../components/addons/slurm/name";
import { chosenClass } from "../../components/addons/shared-storage/place";
import type { KubernetesCluster } from "../../components/cluster";
import { InvalidInput, Problems } from "../../components/errors";
import { clusterInHand } from "./cluster-in-hand";
import { mockProgram, plain, promiseOf, settled, valueOf, visible, warnings, type Registered } from "./mocks";

const groups = [
  { name: "cpu" },
  {
    name: "v100",
    minSize: 0,
    gpus: 8,
    gpuResources: { "nvidia.com/gpu": 8 },
    taints: [{ key: "team", value: "vision", effect: "NoExecute" as const }],
  },
  { name: "control", role: "control" as const },
  { name: "off", maxSize: 0 },
];
const publicKey = "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIGb9ECWmEzf6FQbrBZ9w7lshQhqowtrbLDFw4rXAxZuE";
const otherKey = "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIPe2SOKRLUewpB36X28JYGmwA+2PWwhdI3BulqQGprYq";
const outputs = {
  "gpu-clusters:kubernetes:GeneratedKey": ({ name }: { name: string }) => ({ hex: `KEY-${name}` }),
  "gpu-clusters:kubernetes:ObjectReady": () => ({ status: "ready" }),
};

interface Made {
  registered: Registered;
  slurm: Slurm;
  values: Record<string, Record<string, unknown>>;
}

async function made(given: Partial<SlurmArgs> = {}, parts: Partial<KubernetesCluster> = {}): Promise<Made> {
  const registered = await mockProgram(outputs);
  const kubeconfig = pulumi.secret("KUBECONFIG");
  const slurm = new Slurm("lab", { cluster: clusterInHand(groups, { kubeconfig, ...parts }), ...given });
  await valueOf(slurm.clusterName);
  await settled();
  const release = registered.resources.find(({ name }) => name === "lab-slurm")!;
  return { registered, slurm, values: (plain(release.inputs) as { values: Made["values"] }).values };
}

describe("Slurm", () => {
  it("is definitions, operator and cluster, each after the other and gone before it", async () => {
    const { registered, slurm } = await made();
    const charts = registered
      .all("kubernetes:helm.sh/v3:Release")
      .map(({ inputs }) => inputs as { chart: string; values: { webhook?: { namespaces: string } } });
    assert.deepEqual(
      charts.map(({ chart }) => chart.replace("oci://ghcr.io/slinkyproject/charts/", "")),
      ["slurm-operator-crds", "slurm-operator", "slurm"],
    );
    assert.equal(charts[1]!.values.webhook!.namespaces, "slurm", "no pod of anybody else waits for its webhooks");
    assert.ok(registered.dependenciesOf("lab-slurm-operator").includes("lab-slurm-operator-crds"));
    const after = registered.dependenciesOf("lab-slurm");
    for (const name of ["lab-slurm-operator", "lab-slurm-auth-slurm", "lab-slurm-auth-jwt"])
      assert.ok(after.includes(name), name);
    const { kind, name, fields } = registered.inputs("gpu-clusters:kubernetes:ObjectReady");
    assert.deepEqual(
      [kind, name, fields],
      ["StatefulSet", "slurm-controller", { controllers: "status.readyReplicas" }],
    );
    assert.equal(await valueOf(slurm.clusterName), "lab");
    assert.ok(registered.isProtected("lab-namespace") && !registered.isProtected("lab-operator-namespace"));
  });

  it("has one of Slurm's nodes on as many workers as there always are, with all GPUs, and none on what has no nodes", async () => {
    const { values } = await made();
    const sets = values["nodesets"] as Record<string, Record<string, unknown>>;
    assert.deepEqual(Object.keys(sets), ["cpu", "v100"]);
    assert.deepEqual(sets["v100"], {
      scalingMode: "StatefulSet",
      replicas: 0,
      slurmd: { resources: { limits: { "nvidia.com/gpu": 8 } } },
      extraConfMap: { Gres: ["gpu:8"] },
      partition: { enabled: true },
      podSpec: {
        nodeSelector: { "kubernetes.io/os": "linux", "gpu-clusters/node-group": "v100" },
        tolerations: [
          { key: "nvidia.com/gpu", operator: "Exists" },
          { key: "team", operator: "Equal", value: "vision", effect: "NoExecute" },
        ],
      },
    });
    assert.ok(!("slurmd" in sets["cpu"]!));
    assert.equal(sets["cpu"]!["replicas"], 1);
    const { tolerations } = sets["cpu"]!["podSpec"] as { tolerations: object[] };
    assert.deepEqual(tolerations, [{ key: "nvidia.com/gpu", operator: "Exists" }], "another group's are not its own");
    assert.deepEqual(values["configFiles"], { "gres.conf": "AutoDetect=nvidia" });
    assert.ok(!("loginsets" in values) && !("accounting" in values));
  });

  it("has a node's AMD GPUs by what pods ask for", async () => {
    const { values } = await made(
      {},
      {
        nodeGroups: clusterInHand([{ name: "mi300", gpus: 8, gpuResources: { "amd.com/gpu": 8 } }]).nodeGroups,
      },
    );
    const { mi300 } = values["nodesets"] as Record<string, { slurmd: object; extraConfMap: object }>;
    assert.deepEqual(mi300!.slurmd, { resources: { limits: { "amd.com/gpu": 8 } } });
    assert.deepEqual(mi300!.extraConfMap, { Gres: ["gpu:8"] });
    assert.deepEqual(values["configFiles"], { "gres.conf": "AutoDetect=rsmi" });
  });

  it("takes all turns on a machine's GPUs, or all parts of them, and tells Slurm of whole ones", async () => {
    const turns = { name: "turns", gpus: 2, gpuResources: { "nvidia.com/gpu": 8 } };
    const parts = { name: "parts", gpus: 1, gpuResources: { "nvidia.com/mig-1g.10gb": 7 } };
    const { values } = await made({}, { nodeGroups: clusterInHand([turns, parts]).nodeGroups });
    const sets = values["nodesets"] as Record<string, { slurmd: object; extraConfMap: object }>;
    assert.deepEqual(sets["turns"]!.slurmd, { resources: { limits: turns.gpuResources } });
    assert.deepEqual(sets["turns"]!.extraConfMap, { Gres: ["gpu:2"] });
    assert.deepEqual(sets["parts"]!.slurmd, { resources: { limits: parts.gpuResources } });
    assert.deepEqual(sets["parts"]!.extraConfMap, { Gres: ["gpu:1"] });
  });

  it("makes its keys once, and shows neither them nor the database's password", async () => {
    const { registered, values } = await made({ accounting: { host: "db.example.com", password: "DB-PASSWORD" } });
    const secrets = registered.all("kubernetes:core/v1:Secret").map(({ inputs }) => plain(inputs));
    const texts = (secrets as { stringData: unknown }[]).map(({ stringData }) => plain(stringData) as object);
    assert.deepEqual(Object.assign({}, ...texts), {
      "slurm.key": "KEY-lab-auth-key",
      "jwt.key": "KEY-lab-jwt-key",
      password: "DB-PASSWORD",
    });
    assert.deepEqual(values["slurmKey"], { create: false, secretRef: { name: "slurm-auth-slurm", key: "slurm.key" } });
    assert.deepEqual(values["accounting"]!["storageConfig"], {
      host: "db.example.com",
      port: 3306,
      database: "slurm_acct_db",
      username: "slurm",
      passwordKeyRef: { name: "slurm-accounting-password", key: "password" },
    });
    const shown = JSON.stringify(registered.resources.map(({ inputs }) => visible(inputs)));
    for (const secret of ["DB-PASSWORD", "KEY-lab", "KUBECONFIG"]) assert.ok(!shown.includes(secret), secret);
    // Of the charts' values some become ConfigMaps and the operator's own objects, which more people may read than Secrets.
    const elsewhere = registered.resources.filter(({ type }) => /:(Release|ConfigMap|CustomResource)$/.test(type));
    const readable = JSON.stringify(elsewhere.map(({ inputs }) => plain(inputs)));
    for (const secret of ["DB-PASSWORD", "KEY-lab"]) assert.ok(!readable.includes(secret), secret);
  });

  it("has the accounting begin anew with another password, of which Slinky's operator takes no notice by itself", async () => {
    const markOf = async (password: string) => {
      const { values } = await made({ accounting: { host: "db.example.com", password } });
      const { metadata } = values["accounting"] as { metadata: { annotations: Record<string, string> } };
      const mark = metadata.annotations["gpu-clusters/password"]!;
      assert.match(mark, /^[0-9a-f]{16}$/);
      assert.notEqual(
        mark,
        createHash("sha256").update(password).digest("hex").slice(0, 16),
        "nobody can try passwords",
      );
      return mark;
    };
    const first = await markOf("DB-PASSWORD");
    assert.equal(await markOf("DB-PASSWORD"), first);
    assert.notEqual(await markOf("ANOTHER-PASSWORD"), first);
  });

  it("lets people log in where it is asked to, and keeps its state in the shared storage", async () => {
    const { values } = await made(
      { login: { sshAuthorizedKeys: [publicKey, otherKey] } },
      { sharedStorageClass: pulumi.output("shared") },
    );
    const { login } = values["loginsets"] as Record<string, Record<string, unknown>>;
    assert.equal(login!["rootSshAuthorizedKeys"], `${publicKey}\n${otherKey}`);
    assert.deepEqual(login!["service"], { spec: { type: "ClusterIP" } });
    assert.deepEqual((values["controller"] as { persistence: object }).persistence, {
      accessModes: ["ReadWriteMany"],
      storageClassName: "shared",
    });
  });

  it("shares /home among its nodes where the cluster can, keeps it, and has it before the pods", async () => {
    const shared = { sharedStorageClass: pulumi.output("shared") };
    const { registered, values } = await made({ login: { sshAuthorizedKeys: [publicKey] } }, shared);
    const { metadata, spec } = registered.inputs("kubernetes:core/v1:PersistentVolumeClaim") as Record<string, object>;
    assert.deepEqual(
      [metadata, spec],
      [
        { name: "homes", namespace: "slurm" },
        {
          accessModes: ["ReadWriteMany"],
          resources: { requests: { storage: "100Gi" } },
          storageClassName: "shared",
        },
      ],
    );
    assert.ok(registered.isProtected("lab-homes") && registered.dependenciesOf("lab-slurm").includes("lab-homes"));
    const mounts = { volumeMounts: [{ name: "homes", mountPath: "/home" }] };
    const volumes = [{ name: "homes", persistentVolumeClaim: { claimName: "homes" } }];
    const { slurmd, podSpec } = values["nodesetDefaults"] as Record<string, object>;
    assert.deepEqual([slurmd, podSpec], [mounts, { volumes }]);
    const login = (values["loginsets"] as { login: Record<string, { volumes?: object }> }).login;
    assert.deepEqual([login["login"], login["podSpec"]!.volumes], [mounts, volumes]);
    const alone = await made({ storageClass: "own" });
    assert.deepEqual(alone.registered.all("kubernetes:core/v1:PersistentVolumeClaim"), []);
    assert.ok(!("slurmd" in alone.values["nodesetDefaults"]!));
  });

  it("has its controller beside the control plane where its state is on a volume of one zone, and elsewhere where there is room", async () => {
    const selectorOf = async (given: Partial<SlurmArgs>, parts: Partial<KubernetesCluster> = {}, isBlocks = true) => {
      const cluster = clusterInHand(groups, parts);
      if (isBlocks) blockClass.set(cluster, "gp3");
      const { values } = await made({ cluster, ...given });
      const { nodeSelector, tolerations } = values["controller"]!["podSpec"] as Record<string, object | undefined>;
      assert.ok(JSON.stringify(tolerations).split("node-role.kubernetes.io/control-plane").length <= 2);
      return nodeSelector;
    };
    const beside = { "node-role.kubernetes.io/control-plane": "" };
    assert.deepEqual(await selectorOf({}), beside);
    assert.deepEqual(await selectorOf({ storageClass: "gp3" }), beside);
    assert.equal(await selectorOf({ storageClass: "others" }), undefined);
    assert.equal(await selectorOf({}, { sharedStorageClass: pulumi.output("shared") }), undefined);
    assert.equal(await selectorOf({}, {}, false), undefined);
  });

  it("keeps its name and the class of its state, before anything of it is changed", async () => {
    const { registered } = await made({ storageClass: "disks" });
    const { clusterName, choices } = registered.inputs("gpu-clusters:kubernetes:LastingChoices");
    assert.deepEqual([clusterName, choices], ["lab", { clusterName: "lab", storageClass: "disks" }]);
    assert.ok(registered.dependenciesOf("lab-slurm").includes("lab-choices"));
    assert.deepEqual(registered.ignoredChangesOf("lab-slurm"), [
      "values.controller.persistence",
      "values.controller.podSpec.nodeSelector",
    ]);
    assert.deepEqual(registered.ignoredChangesOf("lab-slurm-operator"), []);
  });

  it("warns where no group gives it nodes, as in a cluster that somebody else made, and of GPUs that no number asks for", async () => {
    const toldOf = (groups: Parameters<typeof clusterInHand>[0]) =>
      warnings(() => made({}, { nodeGroups: clusterInHand(groups).nodeGroups }));
    const control = { role: "control" as const };
    for (const none of [[], [control], [{ maxSize: 0 }, control]]) {
      const told = await toldOf(none);
      assert.equal(told.length, 1);
      assert.match(told[0]!, /cluster: has no group with the role "worker" .* jobs wait for ever/);
    }
    const [ofGpus, ...others] = await toldOf([{ name: "a100", gpus: 8 }, { name: "h100", gpus: 8 }, {}]);
    assert.match(ofGpus!, /cluster: Slurm gives nobody the GPUs of a100, h100, .* gpuMode "plugin"/);
    assert.deepEqual(others, []);
    assert.deepEqual(await warnings(made), []);
  });

  it("takes keys that are known later, and refuses what is no public key, now or then", async () => {
    const later = <T>(value: T) => pulumi.output(Promise.resolve(value));
    const keys = [later(publicKey), `from="192.0.2.0/24",no-pty ${otherKey} c@d`];
    for (const sshAuthorizedKeys of [keys, later(keys)]) {
      const { values } = await made({ login: { sshAuthorizedKeys } });
      const { login } = values["loginsets"] as Record<string, Record<string, unknown>>;
      assert.equal(login!["rootSshAuthorizedKeys"], `${publicKey}\nfrom="192.0.2.0/24",no-pty ${otherKey} c@d`);
    }
    const cluster = clusterInHand();
    const wrong = ["-----BEGIN OPENSSH PRIVATE KEY-----\nAAAA\n", "AAAA", `${publicKey}\n${otherKey}`, ""];
    for (const key of wrong)
      assert.throws(
        () => new Slurm("lab", { cluster, login: { sshAuthorizedKeys: [publicKey, key] } }),
        (error: InvalidInput) => {
          assert.deepEqual(
            error.errors.map(({ propertyPath }) => propertyPath),
            ["login.sshAuthorizedKeys[1]"],
          );
          return !error.message.includes("AAAA\n");
        },
      );
    assert.throws(() => checkedKeys(publicKey as never), /login\.sshAuthorizedKeys: must be a list of keys/);
    const database = { host: "mysql://h", port: 99_999, username: "" };
    assert.throws(() => checkedAccounting(database), /accounting\.host.*accounting\.port.*accounting\.username/s);
    assert.throws(() => checkedAccounting({ password: "a b" }), /accounting\.password: must have/);
    assert.throws(() => checkedKeys([]), /login\.sshAuthorizedKeys: must have at least one key/);
    assert.throws(() => checkedKeys([publicKey, "B"]), /login\.sshAuthorizedKeys\[1\]: must be one public key/);
    await settled();
  });

  it("refuses a class that can be none, which comes to be known later", () => {
    assert.throws(() => chosenClass("Slurm", "Fast Disks", undefined), /storageClass: "Fast Disks" must have/);
    assert.deepEqual(chosenClass("Slurm", undefined, "shared"), { storageClass: "shared", isShared: true });
  });

  it("says all that cannot be right, by the field", async () => {
    await mockProgram(outputs);
    const cluster = clusterInHand();
    assert.throws(
      () => new Slurm("lab", { cluster, clusterName: "Lab-", login: { sshAuthorizedKeys: [] } }),
      (error: InvalidInput) => {
        assert.match(
          error.message,
          /2 invalid inputs\n {2}clusterName: "Lab-" must have lowercase letters.*\n {2}login/,
        );
        return true;
      },
    );
    await settled();
  });
});

describe("the name of a group that becomes Slurm's nodes", () => {
  const problemsOf = (name: string) => {
    const problems = new Problems();
    checkSlurmGroups([name], () => "name", problems);
    return problems.all.map(({ reason }) => reason);
  };

  it("is no partition that is there already or means something else, and fits a label with what Slinky puts before it", () => {
    for (const name of ["gpu", "all-gpus", "a".repeat(50)]) assert.deepEqual(problemsOf(name), [], name);
    for (const name of ["all", "default"]) assert.match(problemsOf(name)[0]!, /cannot be a partition/, name);
    assert.match(problemsOf("a".repeat(51))[0]!, /has 51 characters, and .* 50 at most/);
  });

  it("is none that Slurm gives to a node of another group", () => {
    const problems = new Problems();
    const names = ["gpu", "gpu-1", "gpu-a1", "cpu-1", "cpu-1-2", undefined];
    checkSlurmGroups(names, (index) => names[index]!, problems);
    assert.deepEqual(
      problems.all.map(({ propertyPath, reason }) => `${propertyPath} ${reason}`),
      [
        'gpu-1 "gpu-1" is what Slurm calls a node of the group "gpu": name the group otherwise',
        'cpu-1-2 "cpu-1-2" is what Slurm calls a node of the group "cpu-1": name the group otherwise',
      ],
    );
  });

  it("is told of the cluster's groups once they are known, and not of groups without nodes for jobs", async () => {
    await mockProgram(outputs);
    const all = (given: object) => clusterInHand([{ name: "cpu" }, { name: "all", ...given }], {});
    const values = (cluster: KubernetesCluster) => promiseOf(cluster.nodeGroups.apply(checkedGroups));
    await assert.rejects(values(all({})), /cluster\.nodeGroups\[1\]\.name: "all" cannot be a partition/);
    for (const given of [{ maxSize: 0 }, { role: "control" }]) await values(all(given));
    await settled();
  });
});

describe("the name of a Slurm cluster", () => {
  const problemsOf = (name: string) => {
    const problems = new Problems();
    checkSlurmName("name", name, problems);
    return problems.all.map(({ reason }) => reason);
  };

  it("starts with a letter, has no trailing dash, and fits Slurm", () => {
    for (const name of ["a", "lab", "lab-2"]) assert.deepEqual(problemsOf(name), [], name);
    for (const name of ["", "2lab", "Lab", "lab-", "-lab", "lab_1"])
      assert.match(problemsOf(name)[0]!, /must have/, name);
    assert.match(problemsOf("a".repeat(41))[0]!, /has 41 characters, and .* 40 at most/);
    for (const name of ["on", "null", "y"]) assert.match(problemsOf(name)[0]!, /is no name to YAML/, name);
  });

  it("is right exactly where each of its rules holds", () => {
    const letters = fc.constantFrom(..."ab1-Z_");
    fc.assert(
      fc.property(fc.string({ unit: letters, maxLength: 45 }), (name) => {
        const wanted = [...name].every((each) => /[a-z0-9-]/.test(each)) && /^[a-z]/.test(name) && !name.endsWith("-");
        assert.equal(problemsOf(name).length === 0, wanted && name.length <= 40);
      }),
    );
  });
});
