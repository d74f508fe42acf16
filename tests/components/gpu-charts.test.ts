/** GPU support by charts. They cannot be had here: what is held is what they are given, by the names that their values have. */
import assert from "node:assert/strict";
import { isDeepStrictEqual } from "node:util";
import * as pulumi from "@pulumi/pulumi";
import { checkDraVersion, checkGpus, type GpuSettings } from "../../components/addons/gpu/checks";
import {
  advertisedGpus,
  gpuGroups,
  gpuResources,
  offeredGpus,
  toldChoices,
  withOperatorLabels,
  type GpuFields,
  type GpuMode,
} from "../../components/addons/gpu/groups";
import { gpuSupport, type GpuSupportOptions } from "../../components/addons/gpu/install";
import { gpuNeeds } from "../../components/addons/gpu/needs";
import { InvalidInput, Problems } from "../../components/errors";
import { ExistingCluster } from "../../components/existing/cluster";
import { mockProgram, settled, valueOf, type Registered } from "./mocks";

const group: GpuFields = { name: "a100", gpus: 8, taints: [{ key: "team", value: "search", effect: "NoSchedule" }] };
const bare: GpuFields = { ...group, name: "bare", taints: [], gpuDriver: "operator" };
const partitioned: GpuFields = { ...group, name: "parts", gpuSharing: { mig: "single", partitions: { "1g.10gb": 7 } } };
const team = { key: "team", operator: "Equal", value: "search", effect: "NoSchedule" };

async function installed(fields: GpuFields[], options: GpuSupportOptions = { mode: "plugin" }): Promise<Registered> {
  const registered = await mockProgram({});
  gpuSupport(fields, options)(
    {
      name: "train",
      kubernetesVersion: pulumi.output("1.36.3"),
      kubeconfig: pulumi.output(""),
      nodeGroups: [],
      own: {},
    },
    {},
  );
  await settled();
  return registered;
}

interface Chart {
  name: string;
  chart: string;
  version: string;
  namespace: string;
  skipAwait: boolean;
  values: Record<string, Record<string, unknown>>;
}

function charts(registered: Registered): Chart[] {
  const all = registered.all("kubernetes:helm.sh/v3:Release").map(({ inputs }) => inputs as Chart);
  return all.sort(({ name: one }, { name: other }) => one.localeCompare(other));
}

describe("GPU support by charts", () => {
  it("is NVIDIA's operator alone where a group has no driver, with the groups' taints, and awaits no pods", async () => {
    const registered = await installed([group, bare]);
    const [operator, ...others] = charts(registered);
    assert.deepEqual(others, []);
    const { chart, version, namespace, skipAwait, values } = operator!;
    assert.deepEqual([chart, version, namespace, skipAwait], ["gpu-operator", "v26.7.0", "gpu-operator", true]);
    assert.deepEqual(values["driver"], { enabled: true });
    for (const tolerations of [values["daemonsets"]!["tolerations"], values["operator"]!["tolerations"]])
      assert.ok((tolerations as object[]).some((each) => isDeepStrictEqual(each, team)));
    assert.deepEqual(values["toolkit"], { env: [{ name: "RUNTIME_CONFIG_SOURCE", value: "file" }] });
    assert.deepEqual(registered.types(), [
      "gpu-clusters:kubernetes:ReleaseUnlocked",
      "kubernetes:core/v1:Namespace",
      "kubernetes:helm.sh/v3:Release",
    ]);
  });

  it("keeps the operator's driver and toolkit away from nodes whose image has them, and from no others", async () => {
    const all = [group, bare, { name: "cpu", gpus: 0 }];
    const marks = async (fields: GpuFields, among = all) => {
      const { labels } = withOperatorLabels<{ labels?: pulumi.Input<Record<string, pulumi.Input<string>>> }>(
        { labels: { tier: "a" } },
        fields,
        among,
      );
      return valueOf(pulumi.output(labels ?? {}));
    };
    assert.deepEqual(await marks(group), {
      "nvidia.com/gpu.deploy.driver": "false",
      "nvidia.com/gpu.deploy.container-toolkit": "false",
      tier: "a",
    });
    assert.deepEqual(await marks(bare), { tier: "a" });
    assert.deepEqual(await marks(all[2]!), { tier: "a" });
    assert.deepEqual(await marks(group, [group]), { tier: "a" }, "without the operator");
  });

  it("tells metrics of each pod that takes turns, and not of one at a time", async () => {
    const metricsOf = async (fields: GpuFields) => charts(await installed([bare, fields]))[0]!.values["dcgmExporter"];
    assert.deepEqual(await metricsOf({ ...group, gpuSharing: { timeSlicing: 4 } }), {
      env: [{ name: "KUBERNETES_VIRTUAL_GPUS", value: "true" }],
    });
    assert.equal(await metricsOf(group), undefined);
  });

  it("partitions the GPUs of the groups that ask for it, and knows how many there will be", async () => {
    const [operator] = charts(await installed([group, partitioned]));
    const { config, env } = operator!.values["migManager"] as { config: { data: Record<string, string> }; env: object };
    // In a VM an A100 cannot be reset, and only a restart makes its parts.
    assert.deepEqual(env, [{ name: "WITH_REBOOT", value: "true" }]);
    assert.deepEqual(JSON.parse(config.data["config.yaml"]!), {
      version: "v1",
      "mig-configs": {
        "all-disabled": [{ devices: "all", "mig-enabled": false }],
        parts: [{ devices: "all", "mig-enabled": true, "mig-devices": { "1g.10gb": 7 } }],
      },
    });
    assert.deepEqual(
      [operator!.values["mig"], operator!.values["driver"]],
      [{ strategy: "single" }, { enabled: false }],
    );
    const { labels } = withOperatorLabels<{ labels?: pulumi.Input<Record<string, pulumi.Input<string>>> }>(
      {},
      partitioned,
      [partitioned],
    );
    assert.equal((await valueOf(pulumi.output(labels!)))["nvidia.com/mig.config"], "parts");
    assert.equal(await valueOf(advertisedGpus(partitioned)), 56);
  });

  it("lets the operator's device plugin share GPUs in the groups that want it, and in no others", async () => {
    const [operator] = charts(await installed([bare, { ...group, gpuSharing: { timeSlicing: 4 } }]));
    const { config } = operator!.values["devicePlugin"] as {
      config: { default: string; data: Record<string, string> };
    };
    assert.deepEqual(Object.keys(config.data).sort(), ["a100", config.default]);
    assert.match(config.data["a100"]!, /"replicas":4/);
    assert.doesNotMatch(config.data[config.default]!, /replicas/);
  });

  it("with DRA has no device plugin, ours or the operator's, and finds the driver where it is", async () => {
    const ours = await installed([group], { mode: "dra" });
    const names = ours.resources.map(({ inputs }) => (inputs as { metadata?: { name: string } }).metadata?.name);
    assert.ok(names.includes("gpu-feature-discovery") && !names.includes("nvidia-device-plugin"), String(names));
    assert.deepEqual(
      charts(ours).map(({ name, version, values }) => [name, version, values["nvidiaDriverRoot"]]),
      [["dra-driver-nvidia-gpu", "0.4.1", "/"]],
    );
    const [dra, operator] = charts(await installed([bare], { mode: "dra" }));
    assert.deepEqual(operator!.values["devicePlugin"], { enabled: false });
    assert.equal(dra!.values["nvidiaDriverRoot"], "/run/nvidia/driver");
    for (const { values } of [...charts(ours), dra!])
      // They want a newer driver than claims do, and their part of the daemon would start again and again where it is older.
      assert.deepEqual(values["resources"], { computeDomains: { enabled: false } });
  });

  it("with DRA lets the operator's metrics tell the pods whose claims have the GPUs", async () => {
    const registered = await installed([bare], { mode: "dra" });
    const [, operator] = charts(registered);
    assert.deepEqual(operator!.values["dcgmExporter"], {
      env: [{ name: "KUBERNETES_ENABLE_DRA", value: "true" }],
      enablePodUID: true,
    });
    const [role] = registered.all("kubernetes:rbac.authorization.k8s.io/v1:ClusterRole");
    assert.deepEqual((role!.inputs as { rules: object[] }).rules, [
      { apiGroups: ["resource.k8s.io"], resources: ["resourceslices"], verbs: ["get", "list", "watch"] },
    ]);
    const [binding] = registered.all("kubernetes:rbac.authorization.k8s.io/v1:ClusterRoleBinding");
    assert.deepEqual((binding!.inputs as { subjects: object[] }).subjects, [
      { kind: "ServiceAccount", name: "nvidia-dcgm-exporter", namespace: "gpu-operator" },
    ]);
  });

  it("is AMD's operator for AMD's GPUs, without what builds drivers", async () => {
    const registered = await installed([{ ...group, gpuVendor: "amd" }]);
    const [{ chart, values }] = charts(registered) as [Chart];
    assert.equal(chart, "gpu-operator-charts");
    assert.deepEqual(values["kmm"], { enabled: false, watch: false });
    const { master, gc } = values["node-feature-discovery"] as Record<string, { tolerations: object[] }>;
    assert.deepEqual(gc!.tolerations, master!.tolerations, "its collector runs where all workers are tainted, too");
    const { spec } = values["deviceConfig"] as { spec: { driver: object; devicePlugin: Record<string, object[]> } };
    assert.deepEqual(spec.driver, { enable: false });
    assert.ok(spec.devicePlugin["devicePluginTolerations"]!.some((each) => isDeepStrictEqual(each, team)));
    const images = JSON.stringify(spec).match(/"[^"]*docker\.io\/[^"]+"/g) ?? [];
    assert.equal(images.length, 3, "device plugin, labeller and metrics");
    for (const image of images)
      assert.match(image, /:(labeller-)?v?\d+\.\d+\.\d+(\.\d+)?"$/, "no image that is another one tomorrow");
  });

  it("tells an autoscaler nothing that pods cannot ask for by a number", async () => {
    const offered = async (fields: GpuFields, mode: GpuMode = "plugin") => {
      const { name, count } = offeredGpus(fields, mode);
      return [name, await valueOf(count)];
    };
    const mixed = (partitions: Record<string, number>): GpuFields => ({
      ...group,
      gpuSharing: { mig: "mixed", partitions },
    });
    assert.deepEqual(await offered(group), [undefined, 8]);
    assert.deepEqual(await offered(group, "dra"), [undefined, 0]);
    assert.deepEqual(await offered({ ...group, gpuVendor: "amd" }), ["amd.com/gpu", 8]);
    assert.deepEqual(await offered(partitioned), [undefined, 56]);
    assert.deepEqual(await offered(mixed({ "3g.40gb": 2 })), ["nvidia.com/mig-3g.40gb", 16]);
    assert.deepEqual(await offered(mixed({ "1g.10gb+me": 1 })), ["nvidia.com/mig-1g.10gb.me", 8]);
    assert.deepEqual(await offered(mixed({ "3g.40gb": 1, "1g.10gb": 4 })), [undefined, 0]);
    const asked = (fields: GpuFields, mode: GpuMode = "plugin") => valueOf(gpuResources(fields, mode));
    assert.deepEqual(await asked({ ...group, gpuSharing: { timeSlicing: 4 } }), { "nvidia.com/gpu": 32 });
    assert.deepEqual(await asked({ ...group, gpuVendor: "amd" }), { "amd.com/gpu": 8 });
    assert.deepEqual([await asked(group, "dra"), await asked({ ...group, gpus: 0 })], [{}, {}]);
  });

  it("says at the preview what it is going to need, and nothing of what our manifests do", () => {
    const needs = (fields: GpuFields[], mode: GpuMode = "plugin", operator = false) =>
      gpuNeeds(gpuGroups(fields), { mode, operator }).join("\n");
    assert.equal(needs([group]), "");
    assert.match(needs([bare, group], "plugin", true), /operator v26\.7\.0 brings the driver to bare, minutes after/);
    assert.match(needs([partitioned], "plugin", true), /partitions the GPUs of parts/);
    assert.match(needs([group], "dra"), /DRA driver 0\.4\.1.*driver of 565 or newer/);
    assert.match(
      needs([{ ...group, gpuVendor: "amd" }]),
      /AMD's GPU operator v1\.5\.1.*amdgpu.*deletes the definitions of Node Feature Discovery/,
    );
  });
});

describe("another way to hand out GPUs", () => {
  it("is told in words that are the same where it is", () => {
    const mixed: GpuFields = {
      ...group,
      name: "mixed",
      gpuSharing: { mig: "mixed", partitions: { "3g.40gb": 1, "1g.10gb": 4 } },
    };
    const told = toldChoices([group, { ...bare, gpuSharing: { timeSlicing: 4 } }, mixed, { name: "cpu", gpus: 0 }], {});
    assert.deepEqual(
      Object.entries(told).map(([name, { value }]) => [name, value]),
      [
        ["gpuMode", "plugin"],
        ['gpuSharing of nodeGroups "a100"', "whole GPUs"],
        ['gpuSharing of nodeGroups "bare"', "timeSlicing 4"],
        ['gpuSharing of nodeGroups "mixed"', 'mig "mixed", 1 × 3g.40gb, 4 × 1g.10gb'],
      ],
    );
    assert.match(String(told["gpuMode"]!.meaning), /^pods that run keep the GPUs that they have/);
    assert.deepEqual(toldChoices([group], { gpu: false, gpuMode: "dra" }), {});
    assert.deepEqual(toldChoices([{ name: "cpu", gpus: 0 }], {}), {});
  });
});

describe("what is asked of GPUs together", () => {
  type Group = Parameters<typeof checkGpus>[0][number];
  const found = (groups: Group[], cluster: GpuSettings, problems = new Problems()) => {
    checkGpus(groups, cluster, problems);
    return problems.all.map(({ propertyPath, reason }) => `${propertyPath} ${reason}`);
  };
  const problemsOf = (groups: Group[], gpuMode?: GpuMode) => found(groups, gpuMode === undefined ? {} : { gpuMode });
  const amd = { ...group, name: "mi300", gpuVendor: "amd" as const, image: "ubuntu-with-amdgpu" };

  it("is nothing that one cluster cannot have", () => {
    assert.deepEqual(problemsOf([group, bare, partitioned, { name: "cpu", gpus: 0 }]), []);
    assert.deepEqual(problemsOf([amd]), []);
    assert.deepEqual(problemsOf([group], "dra"), []);
    const refused = (groups: Group[], mode?: GpuMode) => problemsOf(groups, mode).map((words) => words.split(" ")[0]);
    assert.deepEqual(refused([group, amd]), ["nodeGroups[1].gpuVendor"]);
    assert.deepEqual(refused([{ ...amd, image: undefined } as unknown as GpuFields]), ["nodeGroups[0].image"]);
    assert.deepEqual(refused([{ ...amd, gpuDriver: "operator" }]), ["nodeGroups[0].gpuDriver"]);
    assert.deepEqual(refused([amd], "dra"), ["gpuMode"]);
    assert.deepEqual(refused([group, bare], "dra"), ["nodeGroups[1].gpuDriver"]);
    assert.deepEqual(refused([partitioned], "dra"), ["nodeGroups[0].gpuSharing"]);
    const mixed: GpuFields = { ...group, gpuSharing: { mig: "mixed" } };
    assert.deepEqual(refused([partitioned, mixed]), ["nodeGroups[1].gpuSharing.mig"]);
    assert.deepEqual(problemsOf([{ ...partitioned, gpuSharing: { mig: "single" } }, mixed]), []);
  });

  it("is nothing that nobody would do", () => {
    const cpu = { name: "cpu", gpus: 0 };
    const paths = (groups: Group[], cluster: GpuSettings) => found(groups, cluster).map((words) => words.split(" ")[0]);
    const wishes = [partitioned, bare, { ...group, gpuSharing: { timeSlicing: 1 } }];
    assert.deepEqual(paths(wishes, { gpu: false, gpuMode: "dra" }), [
      "gpuMode",
      "nodeGroups[0].gpuSharing",
      "nodeGroups[1].gpuDriver",
      "nodeGroups[2].gpuSharing",
    ]);
    assert.match(found([bare], { gpu: false }).join(), /must be left out with gpu: false/);
    assert.deepEqual(paths([group, amd], { gpu: false }), [], "who looks after the GPUs may know both makers'");
    assert.deepEqual(found([{ ...cpu, gpuDriver: "operator" }, group], {}), [
      "nodeGroups[0].gpuDriver is for groups with GPUs, and this one has none",
    ]);
    assert.deepEqual(found([cpu], { gpuMode: "dra" }), ["gpuMode is for clusters with GPUs, and no group has some"]);
    assert.deepEqual(paths([{ ...group, gpus: pulumi.output(0) }], { gpuMode: "dra" }), []);
  });

  it("is DRA on a Kubernetes that NVIDIA's driver for it runs on", () => {
    const dra = (kubernetesVersion?: string, devMode = false) =>
      found([group], { gpuMode: "dra", devMode, ...(kubernetesVersion !== undefined && { kubernetesVersion }) });
    for (const old of ["1.34.0", "1.34.1", "v1.34.1"])
      assert.deepEqual(dra(old), [`gpuMode "dra" needs Kubernetes 1.34.2 or newer, and kubernetesVersion is "${old}"`]);
    assert.match(dra("1.34.0-rc.1", true).join(), /needs Kubernetes 1\.34\.2/);
    for (const version of [undefined, "1.34", "1.34.2", "1.35.0", "1.37", "nonsense"])
      assert.deepEqual(dra(version), []);
    assert.deepEqual(found([group], { kubernetesVersion: "1.34.0" }), []);
  });

  it("is no label of nodes that the cluster itself gives", () => {
    const marked = (key: string, cluster: GpuSettings = {}) => found([{ ...group, labels: { [key]: "x" } }], cluster);
    for (const name of ["mig.config", "device-plugin.config", "gpu.present", "gpu.deploy.driver"])
      assert.match(
        marked(`nvidia.com/${name}`).join(),
        /^nodeGroups\[0\]\.labels\["nvidia\.com\/[a-z.-]+"\] is the cluster's own, /,
      );
    for (const key of ["nvidia.com/gpu.product", "nvidia.com/gpu.deploy.dcgm-exporter", "team"])
      assert.deepEqual(marked(key), [], key);
    assert.deepEqual(marked("nvidia.com/mig.config", { gpu: false }), []);
  });

  it("says once what was meant by a way to share that is none", () => {
    for (const gpuSharing of [{}, { partitions: { "1g.5gb": 7 } }]) {
      const problems = new Problems();
      problems.settle("nodeGroups[0].gpuSharing.mig");
      assert.deepEqual(found([{ ...group, gpuSharing }], {}, problems), []);
    }
  });

  it("is no partitions that no GPU can have", () => {
    const refused = (partitions: Record<string, number>, mig: "single" | "mixed" = "single") =>
      problemsOf([{ ...group, gpuSharing: { mig, partitions } }]);
    assert.deepEqual(refused({ "3g.40gb": 1, "1g.10gb": 4 }, "mixed"), []);
    assert.match(refused({ "3g.40gb": 1, "1g.10gb": 4 }).join(), /must have one size with mig "single"/);
    assert.match(refused({ half: 1 }).join(), /\["half"\] is not the size of a partition/);
    for (const size of ["5g.40gb", "6g.60gb", "1g.0gb", "1G.10gb", "1g.10gb+you"])
      assert.match(refused({ [size]: 1 }).join(), /is not the size of a partition/, size);
    assert.deepEqual(refused({ "1g.10gb+me": 1, "1g.10gb": 6 }, "mixed"), []);
    assert.match(
      refused({ "1g.10gb+me": 2 }).join(),
      /partitions has 2 with media extensions \(\+me\), which a GPU has once/,
    );
    assert.match(refused({ "1g.6gb+me": 1, "2g.12gb+me": 1 }, "mixed").join(), /has 2 with media extensions/);
    assert.match(refused({ "1g.10gb": 0.5 }).join(), /must be a whole number from 1 to 7, is 0.5/);
    assert.match(refused({ "4g.40gb": 2 }).join(), /has 8 slices of computing, and a GPU has 7/);
    assert.match(refused({}).join(), /must have a size/);
  });
});

describe("ExistingCluster with GPUs", () => {
  const user = { name: "me", user: { token: "t" } };
  const kubeconfig = JSON.stringify({
    clusters: [{ name: "c", cluster: { server: "https://192.0.2.7:6443" } }],
    users: [user],
    contexts: [{ name: "c", context: { cluster: "c", user: "me" } }],
    "current-context": "c",
  });

  it("gets the operator, container runtimes too, and waits for the GPUs that were asked for", async () => {
    const registered = await mockProgram({ "gpu-clusters:kubernetes:NodesReady": () => ({ status: "ready" }) });
    const cluster = new ExistingCluster("shared", { kubeconfig, gpu: { taints: group.taints!, count: 16 } });
    assert.equal(await valueOf(cluster.status), "ready");
    await settled();
    const [operator] = charts(registered);
    assert.deepEqual(operator!.values["driver"], { enabled: false });
    const { workerGpus, controlPlaneNodes } = registered.inputs("gpu-clusters:kubernetes:NodesReady");
    assert.deepEqual([workerGpus, controlPlaneNodes], [16, 0]);
    assert.ok(registered.dependenciesOf("shared-nodes").includes("shared-gpu-operator"));
  });

  it("installs DRA where the Kubernetes that runs is new enough for it", async () => {
    const ready = { version: "1.34.2", identity: "c" };
    const registered = await mockProgram({ "gpu-clusters:kubernetes:ApiServerReady": () => ready });
    new ExistingCluster("shared", { kubeconfig, gpu: { mode: "dra" } });
    await settled();
    assert.deepEqual(
      charts(registered).map(({ name }) => name),
      ["dra-driver-nvidia-gpu", "gpu-operator"],
    );
    const problems = new Problems();
    for (const version of ["1.34.1", "1.34.2", "1.35.0"]) checkDraVersion("gpu.mode", version, problems);
    assert.deepEqual(problems.all, [
      {
        propertyPath: "gpu.mode",
        reason: '"dra" needs Kubernetes 1.34.2 or newer, and the cluster runs 1.34.1',
      },
    ]);
  });

  it("refuses by the field what cannot be, before anything is registered", async () => {
    const registered = await mockProgram({});
    assert.throws(
      () =>
        new ExistingCluster("shared", {
          kubeconfig,
          gpu: { vendor: "amd", driver: "operator", mode: "dra", count: -1 },
        }),
      (error: unknown) =>
        error instanceof InvalidInput &&
        ["gpu.count", "gpu.driver", "gpu.mode"].every((path) => error.errors.some((one) => one.propertyPath === path)),
    );
    await settled();
    assert.deepEqual(registered.names(), []);
  });
});
