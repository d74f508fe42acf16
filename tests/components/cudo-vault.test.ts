/** A cluster on Cudo whose machines' disks are encrypted. */
import assert from "node:assert/strict";
import * as pulumi from "@pulumi/pulumi";
import { placeholders } from "../../bootstrap/document";
import { maximumScriptBytes, nodeDocumentFromScript } from "../../bootstrap/script";
import { autoscalerRoleName } from "../../sdk/vault/defaults";
import type { CudoClusterArgs, CudoNodeGroupArgs } from "../../components/cudo/args";
import { CudoCluster } from "../../components/cudo/cluster";
import { checkCudoClusterArgs } from "../../components/cudo/validate";
import { InvalidInput } from "../../components/errors";
import { clusterArgs } from "../../components/vantage/mapping";
import type { CudoSettings } from "../../components/vantage/request";
import { mockProgram, plain, settled, visible, type Outputs } from "./mocks";
import { sshPublicKey } from "./public-key";

const group: CudoNodeGroupArgs = {
  name: "cpu",
  role: "worker",
  minSize: 1,
  maxSize: 4,
  vcpus: 8,
  memoryGib: 32,
  diskSizeGib: 100,
  dataCenterId: "us-newyork-1",
  machineType: "intel-broadwell",
};
const args: CudoClusterArgs = { nodeGroups: [group], cni: "none", autoscaler: false };
const vault = { address: "https://vault.example.com:8200", certificateAuthority: "VAULT-CA", namespace: "lab" };

const cloud: Outputs = {
  "gpu-clusters:kubernetes:ClusterCertificates": () => ({
    caCertificate: "CA",
    caPrivateKey: "CA-KEY",
    frontProxyCaCertificate: "FRONT",
    frontProxyCaPrivateKey: "FRONT-KEY",
    etcdCaCertificate: "ETCD",
    etcdCaPrivateKey: "ETCD-KEY",
    serviceAccountPrivateKey: "SA-KEY",
    adminCertificate: "ADMIN",
    adminPrivateKey: "ADMIN-KEY",
  }),
  "gpu-clusters:cudo:Vm": () => ({
    externalIpAddress: "203.0.113.7",
    internalIpAddress: "10.0.0.2",
    projectId: "Lab_1",
  }),
  "gpu-clusters:vault:AutoscalerRole": () => ({ roleId: "role-id", secretId: pulumi.secret("SECRET-ID") }),
  "gpu-clusters:cudo:NodeGroup": () => ({ size: 1, machines: [], problems: [] }),
  "gpu-clusters:kubernetes:ApiServerReady": () => ({ ready: true, version: "v1.37.2" }),
};

const problems = (more: Partial<CudoClusterArgs>) =>
  checkCudoClusterArgs("train", { ...args, ...more }).all.map(
    ({ propertyPath, reason }) => `${propertyPath}: ${reason}`,
  );

describe("a cluster on Cudo with encrypted disks", () => {
  beforeEach(() => pulumi.runtime.setConfig("gpu-clusters:vault", JSON.stringify({ token: "hvs.deployer" })));
  afterEach(() => pulumi.runtime.setAllConfig({}));

  const made = async (more: Partial<CudoClusterArgs> = {}) => {
    const registered = await mockProgram(cloud);
    new CudoCluster("train", { ...args, vault, ...more });
    await settled();
    return registered;
  };
  /** As the machines' scripts have it, with what is each machine's own. */
  const encryption = {
    ...vault,
    authMount: "gpu-clusters",
    keyMount: "secret",
    roleId: placeholders.vaultRoleId,
    wrappedSecretId: placeholders.vaultToken,
    keyPath: placeholders.vaultKeyPath,
  };

  it("has the control plane get its keys from Vault, and nothing of them from Cudo", async () => {
    const registered = await made();
    const machine = registered.inputs("gpu-clusters:cudo:Vm");
    const { startScript, vaultScript, vault: place } = plain(machine) as Record<string, string>;
    assert.deepEqual(place, vault);
    const [first, rest] = [nodeDocumentFromScript(startScript!)!, nodeDocumentFromScript(vaultScript!)!];
    assert.deepEqual(first.diskEncryption, { ...encryption, start: true });
    assert.doesNotMatch(JSON.stringify(first), /-KEY/);
    assert.equal(rest.controlPlane?.ca.privateKey, "CA-KEY");
    assert.equal(rest.controlPlane.encryptionKey, placeholders.secretsKey, "it is in no state");
    const certificates = registered.inputs("gpu-clusters:kubernetes:ClusterCertificates");
    assert.equal(certificates["secretsKeyElsewhere"], true);
    assert.equal(rest.diskEncryption, undefined);
    for (const script of [startScript!, vaultScript!]) assert.ok(Buffer.byteLength(script) < maximumScriptBytes);
    const shown = visible(machine) as Record<string, unknown>;
    assert.deepEqual([shown["startScript"], shown["vaultScript"]], [undefined, undefined], "secrets");
  });

  it("has the machines of its groups encrypt theirs, each with access of its own", async () => {
    const { startScript, vault: place } = plain((await made()).inputs("gpu-clusters:cudo:NodeGroup")) as Record<
      string,
      string
    >;
    assert.deepEqual(place, vault);
    const worker = nodeDocumentFromScript(startScript!)!;
    assert.deepEqual(worker.diskEncryption, encryption);
    assert.equal(worker.bootstrapToken, placeholders.bootstrapToken);
  });

  it("is in the mounts that the program says", async () => {
    const own = { ...vault, authMount: "machines", keyMount: pulumi.output("kv"), policy: "disks" };
    const registered = await made({ vault: own });
    for (const type of ["gpu-clusters:cudo:Vm", "gpu-clusters:cudo:NodeGroup"]) {
      const { startScript, vault: place } = plain(registered.inputs(type)) as Record<string, string>;
      const { authMount, keyMount } = nodeDocumentFromScript(startScript!)!.diskEncryption!;
      assert.deepEqual([authMount, keyMount, place], ["machines", "kv", { ...own, keyMount: "kv" }], type);
    }
  });

  it("gives its autoscaler a role of its own, which its machines' roles begin with, and no administrator's token", async () => {
    const registered = await made({
      autoscaler: true,
      vault: { ...vault, authMount: "machines", autoscalerPolicy: "own" },
    });
    const place = { ...vault, authMount: "machines" };
    const role = autoscalerRoleName("Lab_1", "train");
    assert.equal(role, "lab_1.train.nodes");
    assert.deepEqual(registered.inputs("gpu-clusters:vault:AutoscalerRole"), { vault: place, role, policy: "own" });
    const configs = registered.all("kubernetes:core/v1:Secret").map(({ inputs }) => {
      const { stringData } = plain(inputs) as { stringData?: Record<string, string> };
      return stringData?.["config.json"];
    });
    const { providers, groups } = JSON.parse(configs.find(Boolean)!) as Record<string, any>;
    const as = { authMount: "machines", roleId: "role-id", secretId: "SECRET-ID" };
    assert.deepEqual([providers.vault, groups[0].spec.vault], [{ as }, place]);
    assert.doesNotMatch(configs.join(), /hvs\.deployer/);
    assert.doesNotMatch(JSON.stringify(visible(registered.resources.map(({ inputs }) => inputs))), /SECRET-ID/);
    assert.deepEqual((await made()).all("gpu-clusters:vault:AutoscalerRole"), [], "without an autoscaler");
  });

  it("lets what runs be: the control plane keeps both its scripts, and its place in Vault follows the program", async () => {
    const ignored = (await made()).ignoredChangesOf("train-control-plane");
    assert.ok(["startScript", "vaultScript"].every((field) => ignored.includes(field)));
    assert.ok(!ignored.includes("vault"), "another authority of Vault must reach the delete");
  });

  it("encrypts the disk of its shared storage, by a key of the disk's own that only the file server's role reads", async () => {
    const registered = await made({ sharedStorage: { sizeGib: 100 }, sshPublicKey });
    const named = (name: string) =>
      plain(registered.resources.find((resource) => resource.name === name)!.inputs) as Record<string, any>;
    assert.deepEqual(named("train-files")["encryption"], { vault, vmId: "train-files" });
    const server = named("train-file-server");
    assert.deepEqual([server["vault"], server["vaultScript"]], [vault, undefined]);
    const script = String(server["startScript"]);
    const [, given] = /^encryption\(\) \{ cat <<'END'\n(.*)\nEND\n\}\n/m.exec(script)!;
    assert.deepEqual(JSON.parse(given!), {
      ...encryption,
      keyPath: `${placeholders.vaultKeyPath}/disks/train-files`,
      label: "gpu-clusters",
      volume: "/srv/shared",
      authorizedKeys: [sshPublicKey],
    });
    assert.ok(Buffer.byteLength(script) < maximumScriptBytes - 4096, String(Buffer.byteLength(script)));
    // Cudo's edge refuses keys beside a script of this size; a server from before the vault keeps its own.
    assert.equal(server["customSshKeys"], undefined);
    const ignored = registered.ignoredChangesOf("train-file-server");
    assert.ok(["startScript", "customSshKeys"].every((field) => ignored.includes(field)));
    assert.ok(!ignored.includes("vault"), "another authority of Vault must reach the delete");
    assert.ok(registered.isProtected("train-files") && registered.isProtected("train-file-server"));
  });

  it("is told at the preview not to reach the file server that is there", async () => {
    const told = async (more: Partial<CudoClusterArgs>) => {
      const registered = await mockProgram(cloud);
      new CudoCluster("train", { ...args, sharedStorage: { sizeGib: 100 }, ...more });
      await settled();
      const choices = plain(registered.inputs("gpu-clusters:kubernetes:LastingChoices")) as Record<string, any>;
      return choices["told"]["vault"] as { value: string; meaning: string };
    };
    const [before, after] = [await told({ noVault: true }), await told({ vault })];
    assert.deepEqual([before.value, after.value], ["left out", "given"]);
    assert.match(after.meaning, /goes on with its disk as it is, in plain text/);
  });

  it("is what a program must choose, or say that it does not", () => {
    assert.match(problems({}).join(), /^vault: is required, for the keys of encrypted disks: .*; or noVault: true/);
    assert.match(problems({ noVault: false }).join(), /^vault: is required/);
    assert.deepEqual(problems({ noVault: true }), []);
    assert.deepEqual(problems({ vault, sharedStorage: { sizeGib: 10 } }), []);
    assert.match(
      problems({ vault, noVault: true }).join(),
      /^noVault: says that disks are not encrypted, and vault where/,
    );
    assert.match(
      problems({ vault: { address: "http://vault" } }).join("\n"),
      /^vault\.address: "http:\/\/vault" must be https[^\n]*$/,
    );
    assert.match(problems({ vault: {} as never }).join(), /^vault\.address: is required/);
    assert.match(problems({ vault: "vault" as never }).join("\n"), /^vault: must be an object[^\n]*$/);
  });

  it("wants the token by which machines get their access before anything is made", async () => {
    pulumi.runtime.setAllConfig({});
    const registered = await mockProgram(cloud);
    const { VAULT_TOKEN } = process.env;
    delete process.env["VAULT_TOKEN"];
    try {
      assert.throws(
        () => new CudoCluster("train", { ...args, vault }),
        /vault: needs gpu-clusters:vault\.token in the stack's configuration, or VAULT_TOKEN/,
      );
    } finally {
      if (VAULT_TOKEN !== undefined) process.env["VAULT_TOKEN"] = VAULT_TOKEN;
    }
    await settled();
    assert.deepEqual(registered.names(), []);
  });

  it("is what a create-cluster request asks for unless it says no_vault, in the Vault of who makes the cluster", () => {
    const request = ({ no_vault }: Pick<CudoSettings, "no_vault">) => ({
      name: "c1",
      description: "d",
      cloud_account_id: 1,
      cluster_type: "k8s" as const,
      settings: {
        ...(no_vault !== undefined && { no_vault }),
        autoscaler_node_groups: [
          {
            id: "gpu",
            role: "worker" as const,
            min_size: 1,
            max_size: 3,
            vcpus: 8,
            memory_gib: 32,
            boot_disk_size_gib: 100,
            data_center_id: "us-dallas-1",
            machine_type: "intel-broadwell",
          },
        ],
      },
    });
    const accounts = { 1: { provider: "cudo" as const } };
    for (const [settings, expected] of [
      [{}, [vault, undefined]],
      [{ no_vault: false }, [vault, undefined]],
      [{ no_vault: true }, [undefined, true]],
    ] as const) {
      const { args } = clusterArgs(request(settings), { accounts, vault }) as { args: CudoClusterArgs };
      assert.deepEqual([args.vault, args.noVault], expected);
    }
    const refused = (options: object) => {
      try {
        clusterArgs(request({ no_vault: false }), { accounts, ...options });
        return [];
      } catch (error) {
        return (error as InvalidInput).errors.map(({ propertyPath }) => propertyPath);
      }
    };
    assert.deepEqual(refused({}), ["settings.no_vault"]);
    assert.deepEqual(refused({ vault: { address: "http://vault" } }), ["vault.address"]);
  });
});
