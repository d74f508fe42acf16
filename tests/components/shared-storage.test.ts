import assert from "node:assert/strict";
import * as pulumi from "@pulumi/pulumi";
import { nodeDocumentFromScript } from "../../bootstrap/script";
import type { CudoNodeGroupArgs, CudoSharedStorageArgs } from "../../components/cudo/args";
import { CudoCluster } from "../../components/cudo/cluster";
import { checkAwsClusterArgs } from "../../components/aws/validate";
import type { MithrilClusterArgs } from "../../components/mithril/args";
import { MithrilCluster } from "../../components/mithril/cluster";
import { checkMithrilClusterArgs } from "../../components/mithril/validate";
import type { KubernetesObject } from "../../provider/kubernetes/api";
import { Admission } from "./admission";
import { deployed, inputs, minimal } from "./aws-scene";
import { mockProgram, plain, settled, valueOf } from "./mocks";
import { sshPrivateKey } from "./private-key";

describe("shared storage on AWS", () => {
  const files = { sharedStorage: {} };

  it("is an encrypted file system with a way to it in each zone, for the cluster's machines alone", async () => {
    const { cluster, registered } = await deployed(files);
    assert.equal(await valueOf(cluster.sharedStorageClass!), "shared");
    const { encrypted, throughputMode } = plain(registered.inputs("aws:efs/fileSystem:FileSystem")) as Record<
      string,
      unknown
    >;
    assert.deepEqual([encrypted, throughputMode], [true, "elastic"]);
    assert.ok(registered.isProtected("train-files"));
    const targets = registered.all("aws:efs/mountTarget:MountTarget").map(({ inputs }) => plain(inputs));
    const at = (subnetId: string) => ({
      fileSystemId: "train-files-id",
      subnetId,
      securityGroups: ["train-files-access-id"],
    });
    assert.deepEqual(
      targets,
      [1, 2, 3].map((zone) => at(`train-network-private-${zone}-id`)),
    );
    const rule = registered.resources.find(({ name }) => name === "train-files-from-nodes")!;
    const { fromPort, toPort, ipProtocol, referencedSecurityGroupId } = plain(rule.inputs) as Record<string, unknown>;
    assert.deepEqual([ipProtocol, fromPort, toPort, referencedSecurityGroupId], ["tcp", 2049, 2049, "train-nodes-id"]);
  });

  it("lets nodes make and delete volumes of this file system, and of no other", async () => {
    const { registered } = await deployed(files);
    const policy = registered.resources.find(({ name }) => name === "train-node-policy")!;
    const { Statement } = JSON.parse((plain(policy.inputs) as { policy: string }).policy) as {
      Statement: { Action: string[]; Resource: string[]; Condition?: object }[];
    };
    const changing = Statement.filter(({ Action }) =>
      Action.some((action) => action.startsWith("elasticfilesystem:") && !action.includes("Describe")),
    );
    assert.ok(
      changing.length === 2 && changing.every(({ Resource, Condition }) => Condition && !Resource.includes("*")),
    );
    const { registered: without } = await deployed({});
    const plainPolicy = without.resources.find(({ name }) => name === "train-node-policy")!;
    assert.ok(!JSON.stringify(plainPolicy.inputs).includes("elasticfilesystem"));
  });

  it("makes volumes by access points, after there are ways to the file system, and is gone before these", async () => {
    const { registered } = await deployed(files);
    const storageClass = inputs(registered, "train-shared");
    assert.deepEqual(storageClass["parameters"], {
      provisioningMode: "efs-ap",
      fileSystemId: "train-files-id",
      directoryPerms: "700",
      basePath: "/volumes",
      uid: "1000",
      gid: "1000",
    });
    assert.deepEqual(registered.ignoredChangesOf("train-shared"), ["parameters.uid", "parameters.gid"]);
    assert.deepEqual(
      [storageClass["provisioner"], storageClass["volumeBindingMode"]],
      ["efs.csi.aws.com", "Immediate"],
    );
    assert.ok(registered.dependenciesOf("train-shared").includes("train-efs"));
    const before = registered.dependenciesOf("train-efs");
    for (const needed of ["train-files-1", "train-files-3", "train-nodes"]) assert.ok(before.includes(needed), needed);
    const { values } = plain(inputs(registered, "train-efs")) as { values: { controller: { rollingUpdate: object } } };
    // Its ports are the machine's own: where there is one, another waits until it is gone.
    assert.deepEqual(values.controller.rollingUpdate, { maxSurge: 0, maxUnavailable: 1 });
  });

  it("marks access points, by which the role may delete them, and gives them all tags that the driver can read", async () => {
    const tags = { "cost:center": "R D: 12", empty: "", team: " search ", Équipe: "Ġ", path: "a/b=c" };
    pulumi.runtime.setAllConfig({ "aws:defaultTags": JSON.stringify({ tags: { owner: "ml", team: "default" } }) });
    try {
      const { registered } = await deployed({ ...files, tags });
      const { values } = plain(inputs(registered, "train-efs")) as {
        values: { controller: { tags: Record<string, string> } };
      };
      const flag = Object.entries(values.controller.tags)
        .map((entry) => entry.join(":"))
        .join(" ");
      // As YAML has it without quotes.
      assert.doesNotMatch(flag, /: |:$| #|^ | $/);
      assert.match(flag, /^gpu-clusters\/cluster:train /);
      const seen = Object.fromEntries(splitAsDriver(flag, " ").map((tag) => splitAsDriver(tag, ":")));
      const { "gpu-clusters/stack": stack, ...rest } = seen as Record<string, string>;
      assert.ok(stack);
      assert.deepEqual(rest, {
        "gpu-clusters/cluster": "train",
        "cost:center": "R D: 12",
        empty: undefined,
        team: "search",
        path: "a/b=c",
        owner: "ml",
      });
    } finally {
      pulumi.runtime.setAllConfig({});
    }
  });

  it("does not protect what is to be given up, and asks where nodes are in a network that exists", async () => {
    const { registered } = await deployed({ sharedStorage: { protect: false } });
    assert.ok(!registered.isProtected("train-files"));
    const wrong = (network: object) =>
      checkAwsClusterArgs("train", { ...minimal, ...files, network }).all.map(({ propertyPath }) => propertyPath);
    assert.deepEqual(wrong({ vpcId: "vpc-1" }), ["network.subnetIds"]);
    assert.deepEqual(wrong({ vpcId: "vpc-1", subnetIds: ["subnet-1"] }), []);
    const existing = await deployed({ ...files, network: { vpcId: "vpc-1", subnetIds: ["subnet-1"] } });
    assert.equal(existing.registered.all("aws:efs/mountTarget:MountTarget").length, 1);
  });
});

/** What stands between separators, a backslash before one, and before another, being no part of it. */
function splitAsDriver(text: string, separator: string): string[] {
  const parts = [""];
  for (let at = 0; at < text.length; at++) {
    if (text[at] === separator) parts.push("");
    else parts[parts.length - 1] += text[at] === "\\" ? text[++at]! : text[at]!;
  }
  return parts;
}

describe("shared storage on AWS by FSx for Lustre", () => {
  const lustre = { sizeGib: 2400 };
  const made = (more: object = {}) => deployed({ sharedStorage: { lustre: { ...lustre, ...more } } });

  it("is one protected file system, whose servers speak to each other and to the cluster's machines alone", async () => {
    const { cluster, registered } = await made();
    assert.equal(await valueOf(cluster.sharedStorageClass!), "shared");
    const files = inputs(registered, "train-files");
    assert.deepEqual(
      ["deploymentType", "storageCapacity", "perUnitStorageThroughput", "subnetIds"].map((field) => files[field]),
      ["PERSISTENT_2", 2400, 125, "train-network-private-1-id"],
    );
    assert.ok(registered.isProtected("train-files"));
    assert.deepEqual(registered.all("aws:efs/fileSystem:FileSystem"), []);
    // Nothing that could only be had by another, empty one.
    for (const kept of ["subnetIds", "securityGroupIds"])
      assert.ok(registered.ignoredChangesOf("train-files").includes(kept), kept);
    const rules = registered.resources.filter(({ name }) => /-(988|1018)$/.test(name));
    const ends = (input: string) => [
      ...new Set(rules.map(({ inputs }) => (plain(inputs) as Record<string, unknown>)[input])),
    ];
    assert.equal(rules.length, 10);
    assert.deepEqual(ends("cidrIpv4"), [undefined]);
    for (const end of ["securityGroupId", "referencedSecurityGroupId"])
      assert.deepEqual(ends(end).sort(), ["train-files-access-id", "train-nodes-id"]);
    for (const { name } of rules) assert.ok(registered.dependenciesOf("train-files").includes(name), name);
  });

  it("is mounted by each node before it joins, and its machines go before it", async () => {
    const { registered } = await made();
    const document = nodeDocumentFromScript(String(inputs(registered, "train-gpu-template")["userData"]));
    assert.deepEqual(document?.lustre, {
      source: "fs-0123.fsx.us-west-2.amazonaws.com@tcp:/abcdefgh",
      path: "/mnt/shared",
    });
    assert.ok(registered.dependenciesOf("train-gpu-template").includes("train-files"));
    const { registered: plainly } = await deployed({ sharedStorage: {} });
    const other = nodeDocumentFromScript(String(inputs(plainly, "train-gpu-template")["userData"]));
    assert.equal(other?.lustre, undefined);
    const triggers = [registered, plainly].map((each) => each.triggerOf("train-gpu"));
    assert.notDeepEqual(triggers[0], triggers[1], "a node that is there does not have it");
  });

  it("has the class of every cloud, whose volumes are directories of it, made on nodes that have it", async () => {
    const { registered } = await made();
    const { metadata, provisioner, volumeBindingMode } = inputs(registered, "train-shared") as Record<string, unknown>;
    assert.deepEqual(
      [metadata, provisioner, volumeBindingMode],
      [{ name: "shared" }, "rancher.io/local-path", "Immediate"],
    );
    const { data } = inputs(registered, "train-shared-configuration") as { data: Record<string, string> };
    assert.deepEqual(JSON.parse(data["config.json"]!), { nodePathMap: [], sharedFileSystemPath: "/mnt/shared" });
    const helper = JSON.parse(data["helperPod.yaml"]!) as { spec: object };
    const { spec } = inputs(registered, "train-shared-provisioner") as { spec: { template: { spec: object } } };
    for (const pod of [helper.spec, spec.template.spec])
      for (const part of [
        /"tolerations":\[.*\{"operator":"Exists"\}\]/,
        /"key":"gpu-clusters\/node-group","operator":"Exists"/,
      ])
        assert.match(JSON.stringify(pod), part);
    assert.ok(registered.dependenciesOf("train-shared-namespace").includes("train-files"));
    const nodes = registered.resources.find(({ name }) => name === "train-node-policy")!;
    assert.ok(!JSON.stringify(nodes.inputs).includes("elasticfilesystem"));
  });

  it("refuses sizes, speeds and kinds that FSx has not, and only these", () => {
    const wrong = (given: object) =>
      checkAwsClusterArgs("train", { ...minimal, sharedStorage: { lustre: { ...lustre, ...given } } }).all.map(
        ({ propertyPath, reason }) => `${propertyPath}: ${reason}`,
      );
    for (const sizeGib of [1200, 2400, 4800, 100_800]) assert.deepEqual(wrong({ sizeGib }), []);
    const path = "sharedStorage.lustre";
    assert.deepEqual(wrong({ sizeGib: 3000 }), [
      `${path}.sizeGib: must be 1200 or a multiple of 2400, such as 2400 or 4800; is 3000`,
    ]);
    assert.deepEqual(wrong({ sizeGib: 0 }), [
      `${path}.sizeGib: must be 1200 or a multiple of 2400, such as 1200 or 2400; is 0`,
    ]);
    assert.deepEqual(wrong({ throughput: 1000 }), []);
    assert.deepEqual(wrong({ throughput: 200 }), [
      `${path}.throughput: must be one of 125, 250, 500, 1000 for PERSISTENT_2, is 200`,
    ]);
    assert.deepEqual(wrong({ throughput: 200, deploymentType: "PERSISTENT_1" }), []);
    assert.equal(wrong({ deploymentType: "SCRATCH_2" }).length, 1);
    const network = { vpcId: "vpc-1" };
    assert.deepEqual(checkAwsClusterArgs("train", { ...minimal, sharedStorage: { lustre }, network }).all, []);
  });
});

describe("shared storage on Cudo", () => {
  const group: CudoNodeGroupArgs = {
    name: "cpu",
    role: "worker",
    minSize: 1,
    maxSize: 1,
    vcpus: 4,
    memoryGib: 8,
    diskSizeGib: 50,
    dataCenterId: "us-newyork-1",
    machineType: "intel-broadwell",
  };
  const authorities = ["ca", "frontProxyCa", "etcdCa", "admin"];
  const certificateParts = [
    ...authorities.flatMap((of) => [`${of}Certificate`, `${of}PrivateKey`]),
    "serviceAccountPrivateKey",
  ];
  const made = async (sharedStorage: CudoSharedStorageArgs) => {
    const registered = await mockProgram({
      "gpu-clusters:cudo:Vm": ({ name }) => ({
        externalIpAddress: "203.0.113.7",
        internalIpAddress: `address-of-${name}`,
      }),
      "gpu-clusters:cudo:NodeGroup": () => ({ size: 1, machines: [], problems: [] }),
      "gpu-clusters:kubernetes:ClusterCertificates": () =>
        Object.fromEntries(certificateParts.map((part) => [part, pulumi.secret(part)])),
      "gpu-clusters:kubernetes:ApiServerReady": () => ({ version: "v1.36.3" }),
      "gpu-clusters:kubernetes:NodesReady": () => ({ status: "ready" }),
    });
    const cluster = new CudoCluster("train", {
      noVault: true,
      nodeGroups: [group],
      cni: "none",
      autoscaler: false,
      sharedStorage,
    });
    assert.equal(await valueOf(cluster.sharedStorageClass!), "shared");
    await settled();
    return registered;
  };

  it("is a file server in the cluster's network, with a disk that outlives it, both protected", async () => {
    const registered = await made({ sizeGib: 500 });
    const named = (name: string) =>
      plain(registered.resources.find((resource) => resource.name === name)!.inputs) as Record<string, unknown>;
    const disk = named("train-files");
    assert.deepEqual([disk["sizeGib"], disk["dataCenterId"]], [500, "us-newyork-1"]);
    const server = named("train-file-server");
    assert.deepEqual(server["storageDiskIds"], [disk["diskId"]]);
    assert.match(String(server["startScript"]), /10\.0\.0\.0\/16\(rw/);
    assert.ok(registered.isProtected("train-files") && registered.isProtected("train-file-server"));
    const ignored = registered.ignoredChangesOf("train-file-server");
    assert.ok(
      ["startScript", "image", "machineType"].every((input) => ignored.includes(input)),
      String(ignored),
    );
  });

  it("makes volumes on that server, which answers until the class and its driver are gone", async () => {
    const registered = await made({ sizeGib: 500, protect: false });
    const { provisioner, parameters, volumeBindingMode } = plain(
      registered.inputs("kubernetes:storage.k8s.io/v1:StorageClass"),
    ) as Record<string, unknown>;
    assert.deepEqual([provisioner, volumeBindingMode], ["nfs.csi.k8s.io", "Immediate"]);
    assert.deepEqual(parameters, { server: "address-of-train-file-server", share: "/", mountPermissions: "0777" });
    assert.ok(registered.dependenciesOf("train-shared").includes("train-nfs"));
    assert.ok(registered.dependenciesOf("train-nfs").includes("train-file-server"));
    assert.ok(!registered.isProtected("train-files"));
  });
});

describe("shared storage on Mithril", () => {
  const privateKey = sshPrivateKey;
  const args: MithrilClusterArgs = {
    region: "us-central5-a",
    controlPlane: { instanceType: "cpu.4x" },
    sshPrivateKey: privateKey,
    autoscaler: false,
    sshKeyId: "sshkey_mine",
    fileShares: [
      { name: "datasets", sizeGb: 100 },
      { name: "scratch", sizeGb: 100 },
    ],
    sharedStorage: { share: "datasets" },
  };
  const served = JSON.stringify({
    clusters: [{ name: "k", cluster: { server: "https://10.0.0.10:6443", "certificate-authority-data": "Q0E=" } }],
    users: [{ name: "u", user: { token: "t" } }],
    contexts: [{ name: "c", context: { cluster: "k", user: "u" } }],
    "current-context": "c",
  });

  async function made() {
    const registered = await mockProgram({
      "gpu-clusters:mithril:Cluster": () => ({ kubeHost: "203.0.113.7", endpoint: "https://203.0.113.7:6443" }),
      "gpu-clusters:mithril:SshAccess": () => ({ hostKey: "ssh-ed25519 HOST" }),
      "gpu-clusters:kubernetes:ApiServerReady": () => ({ version: "1.34.0" }),
      "gpu-clusters:kubernetes:NodesReady": () => ({ status: "ready" }),
      "command:remote:Command": () => ({ stdout: served, stderr: "" }),
    });
    const cluster = new MithrilCluster("train", args);
    assert.equal(await valueOf(cluster.sharedStorageClass!), "shared");
    await settled();
    return registered;
  }

  it("makes directories of the share that was named, which alone is protected", async () => {
    const registered = await made();
    assert.deepEqual(
      ["train-datasets", "train-scratch"].map((name) => registered.isProtected(name)),
      [true, false],
    );
    const { data } = plain(registered.inputs("kubernetes:core/v1:ConfigMap")) as { data: Record<string, string> };
    assert.deepEqual(JSON.parse(data["config.json"]!), { nodePathMap: [], sharedFileSystemPath: "/mnt/datasets" });
    assert.ok(registered.dependenciesOf("train-shared").includes("train-shared-provisioner"));
    const wrong = checkMithrilClusterArgs("train", { ...args, sharedStorage: { share: "none" } }).all;
    assert.deepEqual(
      wrong.map(({ propertyPath, reason }) => `${propertyPath}: ${reason}`),
      ['sharedStorage.share: "none" is not among fileShares, which are: datasets, scratch'],
    );
  });

  describe("on a real API server", function () {
    this.timeout(300_000);
    const server = new Admission();

    it("is admitted, object by object, with strict validation", async () => {
      const objects = (await made()).resources
        .filter(({ type }) => type.startsWith("kubernetes:"))
        .map(({ inputs }) => plain(inputs) as KubernetesObject);
      assert.equal(objects.length, 9);
      await server.admits(objects);
    });
  });
});
