import assert from "node:assert/strict";
import * as pulumi from "@pulumi/pulumi";
import type { MithrilClusterArgs, MithrilNodeGroupArgs } from "../../components/mithril/args";
import { MithrilCluster } from "../../components/mithril/cluster";
import { awaitedNodes, gpusByName } from "../../components/mithril/node-groups";
import { checkMithrilClusterArgs } from "../../components/mithril/validate";
import { args, cloud, group, served } from "./mithril-scene";
import { mockProgram, plain, settled, valueOf, warnings } from "./mocks";
import { sshPrivateKey } from "./private-key";

const reasons = (changes: Partial<MithrilClusterArgs>) =>
  checkMithrilClusterArgs("train", { ...args, ...changes }).all.map(
    ({ propertyPath, reason }) => `${propertyPath}: ${reason}`,
  );

describe("components/mithril", () => {
  it("uses a key that the project has, and registers none then", async () => {
    const registered = await mockProgram(cloud);
    new MithrilCluster("train", { ...args, sshPublicKey: undefined, sshKeyId: "sshkey_mine" });
    await settled();
    assert.ok(!registered.names().some((name) => name.includes("SshKey")));
    for (const type of ["Cluster", "NodeGroup"]) {
      assert.deepEqual(registered.inputs(`gpu-clusters:mithril:${type}`).sshKeys, ["sshkey_mine"]);
    }
    const exactlyOne = ["sshPublicKey: is required, or sshKeyId in its place: exactly one of the two"];
    assert.deepEqual(reasons({ sshKeyId: "sshkey_mine" }), exactlyOne);
    assert.deepEqual(reasons({ sshPublicKey: undefined }), exactlyOne);
    assert.deepEqual(reasons({ sshPublicKey: undefined, sshKeyId: "mine" }), [
      'sshKeyId: "mine" must be a key\'s fid, sshkey_…',
    ]);
    assert.deepEqual(reasons({ sshPublicKey: undefined, ...{ sshKeyID: "sshkey_mine" } }), [
      'sshKeyID: there is no such property; did you mean "sshKeyId"?',
    ]);
    assert.deepEqual(reasons({ sshPublicKey: undefined, sshKeyId: 7 as unknown as string }), [
      'sshKeyId: must be a string, not 7; YAML needs quotes: "7"',
    ]);
  });

  it("registers the key before the cluster, and everything named after it", async () => {
    const registered = await mockProgram(cloud);
    const cluster = new MithrilCluster("train", { ...args, autoscaler: false });
    assert.equal(await valueOf(cluster.status), "ready");
    assert.equal(await valueOf(cluster.clusterId), "train-cluster-id");
    await settled();
    assert.deepEqual(registered.names(), [
      "command:remote:Command train-kubeconfig",
      "gpu-clusters:kubernetes:ApiServerReady train-api-server",
      "gpu-clusters:kubernetes:LastingChoices train-choices",
      "gpu-clusters:kubernetes:NodesReady train-nodes",
      "gpu-clusters:mithril:Cluster train-cluster",
      "gpu-clusters:mithril:MithrilCluster train",
      "gpu-clusters:mithril:NodeGroup train-gpu",
      "gpu-clusters:mithril:PlannedCluster train-plan",
      "gpu-clusters:mithril:SshAccess train-ssh-access",
      "gpu-clusters:mithril:SshKey train-ssh-key",
      "gpu-clusters:mithril:Volume train-datasets",
      "pulumi:providers:kubernetes train-kubernetes",
    ]);
    assert.deepEqual(registered.inputs("gpu-clusters:mithril:Cluster").sshKeys, ["train-ssh-key-id"]);
    const { clusterId, region, sshKeys, volumes } = registered.inputs("gpu-clusters:mithril:NodeGroup");
    assert.deepEqual(
      [clusterId, region, sshKeys, volumes],
      ["train-cluster-id", "us-central5-a", ["train-ssh-key-id"], ["train-datasets-id"]],
    );
    assert.equal(registered.inputs("gpu-clusters:mithril:Volume").diskInterface, "File");
    const { controlPlaneNodes, workerNodes, workerGpus, supplies } = plain(
      registered.inputs("gpu-clusters:kubernetes:NodesReady"),
    ) as Record<string, unknown>;
    assert.deepEqual([controlPlaneNodes, workerNodes, workerGpus], [0, 1, 8]);
    const [{ cloud: from, name, minSize, spec }] = supplies as [Record<string, string>];
    assert.deepEqual([from, name, minSize], ["mithril", "gpu", 1]);
    assert.equal(
      (JSON.parse(spec!) as { clusterId: string }).clusterId,
      clusterId,
      "its driver finds the group by this",
    );
  });

  it("reads the kubeconfig over SSH from the host whose key is known, again only for another cluster", async () => {
    const registered = await mockProgram(cloud);
    const cluster = new MithrilCluster("train", { ...args, sshPort: 2222 });
    const kubeconfig = await valueOf(cluster.kubeconfig);
    assert.match(kubeconfig, /current-context: mithril:train/);
    assert.match(kubeconfig, /https:\/\/203\.0\.113\.7:6443/);
    assert.equal(await pulumi.isSecret(cluster.kubeconfig), true);
    assert.equal(await valueOf(cluster.certificateAuthority), "CA-CERT");
    assert.equal(await pulumi.isSecret(cluster.certificateAuthority), false);
    await settled();
    const command = registered.inputs("command:remote:Command");
    const connection = command.connection as Record<string, unknown>;
    const plain = (connection.value ?? connection) as Record<string, unknown>;
    assert.deepEqual(
      [plain.host, plain.port, plain.user, plain.hostKey],
      ["203.0.113.7", 2222, "ubuntu", "ssh-ed25519 HOST"],
    );
    assert.deepEqual([command.triggers, command.logging], [["train-cluster-id"], "none"]);
  });

  it("gives Pulumi's Command the key alone, which reads no further than what stands first", async () => {
    const registered = await mockProgram(cloud);
    const before = "\ufeff-----BEGIN EC PARAMETERS-----\nBggqhkjOPQMBBw==\n-----END EC PARAMETERS-----\n";
    new MithrilCluster("train", { ...args, sshPrivateKey: `${before} ${sshPrivateKey}` });
    await settled();
    const { connection } = plain(registered.inputs("command:remote:Command")) as { connection: { privateKey: string } };
    assert.equal(connection.privateKey.trim(), sshPrivateKey.trim());
  });

  it("gives a key that stands first as it is, with which the Command of a cluster that is there does not run again", async () => {
    const registered = await mockProgram(cloud);
    // As `pulumi config set` keeps a file.
    const withoutEnd = sshPrivateKey.trimEnd();
    new MithrilCluster("train", { ...args, sshPrivateKey: withoutEnd });
    await settled();
    const { connection } = plain(registered.inputs("command:remote:Command")) as { connection: { privateKey: string } };
    assert.equal(connection.privateKey, withoutEnd);
  });

  it("says of a kubeconfig that ends, or has ended, how it is read again", async () => {
    const said = async (seconds: number) => {
      const exp = Math.floor(Date.now() / 1000) + seconds;
      const claims = Buffer.from(JSON.stringify({ iat: exp - 3_600, exp })).toString("base64url");
      const stdout = served.replace("secret-token", `a.${claims}.hunter2`);
      await mockProgram({ ...cloud, "command:remote:Command": () => ({ stdout, stderr: "" }) });
      const told = await warnings(async () => {
        await valueOf(new MithrilCluster("train", args).status);
        await settled();
      });
      const words = told.filter((line) => line.includes("kubeconfig")).join("\n");
      assert.ok(!words.includes("hunter2"));
      return words;
    };
    const again = String.raw`\S+Z: .*\`pulumi up --replace 'urn:\S+train-kubeconfig'\``;
    assert.match(await said(600), new RegExp(`kubeconfig of "mithril:train": its token ends at ${again}`));
    assert.match(await said(-600), new RegExp(`kubeconfig of "mithril:train": its token ended at ${again}`));
    assert.equal(await said(3_000), "");
  });

  it("registers the same resources at preview, with everything unknown, as in the real run", async () => {
    const real = await mockProgram(cloud);
    await valueOf(new MithrilCluster("train", args).status);
    await settled();
    const preview = await mockProgram({}, true);
    await Promise.all([valueOf(new MithrilCluster("train", args).urn), settled()]);
    assert.deepEqual(preview.names(), real.names());
  });

  it("says at preview, all at once, what cannot be right", () => {
    assert.deepEqual(reasons({}), []);
    const found = reasons({
      clusterName: "Train",
      sshPublicKey: "",
      sshPrivateKey: "~/.ssh/id_ed25519",
      nodeGroups: [
        { ...group, region: "eu-central1-a" },
        { ...group, minSize: 5, capacity: {} },
        {
          ...group,
          name: "held",
          capacity: { reservation: { start: "2026-12-01T08:00:00Z", end: "2026-12-02T08:00:00Z" } },
        },
      ],
      fileShares: [{ name: "Data", sizeGb: 0 }],
      kubernetesVersion: "1.36" as never,
      timeoutMinutes: 0,
    });
    assert.deepEqual(
      found.map((line) => line.split(":")[0]),
      [
        "kubernetesVersion",
        "clusterName",
        "sshPublicKey",

        "sshPrivateKey",
        "timeoutMinutes",
        "nodeGroups[1].name",
        "nodeGroups[0].region",
        "nodeGroups[1].minSize",
        "nodeGroups[1].capacity",
        "nodeGroups[2].maxSize",
        "fileShares[0].name",
        "fileShares[0].sizeGb",
      ],
    );
    assert.match(found[6]!, /"eu-central1-a" must be the cluster's region, "us-central5-a": .* never join/);
    assert.throws(() => new MithrilCluster("train", { ...args, clusterName: "T" }), /MithrilCluster: 1 invalid input/);
  });

  it("says of orders what needs no cloud: prices, times and the length of a reservation, by the user's own fields", () => {
    const held = (reservation: object) => ({ ...group, name: "held", maxSize: 1, capacity: { reservation } }) as never;
    const found = (capacity: object) => reasons({ nodeGroups: [{ ...group, ...capacity }] });
    assert.deepEqual(found({ capacity: { spot: { limitPrice: "cheap" } } }), [
      'nodeGroups[0].capacity.spot.limitPrice: "cheap" must be dollars per instance and hour, for example "$25.60"',
    ]);
    const [start, end] = ["2030-12-01T08:00:00Z", "2030-12-01T09:00:00Z"];
    const wrong = reasons({ nodeGroups: [held({ start: "tomorrow", end, maxUnitPrice: "5 EUR" })] });
    assert.deepEqual(
      wrong.map((line) => line.split(":")[0]),
      ["nodeGroups[0].capacity.reservation.maxUnitPrice", "nodeGroups[0].capacity.reservation.start"],
    );
    assert.match(
      reasons({ nodeGroups: [held({ start, end })] }).join(),
      /^nodeGroups\[0\]\.capacity\.reservation\.end: is 1 hour after the start; a reservation takes 3 to 336 whole hours/,
    );
    // One that is there may have begun long ago.
    const begun = { start: "2020-12-01T08:00:00Z", end: "2020-12-02T08:00:00Z" };
    assert.deepEqual(reasons({ nodeGroups: [held(begun)] }), []);
  });

  it("says of scripts and shares what Mithril would refuse of their resources, in the first round", () => {
    assert.deepEqual(
      reasons({
        nodeGroups: [{ ...group, startupScript: "echo hello" }],
        fileShares: [{ name: "data-", sizeGb: 1 }],
      }),
      [
        "nodeGroups[0].startupScript: must start with #!/bin/bash",
        'fileShares[0].name: "data-" must have 1 to 64 lower-case letters, digits and hyphens, start with a letter and not end with a hyphen',
      ],
    );
  });

  it("begins with nothing before all of it is held against Mithril's offer, under the names of its own arguments", async () => {
    const registered = await mockProgram(cloud);
    new MithrilCluster("train", { ...args, namePrefix: "a-" });
    await settled();
    const { clusterName, region, controlPlane, nodeGroups, fileShares } = registered.inputs(
      "gpu-clusters:mithril:PlannedCluster",
    );
    assert.deepEqual([clusterName, region, controlPlane], ["a-train", args.region, args.controlPlane]);
    assert.deepEqual([nodeGroups, fileShares], [args.nodeGroups, args.fileShares]);
  });

  it("names the file shares that there are once each", () => {
    const shares = [
      { name: "datasets", sizeGb: 1 },
      { name: "datasets", sizeGb: 2 },
    ];
    const [storage] = reasons({ sharedStorage: { share: "data" }, fileShares: shares });
    assert.match(storage!, /"data" is not among fileShares, which are: datasets$/);
  });

  it("does not wait for nodes that cannot come yet", async () => {
    await mockProgram(cloud);
    const now = new Date("2026-12-01T08:00:00Z");
    const reserved = (start: string) => ({ reservation: { start, end: "2026-12-09T08:00:00Z" } });
    const awaited = (changes: Partial<MithrilNodeGroupArgs>) => valueOf(awaitedNodes({ ...group, ...changes }, now));
    assert.equal(await awaited({}), 1);
    assert.equal(await awaited({ paused: true }), 0);
    assert.equal(await awaited({ capacity: reserved("2026-12-01T09:00:00Z") }), 0);
    assert.equal(await awaited({ capacity: reserved("2026-12-01T07:00:00Z") }), 1);
  });

  it("knows the GPUs of an instance type by its name", () => {
    assert.deepEqual(["h100-80gb.sxm.8x", "h200.8x", "cpu.4x", "it_x"].map(gpusByName), [8, 8, 0, 0]);
  });
});
