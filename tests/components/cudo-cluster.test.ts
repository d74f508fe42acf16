import assert from "node:assert/strict";
import { isDeepStrictEqual } from "node:util";
import * as pulumi from "@pulumi/pulumi";
import { parse } from "yaml";
import type { CudoClusterArgs, CudoNodeGroupArgs } from "../../components/cudo/args";
import { CudoCluster } from "../../components/cudo/cluster";
import { checkCudoClusterArgs } from "../../components/cudo/validate";
import { placeholders } from "../../bootstrap/document";
import { nodeDocumentFromScript } from "../../bootstrap/script";
import { nodesReady } from "../../provider/kubernetes/handlers/nodes-ready";
import { cloud, group } from "./cudo-scene";
import { mockProgram, plain, settled, valueOf } from "./mocks";
import { sshPrivateKey } from "./private-key";
import { sshPublicKey } from "./public-key";

describe("components/cudo", () => {
  it("makes a network, a security group, a control plane and its groups, named after the cluster", async () => {
    const registered = await mockProgram(cloud);
    const cluster = new CudoCluster("train", {
      noVault: true,
      nodeGroups: [group],
      cni: "none",
      gpu: false,
      autoscaler: false,
    });
    assert.equal(await valueOf(cluster.status), "ready");
    await settled();
    assert.deepEqual(registered.names(), [
      "gpu-clusters:cudo:CudoCluster train",
      "gpu-clusters:cudo:Network train-network",
      "gpu-clusters:cudo:NodeGroup train-gpu",
      "gpu-clusters:cudo:PlannedCluster train-plan",
      "gpu-clusters:cudo:SecurityGroup train-security-group",
      "gpu-clusters:cudo:Vm train-control-plane",
      "gpu-clusters:kubernetes:ApiServerReady train-api-server",
      "gpu-clusters:kubernetes:ClusterCertificates train-certificates",
      "gpu-clusters:kubernetes:LastingChoices train-choices",
      "gpu-clusters:kubernetes:NodesReady train-nodes",
      "pulumi:providers:kubernetes train-kubernetes",
    ]);
    const vm = registered.inputs("gpu-clusters:cudo:Vm");
    assert.deepEqual(
      [vm.vmId, vm.vcpus, vm.memoryGib, vm.diskSizeGib, vm.sshKeySource],
      ["train-control-plane", 8, 16, 100, "SSH_KEY_SOURCE_NONE"],
    );
    const [status] = await valueOf(cluster.nodeGroups);
    assert.deepEqual(status!.taints, [{ key: "nvidia.com/gpu", effect: "NoSchedule" }]);
    assert.deepEqual(status!.problems, ["data center black-mesa-1 has no host free now"]);
  });

  it("keeps the control plane where and what it is, whatever groups come", async () => {
    const registered = await mockProgram(cloud);
    const cluster = new CudoCluster("train", { noVault: true, nodeGroups: [group], cni: "none" });
    assert.equal(await valueOf(cluster.status), "ready");
    await settled();
    const { choices, told } = registered.inputs("gpu-clusters:kubernetes:LastingChoices");
    const { value, meaning } = (told as Record<string, { value: string; meaning: string }>)["controlPlane.size"]!;
    assert.equal(value, "md");
    assert.match(meaning, /^its machine stops for it/);
    const ranges = { podCidr: "10.244.0.0/16", serviceCidr: "10.96.0.0/12" };
    const place = { dataCenterId: "us-newyork-1", "gpu-clusters:cudo.projectId": "project-1" };
    assert.deepEqual(choices, { clusterName: "train", ...place, namePrefix: '""', ...ranges });
    for (const part of ["network", "security-group", "control-plane"])
      assert.ok(registered.dependenciesOf(`train-${part}`).includes("train-choices"), part);
    assert.deepEqual(registered.ignoredChangesOf("train-control-plane"), [
      "startScript",
      "vaultScript",
      "image",
      "diskSizeGib",
      "machineType",
    ]);
  });

  it("begins with nothing before all of it is held against Cudo's offer, under the names of its own arguments", async () => {
    const registered = await mockProgram(cloud);
    const controlPlane = { size: "sm", machineType: "intel-broadwell" } as const;
    new CudoCluster("train", { noVault: true, nodeGroups: [group], controlPlane, sharedStorage: { sizeGib: 10 } });
    await settled();
    const planned = registered.inputs("gpu-clusters:cudo:PlannedCluster");
    const vm = registered.all("gpu-clusters:cudo:Vm").find(({ name }) => name === "train-control-plane")!.inputs;
    for (const field of ["vmId", "machineType", "vcpus", "memoryGib", "diskSizeGib", "image"])
      assert.equal((planned.controlPlane as Record<string, unknown>)[field], vm[field], field);
    const [{ gpuDriver, ...first }] = planned.nodeGroups as [Record<string, unknown>];
    assert.equal(gpuDriver, true);
    const made = registered.inputs("gpu-clusters:cudo:NodeGroup");
    for (const [field, value] of Object.entries(first)) assert.deepEqual(value, made[field], field);
    for (const part of ["network", "security-group", "control-plane", "files"])
      assert.ok(registered.dependenciesOf(`train-${part}`).includes("train-plan"), part);
  });

  it("asks for no driver in an image where somebody else brings it, and for GPUs that have partitions where it wants some", async () => {
    const planned = async (args: object, more: object) => {
      const registered = await mockProgram(cloud);
      new CudoCluster("train", { noVault: true, cni: "none", ...args, nodeGroups: [{ ...group, gpus: 1, ...more }] });
      await settled();
      const inputs = registered.inputs("gpu-clusters:cudo:PlannedCluster");
      const [{ gpuDriver, mig, partitions }] = inputs["nodeGroups"] as [Record<string, unknown>];
      return { gpuDriver, mig, ...(partitions !== undefined && { partitions }) };
    };
    const none = { gpuDriver: undefined, mig: undefined };
    assert.deepEqual(await planned({ gpu: false }, {}), none);
    assert.deepEqual(await planned({}, { gpuDriver: "operator" }), none);
    assert.deepEqual(await planned({}, { gpuVendor: "amd", image: "mine" }), none);
    assert.deepEqual(await planned({}, { gpuSharing: { mig: "single" } }), { gpuDriver: true, mig: true });
    const partitions = { "1g.10gb": 7 };
    const partitioned = await planned({}, { gpuSharing: { mig: "single", partitions } });
    assert.deepEqual(partitioned, { gpuDriver: true, mig: true, partitions });
  });

  it("takes node groups in another order for no change", async () => {
    const inputsOf = async (...nodeGroups: CudoNodeGroupArgs[]) => {
      const registered = await mockProgram(cloud);
      const cluster = new CudoCluster("train", { noVault: true, nodeGroups, cni: "none" });
      assert.equal(await valueOf(cluster.status), "ready");
      await settled();
      const children = registered.resources.filter(({ name }) => name !== "train");
      return new Map(children.map(({ name, inputs }) => [name, inputs as Record<string, unknown>]));
    };
    const system = { ...group, name: "system" };
    const [before, after] = [await inputsOf(group, system), await inputsOf(system, group)];
    const changed = [...before.keys()].filter((name) => !isDeepStrictEqual(before.get(name), after.get(name)));
    // What makes nothing keeps their places, and never shows a change.
    assert.deepEqual(changed, ["train-plan", "train-nodes"]);
    const state = { inputs: before.get("train-nodes") as never, outputs: { status: "ready" as const } };
    const { ignores } = nodesReady({}).plan!(state, after.get("train-nodes") as never, ["nodeGroups"]);
    assert.ok(ignores!.includes("nodeGroups"));
  });

  it("computes the kubeconfig from endpoint, authority and certificate, as a secret", async () => {
    await mockProgram(cloud);
    const cluster = new CudoCluster("train", { noVault: true, nodeGroups: [group], cni: "none" });
    const kubeconfig = parse(await valueOf(cluster.kubeconfig)) as {
      clusters: { cluster: Record<string, string> }[];
      "current-context": string;
    };
    assert.equal(kubeconfig["current-context"], "train");
    assert.equal(kubeconfig.clusters[0]!.cluster.server, "https://203.0.113.7:6443");
    assert.equal(kubeconfig.clusters[0]!.cluster["tls-server-name"], "kubernetes");
    assert.equal(await pulumi.isSecret(cluster.kubeconfig), true);
    assert.equal(await valueOf(cluster.endpoint), "https://203.0.113.7:6443");
  });

  it("hands private keys to the control plane only, in a secret script", async () => {
    const registered = await mockProgram(cloud);
    const cluster = new CudoCluster("train", { noVault: true, nodeGroups: [group], cni: "none" });
    await valueOf(cluster.status);
    await settled();
    const script = (type: string) => registered.inputs(type).startScript;
    const secret = script("gpu-clusters:cudo:Vm") as { value?: string } | string;
    const controlPlane = nodeDocumentFromScript(typeof secret === "string" ? secret : secret.value!);
    assert.equal(controlPlane?.controlPlane?.ca.privateKey, "CA-KEY");
    assert.equal(controlPlane.controlPlane.encryptionKey, "ETCD-SECRETS-KEY");
    const workerScript = script("gpu-clusters:cudo:NodeGroup") as { value?: string } | string;
    const worker = nodeDocumentFromScript(typeof workerScript === "string" ? workerScript : workerScript.value!);
    assert.ok(worker);
    assert.doesNotMatch(JSON.stringify(worker), /-KEY/);
    assert.equal(worker.bootstrapToken, placeholders.bootstrapToken);
    assert.equal(worker.endpoint, "https://10.0.0.2:6443");
    assert.deepEqual(worker.labels, {
      tier: "gpu",
      "gpu-clusters/cluster": "train",
      "gpu-clusters/gpu": "v100",
      "gpu-clusters/node-group": "gpu",
      "gpu-clusters/role": "worker",
      "nvidia.com/gpu.present": "true",
      "skypilot.co/accelerator": "v100",
    });
    assert.deepEqual(worker.gpu, { vendor: "nvidia", count: 2, model: "V100" });
  });

  it("registers the same resources at preview, with everything unknown, as in the real run", async () => {
    const args: CudoClusterArgs = { noVault: true, nodeGroups: [group, { ...group, name: "more" }], cni: "flannel" };
    const real = await mockProgram(cloud);
    await valueOf(new CudoCluster("train", args).status);
    await settled();
    const preview = await mockProgram({}, true);
    const cluster = new CudoCluster("train", args);
    await Promise.all([valueOf(cluster.urn), settled()]);
    assert.deepEqual(preview.names(), real.names());
  });

  it("installs the network that was asked for", async () => {
    for (const [cni, type] of [
      ["cilium", "kubernetes:helm.sh/v3:Release"],
      ["flannel", "kubernetes:apps/v1:DaemonSet"],
    ] as const) {
      const registered = await mockProgram(cloud);
      await valueOf(new CudoCluster("train", { noVault: true, nodeGroups: [group], cni, gpu: false }).status);
      await settled();
      assert.equal(registered.all(type).length, 1, cni);
      assert.equal(registered.inputs("gpu-clusters:kubernetes:NodesReady").condition, "Ready");
      const everything = [{ operator: "Exists" }];
      if (cni === "cilium") {
        type Part = { tolerations: { key?: string }[]; replicas?: number; nodeSelector?: Record<string, string> };
        const { values } = registered.inputs(type) as { values: Record<string, Part> };
        assert.deepEqual([values["tolerations"], values["envoy"]?.tolerations], [everything, everything]);
        // A second one would have no place beside the first, so that a machine were bought for it, which it then kept.
        const { replicas, nodeSelector } = values["operator"]!;
        assert.deepEqual([replicas, nodeSelector], [1, { "node-role.kubernetes.io/control-plane": "" }]);
        // Its operator begins on control planes, before any network and any cloud controller, and leaves a node that is drained.
        assert.deepEqual(
          values["operator"]?.tolerations.map(({ key }) => key),
          [
            "node-role.kubernetes.io/control-plane",
            "node.kubernetes.io/not-ready",
            "node.cloudprovider.kubernetes.io/uninitialized",
            "node.cilium.io/agent-not-ready",
          ],
        );
        continue;
      }
      const { spec } = registered.inputs(type) as { spec: { template: { spec: { tolerations: object[] } } } };
      assert.deepEqual(spec.template.spec.tolerations, everything, "users' taints, NoExecute too");
    }
  });

  it("lets machines reach each other at every port of every protocol: Cilium wants UDP 8472 and TCP 4240, flannel UDP 8472", async () => {
    const registered = await mockProgram(cloud);
    await valueOf(new CudoCluster("train", { noVault: true, nodeGroups: [group] }).status);
    await settled();
    const { ipRange } = registered.inputs("gpu-clusters:cudo:Network");
    const { rules } = registered.inputs("gpu-clusters:cudo:SecurityGroup") as { rules: object[] };
    const everything = { protocol: "PROTOCOL_ALL", ruleType: "RULE_TYPE_INBOUND", ipRangeCidr: ipRange };
    assert.deepEqual(
      rules.filter((rule) => "ipRangeCidr" in rule && rule.ipRangeCidr === ipRange),
      [everything],
    );
    const { nics } = registered.inputs("gpu-clusters:cudo:Vm") as { nics: { securityGroupIds: string[] }[] };
    const { securityGroupIds } = registered.inputs("gpu-clusters:cudo:NodeGroup");
    assert.deepEqual([nics[0]!.securityGroupIds, securityGroupIds], [["train-nodes"], ["train-nodes"]]);
  });

  it("opens the API and SSH each to the ranges given, which for SSH are none by default", async () => {
    const ports = async (args: Partial<CudoClusterArgs>) => {
      const registered = await mockProgram(cloud);
      await valueOf(new CudoCluster("train", { noVault: true, nodeGroups: [group], cni: "none", ...args }).status);
      await settled();
      const { rules } = registered.inputs("gpu-clusters:cudo:SecurityGroup") as {
        rules: { ports?: string; ipRangeCidr?: string }[];
      };
      return rules.filter((rule) => rule.ports).map((rule) => `${rule.ports} ${rule.ipRangeCidr}`);
    };
    assert.deepEqual(await ports({}), ["6443 0.0.0.0/0"]);
    assert.deepEqual(await ports({ sshPublicKey }), ["6443 0.0.0.0/0"]);
    const ranges = { apiServerAccessCidrs: pulumi.output(["203.0.113.0/24"]), sshAccessCidrs: ["198.51.100.7/32"] };
    assert.deepEqual(await ports({ ...ranges, sshPublicKey }), ["6443 203.0.113.0/24", "22 198.51.100.7/32"]);
  });

  it("puts the SSH key into the machines' scripts: Cudo's edge refuses a request with keys beside a large script", async () => {
    const registered = await mockProgram(cloud);
    // As a file has it: machines refuse a line's end in a key.
    const asInFile = { sshPublicKey: `${sshPublicKey}\n` };
    await valueOf(new CudoCluster("train", { noVault: true, nodeGroups: [group], cni: "none", ...asInFile }).status);
    await settled();
    for (const type of ["gpu-clusters:cudo:Vm", "gpu-clusters:cudo:NodeGroup"]) {
      const inputs = registered.inputs(type);
      const script = inputs.startScript as { value?: string } | string;
      const document = nodeDocumentFromScript(typeof script === "string" ? script : script.value!);
      assert.deepEqual(document?.authorizedKeys, [sshPublicKey], type);
      assert.equal(inputs.customSshKeys, undefined);
    }
  });

  it("lets those who wait for nodes ask Cudo for the groups' machines, without a key or a script", async () => {
    const registered = await mockProgram(cloud);
    await valueOf(new CudoCluster("train", { noVault: true, nodeGroups: [group], cni: "none" }).status);
    await settled();
    const { supplies } = registered.inputs("gpu-clusters:kubernetes:NodesReady");
    const [{ spec, ...supply }] = (plain({ supplies }) as { supplies: [{ spec: string }] }).supplies;
    const { clusterName, name, kubeconfig, startScript } = JSON.parse(spec) as Record<string, string>;
    assert.deepEqual([clusterName, name, kubeconfig, startScript], ["train", "gpu", "", ""]);
    assert.equal((supply as { cloud?: string }).cloud, "cudo");
  });

  it("lets those who wait for machines ask them for their logs, with the user's key", async () => {
    const registered = await mockProgram(cloud);
    const access = { sshPublicKey, sshAccessCidrs: ["198.51.100.7/32"] };
    const keys = { ...access, sshPrivateKey };
    await valueOf(new CudoCluster("train", { noVault: true, nodeGroups: [group], cni: "none", ...keys }).status);
    await settled();
    const { machines, sshPrivateKey: given } = registered.inputs("gpu-clusters:kubernetes:NodesReady");
    assert.deepEqual(machines, [{ nodeName: "train-gpu-0", address: "203.0.113.8" }]);
    for (const key of [given, registered.inputs("gpu-clusters:kubernetes:ApiServerReady").sshPrivateKey])
      assert.equal((key as { value?: string }).value, keys.sshPrivateKey, "a secret");
    const { sshPublicKey: accepted } = registered.inputs("gpu-clusters:kubernetes:ApiServerReady");
    assert.equal(accepted, access.sshPublicKey, "the two are held against each other");
    assert.throws(
      () => new CudoCluster("other", { noVault: true, nodeGroups: [group], sshPrivateKey: "PRIVATE" }),
      /sshPrivateKey: must be the text of a private key.*sshPublicKey: is required with sshPrivateKey.*sshAccessCidrs: is required with sshPrivateKey/s,
    );
    const long = `ssh-rsa ${"A".repeat(1425)}`; // RSA with 8192 bits.
    assert.throws(
      () => new CudoCluster("train", { noVault: true, nodeGroups: [group], cni: "none", sshPublicKey: long }),
      /sshPublicKey: has 1433 characters, and a start script has room for 1000/,
    );
  });

  it("reports every wrong field at once, by the user's own path, and registers nothing", async () => {
    const registered = await mockProgram(cloud);
    const wrong: CudoClusterArgs = {
      clusterName: "-bad-",
      kubernetesVersion: "1.20",
      cni: "calico" as "none",
      noVault: true,
      nodeGroups: [
        { ...group, minSize: 5, maxSize: 2, labels: { "kubernetes.io/x": "y" } },
        { ...group, name: "gpu", gpus: 0 },
      ],
    };
    assert.throws(
      () => new CudoCluster("train", wrong),
      (error: pulumi.InputPropertiesError) => {
        assert.deepEqual(
          error.errors.map((problem) => problem.propertyPath),
          [
            "cni",
            "clusterName",
            "kubernetesVersion",
            "nodeGroups[1].name",
            "nodeGroups[0].minSize",
            'nodeGroups[0].labels["kubernetes.io/x"]',
            "nodeGroups[1].gpus",
          ],
        );
        return true;
      },
    );
    await settled();
    assert.deepEqual(registered.names(), []);
  });

  it("asks for what cannot be derived when there are no groups", () => {
    const problems = checkCudoClusterArgs("train", { noVault: true }).all.map((problem) => problem.propertyPath);
    assert.deepEqual(problems, ["dataCenterId", "controlPlane.machineType"]);
  });
});
