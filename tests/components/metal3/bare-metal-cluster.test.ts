import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { mkdtempSync, readdirSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import * as pulumi from "@pulumi/pulumi";
import { parse } from "yaml";
import type { KubernetesCluster } from "../../../components/cluster";
import { BareMetalCluster, BareMetalHosts, type BareMetalClusterArgs } from "../../../components/metal3";
import { checkBareMetalCluster } from "../../../components/metal3/cluster-checks";
import type { KubernetesObject } from "../../../provider/kubernetes/api";
import { kubernetesApi } from "../../../provider/kubernetes/client";
import { renderKubeconfig } from "../../../sdk/kubernetes/kubeconfig";
import { clusterApiDefinitions } from "../../../simulator/platforms/metal3/cluster-api-definitions";
import { controlPlane } from "../../provider/kubernetes/control-plane";
import { until } from "../../until";
import { mockProgram, plain, settled, valueOf, visible, type Registered } from "../mocks";

const checksum = "a".repeat(64);
const management = () =>
  ({
    clusterName: pulumi.output("management"),
    kubeconfig: pulumi.secret("MANAGEMENT-KUBECONFIG"),
    status: pulumi.output("ready"),
  }) as KubernetesCluster;
const argsOf = (changes: Partial<BareMetalClusterArgs> = {}): BareMetalClusterArgs => ({
  inventory: { cluster: management(), namespace: "metal3" },
  endpoint: "10.0.0.5:6443",
  kubernetesVersion: "1.37.2",
  image: { url: "https://images.example.com/ubuntu.qcow2", checksum },
  controlPlane: { hostLabels: { role: "control" }, preKubeadmCommands: ["systemctl start keepalived"] },
  nodeGroups: [
    {
      name: "gpu",
      count: 2,
      hostLabels: { gpu: "h100" },
      gpus: 8,
      gpuModel: "H100",
      labels: { "modelplane.ai/pool": "gpu" },
      taints: [{ key: "nvidia.com/gpu", value: "true", effect: "NoSchedule" }],
    },
  ],
  preKubeadmCommands: ["swapoff -a"],
  ...changes,
});

const kubeconfig = renderKubeconfig({
  clusterName: "search",
  endpoint: "https://10.0.0.5:6443",
  certificateAuthority: "CA",
  credentials: { clientCertificate: "ADMIN", clientKey: "ADMIN-KEY" },
});
const secretsKey = Buffer.from("0123456789abcdef0123456789ABCDEF");
const machine = { name: "search-gpu-0", phase: "Available", host: "gpu-01", hostState: "provisioned", problems: [] };
const outputs = {
  "gpu-clusters:kubernetes:KubeconfigSecret": () => ({
    clusterKubeconfig: kubeconfig,
    endpoint: "https://10.0.0.5:6443",
    certificateAuthority: "CA",
  }),
  "gpu-clusters:kubernetes:GeneratedKey": () => ({ hex: secretsKey.toString("hex") }),
  "gpu-clusters:kubernetes:ObjectReady": () => ({ values: { state: "available" }, status: "ready", uid: "u" }),
  "gpu-clusters:kubernetes:ApiServerReady": () => ({ version: "1.37.2" }),
  "gpu-clusters:kubernetes:NodesReady": () => ({ status: "ready", machines: [machine] }),
};

async function registered(changes: Partial<BareMetalClusterArgs> = {}) {
  const all = await mockProgram(outputs);
  const made = new BareMetalCluster("search", argsOf(changes));
  await valueOf(made.status);
  await settled();
  return { made, all };
}

const kinds = /cluster\.x-k8s\.io|metal3\.io/;
const objectsOf = (all: Registered) =>
  all.resources.filter(({ type }) => kinds.test(type)).map(({ inputs }) => plain(inputs) as KubernetesObject);
const specOf = (all: Registered, kind: string) =>
  objectsOf(all)
    .filter((object) => object.kind === kind)
    .map(({ spec }) => spec as Record<string, any>);

describe("BareMetalCluster", () => {
  it("is the objects of Cluster API and Metal3, one set for each group, in the namespace of the hosts", async () => {
    const { all } = await registered();
    const objects = objectsOf(all);
    assert.deepEqual(objects.map(({ kind }) => kind).sort(), [
      "Cluster",
      "KubeadmConfigTemplate",
      "KubeadmControlPlane",
      "MachineDeployment",
      "Metal3Cluster",
      "Metal3MachineTemplate",
      "Metal3MachineTemplate",
    ]);
    for (const { metadata } of objects) assert.equal(metadata.namespace, "metal3");
    assert.deepEqual(specOf(all, "Metal3Cluster"), [
      { controlPlaneEndpoint: { host: "10.0.0.5", port: 6443 }, cloudProviderEnabled: false },
    ]);
    const [deployment] = specOf(all, "MachineDeployment");
    const templates = objects.filter(({ kind }) => kind === "Metal3MachineTemplate");
    const own = templates.find(({ metadata }) => metadata.name === deployment!["template"].spec.infrastructureRef.name);
    assert.deepEqual((own!["spec"] as Record<string, any>)["template"].spec, {
      image: { url: "https://images.example.com/ubuntu.qcow2", checksum, checksumType: "sha256" },
      hostSelector: { matchLabels: { gpu: "h100" } },
    });
    assert.deepEqual([deployment!["replicas"], deployment!["template"].spec.version], [2, "v1.37.2"]);
    const { joinConfiguration, preKubeadmCommands } = specOf(all, "KubeadmConfigTemplate")[0]!["template"].spec;
    const [{ name, value }] = joinConfiguration.nodeRegistration.kubeletExtraArgs;
    assert.equal(name, "node-labels");
    for (const label of [
      "metal3.io/uuid={{ ds.meta_data.uuid }}",
      "modelplane.ai/pool=gpu",
      "gpu-clusters/node-group=gpu",
    ])
      assert.ok(value.split(",").includes(label), label);
    assert.deepEqual(joinConfiguration.nodeRegistration.taints, [
      { key: "nvidia.com/gpu", value: "true", effect: "NoSchedule" },
    ]);
    assert.deepEqual(preKubeadmCommands, ["swapoff -a"]);
    assert.deepEqual(specOf(all, "KubeadmControlPlane")[0]!["kubeadmConfigSpec"].preKubeadmCommands, [
      "swapoff -a",
      "systemctl start keepalived",
    ]);
  });

  it("has control planes renew kubeadm's certificates where they are: Cluster API would make them anew, one alone on a second server", async () => {
    const { all } = await registered();
    const { kubeadmConfigSpec, rollout } = specOf(all, "KubeadmControlPlane")[0]!;
    const [, { path, permissions, encoding, content }] = kubeadmConfigSpec.files;
    assert.deepEqual(kubeadmConfigSpec.postKubeadmCommands, [`bash ${path}`]);
    assert.deepEqual([permissions, encoding, rollout.before], ["0700", "base64", undefined]);
    // Cluster API's own limit.
    assert.ok(content.length <= 10_240, `${content.length} characters`);
    const script = Buffer.from(content, "base64").toString("utf8");
    const folder = mkdtempSync(join(tmpdir(), "certificates-"));
    const quiet = 'systemctl() { echo "$*"; }\ninstall() { cat > "$FOLDER/${5##*/}"; }\n';
    const ran = spawnSync("bash", ["-c", quiet + script], {
      encoding: "utf8",
      env: { ...process.env, FOLDER: folder },
    });
    assert.deepEqual([ran.stderr, ran.status], ["", 0]);
    assert.match(
      ran.stdout,
      /^daemon-reload\nenable -q gpu-clusters-certificates\nenable -q --now gpu-clusters-certificates\.timer$/m,
    );
    assert.deepEqual(readdirSync(folder).sort(), [
      "gpu-clusters-certificates.service",
      "gpu-clusters-certificates.timer",
      "renew-certificates",
    ]);
    assert.match(readFileSync(join(folder, "renew-certificates"), "utf8"), /^kubeadm certs renew all$/m);
    rmSync(folder, { recursive: true });
  });

  it("keeps Kubernetes' Secrets encrypted in etcd, by one key for all control planes that stands in no object of Cluster API", async () => {
    const { all } = await registered();
    const { files, clusterConfiguration } = specOf(all, "KubeadmControlPlane")[0]!["kubeadmConfigSpec"];
    const path = "/etc/kubernetes/pki/encryption.yaml";
    const name = "search-secrets-encryption";
    const contentFrom = { secret: { name, key: "value" } };
    assert.deepEqual(files[0], { path, owner: "root:root", permissions: "0600", contentFrom });
    assert.deepEqual(clusterConfiguration.apiServer.extraArgs, [{ name: "encryption-provider-config", value: path }]);
    const secret = all.inputs("kubernetes:core/v1:Secret");
    const { metadata, stringData } = plain(secret) as KubernetesObject & { stringData: { value: string } };
    assert.deepEqual([metadata.name, metadata.namespace], [name, "metal3"]);
    assert.deepEqual(parse(stringData.value), {
      apiVersion: "apiserver.config.k8s.io/v1",
      kind: "EncryptionConfiguration",
      resources: [
        {
          resources: ["secrets"],
          providers: [
            { secretbox: { keys: [{ name: "key1", secret: secretsKey.toString("base64") }] } },
            { identity: {} },
          ],
        },
      ],
    });
    assert.ok(
      all.dependenciesOf("search-control-plane").includes(name),
      "it is there before them, and goes after them",
    );
    for (const { inputs, name } of all.resources)
      assert.ok(!JSON.stringify(visible(inputs)).includes(secretsKey.toString("base64")), name);
  });

  it("makes machines of another template where their image is another, and of the same where only their number is", async () => {
    const named = async (changes: Partial<BareMetalClusterArgs>) =>
      objectsOf((await registered(changes)).all).map(({ kind, metadata }) => `${kind} ${metadata.name}`);
    const [group] = argsOf().nodeGroups;
    assert.deepEqual(await named({ nodeGroups: [{ ...group!, count: 3 }] }), await named({}));
    const other = { url: "https://images.example.com/b.qcow2", checksum };
    const changed = await named({ nodeGroups: [{ ...group!, image: other }] });
    const before = await named({});
    assert.deepEqual(
      changed.filter((name) => !before.includes(name)).map((name) => name.replace(/-[0-9a-f]{8}$/, "")),
      ["Metal3MachineTemplate search-gpu"],
    );
  });

  it("has the preview warn of a group that goes, and of what that means for one that comes", async () => {
    const { all } = await registered();
    const { parts } = all.inputs("gpu-clusters:kubernetes:LastingChoices") as { parts: Record<string, string> };
    const [[name, loss] = []] = Object.entries(parts);
    assert.equal(name, 'nodeGroups "gpu"');
    assert.match(loss!, /its nodes go, .* take this one away first, and add that with the next `pulumi up`$/);
  });

  it("is managed from one cluster for as long as that is there, which nobody reads", async () => {
    const { all } = await registered();
    const { managementKubeconfig } = plain(all.inputs("gpu-clusters:kubernetes:LastingChoices")) as never;
    assert.equal(managementKubeconfig, "MANAGEMENT-KUBECONFIG");
    for (const { inputs, name } of all.resources)
      assert.ok(!JSON.stringify(visible(inputs)).includes("MANAGEMENT-KUBECONFIG"), name);
  });

  it("waits for its machines again once they are to be made of something else", async () => {
    const triggers = async (changes: Partial<BareMetalClusterArgs>) => {
      const { all } = await registered(changes);
      return all.inputs("gpu-clusters:kubernetes:NodesReady")["triggers"] as Record<string, string>;
    };
    const before = await triggers({});
    assert.deepEqual(Object.keys(before).sort(), ["control-plane", "gpu"]);
    assert.deepEqual(await triggers({}), before);
    const other = { url: "https://images.example.com/b.qcow2", checksum };
    const [group] = argsOf().nodeGroups;
    const differ = async (changes: Partial<BareMetalClusterArgs>) => {
      const changed = await triggers(changes);
      return Object.keys(before).filter((name) => changed[name] !== before[name]);
    };
    assert.deepEqual((await differ({ kubernetesVersion: "1.37.3" })).sort(), ["control-plane", "gpu"]);
    assert.deepEqual((await differ({ image: other })).sort(), ["control-plane", "gpu"]);
    assert.deepEqual(await differ({ nodeGroups: [{ ...group!, image: other }] }), ["gpu"]);
    assert.deepEqual(await differ({ nodeGroups: [{ ...group!, labels: { tier: "a" } }] }), ["gpu"]);
    assert.deepEqual(await differ({ controlPlane: { hostLabels: { role: "control" } } }), ["control-plane"]);
  });

  it("deletes the Cluster first and waits for its servers last, and gives everything up for a machine in error", async () => {
    const { made, all } = await registered();
    const place = { kubeconfig: "MANAGEMENT-KUBECONFIG", clusterName: "search", hostNamespace: "metal3" };
    const { hint, ...watched } = plain(all.inputs("gpu-clusters:kubernetes:MachinesReturned")) as { hint: string };
    assert.deepEqual(watched, { ...place, timeoutSeconds: 3600 });
    assert.match(hint, /Metal3 cleans them/);
    const ready = plain(all.inputs("gpu-clusters:kubernetes:ObjectReady")) as Record<string, unknown>;
    assert.deepEqual([ready["kind"], ready["deletes"]], ["Cluster", true]);
    const parts = ["metal3", "control-plane", "control-plane-machines", "gpu", "gpu-machines", "gpu-joining"];
    for (const part of parts) {
      assert.ok(all.dependenciesOf("search-cluster").includes(`search-${part}`), part);
      assert.ok(all.dependenciesOf(`search-${part}`).includes("search-machines"), part);
    }
    const secret = all.inputs("gpu-clusters:kubernetes:KubeconfigSecret");
    assert.deepEqual([secret["namespace"], secret["name"], secret["key"]], ["metal3", "search-kubeconfig", "value"]);
    assert.ok(all.dependenciesOf("search-kubeconfig").includes("search-ready"));
    for (const waiting of ["ApiServerReady", "NodesReady"])
      assert.deepEqual(plain(all.inputs(`gpu-clusters:kubernetes:${waiting}`)["claims"]), place, waiting);
    const nodes = all.inputs("gpu-clusters:kubernetes:NodesReady");
    assert.deepEqual([nodes["nodeGroups"], nodes["controlPlaneNodes"]], [[{ name: "gpu", minSize: 2 }], 1]);
    assert.deepEqual(await valueOf(made.machines), [machine]);
    assert.equal(await valueOf(made.kubeconfig), kubeconfig);
    assert.equal((await valueOf(made.nodeGroups))[0]!.gpuResources["nvidia.com/gpu"], 8);
    for (const { inputs, name } of all.resources)
      assert.ok(!/MANAGEMENT-KUBECONFIG|ADMIN-KEY/.test(JSON.stringify(visible(inputs))), name);
  });

  it("refuses wrong arguments, all at once, before anything is made", async () => {
    const refused = (changes: Partial<BareMetalClusterArgs>) =>
      checkBareMetalCluster("search", argsOf(changes)).all.map(
        ({ propertyPath, reason }) => `${propertyPath} ${reason}`,
      );
    assert.deepEqual(refused({}), []);
    const found = refused({
      clusterName: "Search",
      endpoint: "https://10.0.0.5",
      kubernetesVersion: "1.37",
      image: { url: "https://images.example.com/a", checksum: "https://images.example.com/SUMS" },
      controlPlane: { count: 2, hostLabels: {} },
      nodeGroups: [{ name: "gpu", count: -1, hostLabels: { gpu: "h100" }, labels: { "k8s.io/a": "b" } }],
    });
    assert.deepEqual(
      found.map((line) => line.split(" ")[0]),
      [
        "clusterName",
        "endpoint",
        "kubernetesVersion",
        "image.checksumType",
        "controlPlane.count",
        "controlPlane.hostLabels",
        "nodeGroups[0].count",
        'nodeGroups[0].labels["k8s.io/a"]',
      ],
    );
    const group = { name: "gpu", count: 1, hostLabels: { gpu: "h100" } };
    assert.match(
      refused({ controlPlane: { hostLabels: { gpu: "h100" } }, nodeGroups: [group] })[0]!,
      /^nodeGroups\[0\]\.hostLabels are those of controlPlane/,
    );
    const placed = (own: Record<string, string>, hostLabels: Record<string, string>) =>
      refused({ controlPlane: { hostLabels: own }, nodeGroups: [{ ...group, hostLabels }] }).join();
    assert.match(placed({ room: "a" }, { room: "a", gpu: "h100" }), /have all of controlPlane\.hostLabels among them/);
    assert.match(placed({ room: "a", role: "control" }, { room: "a" }), /are all among controlPlane\.hostLabels/);
    assert.equal(placed({ room: "a", role: "control" }, { room: "a", gpu: "h100" }), "");
    const all = await mockProgram(outputs);
    assert.throws(() => new BareMetalCluster("search", argsOf({ kubernetesVersion: "1.37" })), /BareMetalCluster: /);
    await settled();
    assert.deepEqual(all.resources, []);
  });
});

describe("what BareMetalCluster and BareMetalHosts write, on a real API server", function () {
  this.timeout(240_000);

  it("is admitted as it is, and no field that nobody knows", async () => {
    const all = await mockProgram(outputs);
    const bmc = { address: "redfish://10.0.0.1", username: "a", password: "PASSWORD" };
    const hosts = [{ name: "gpu-01", bmc, bootMacAddress: "aa:bb:cc:dd:ee:01", labels: { gpu: "h100" } }];
    const inventory = new BareMetalHosts("metal3", { cluster: management(), hosts });
    const cluster = new BareMetalCluster("search", argsOf({ inventory }));
    await valueOf(cluster.status);
    await settled();
    const server = await controlPlane();
    try {
      const api = kubernetesApi(await server.kubeconfig("system:masters"));
      await until("the API server is ready", async () => (await api.text("/readyz").catch(() => "")) === "ok");
      const options = { fieldManager: "tests", force: true };
      for (const definition of clusterApiDefinitions as KubernetesObject[]) await api.apply(definition, options);
      await api.apply({ apiVersion: "v1", kind: "Namespace", metadata: { name: "metal3" } }, options);
      const objects = objectsOf(all);
      assert.equal(objects.length, 8);
      for (const object of objects) {
        const { apiVersion, kind } = object;
        await until(kind, () => api.list({ apiVersion, kind }).catch(() => undefined));
        const spec = { ...(object["spec"] as object), nonsense: 1 };
        await assert.rejects(api.apply({ ...object, spec }, options), /nonsense: field not declared in schema/);
        await api.apply(object, options);
      }
    } finally {
      await server.close();
    }
  });
});
