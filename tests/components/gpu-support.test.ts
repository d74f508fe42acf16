import assert from "node:assert/strict";
import * as pulumi from "@pulumi/pulumi";
import { checkGpuSharing } from "../../components/addons/gpu/checks";
import { gpuGroups, type GpuFields, type GpuMode } from "../../components/addons/gpu/groups";
import { gpuSupport } from "../../components/addons/gpu/install";
import { Problems } from "../../components/errors";
import { acceleratorName, gpuLabel, gpuLabels } from "../../components/gpu-labels";
import type { KubernetesObject } from "../../provider/kubernetes/api";
import { Admission } from "./admission";
import { mockProgram, settled, type Registered } from "./mocks";

const group: GpuFields = { name: "a100", gpus: 8, taints: [{ key: "team", value: "search", effect: "NoSchedule" }] };
const shared: GpuFields = { name: "t4", gpus: 1, gpuSharing: { timeSlicing: 4 } };
const partitioned: GpuFields = { name: "h100", gpus: 8, gpuSharing: { mig: "mixed" } };

async function installed(fields: GpuFields[], mode: GpuMode = "plugin"): Promise<{ registered: Registered }> {
  const registered = await mockProgram({});
  const place = {
    name: "train",
    kubernetesVersion: pulumi.output("1.36.3"),
    kubeconfig: pulumi.output(""),
    nodeGroups: [],
    own: {},
  };
  gpuSupport(fields, { mode })(place, {});
  await settled();
  return { registered };
}

/** What the provider would send: without what the mocks add. */
function objects(registered: Registered): KubernetesObject[] {
  return registered.resources
    .filter(({ type }) => type.startsWith("kubernetes:") && !type.startsWith("kubernetes:helm.sh/"))
    .map(({ inputs }) => inputs as KubernetesObject);
}

interface Workload extends KubernetesObject {
  spec: {
    template: {
      metadata: { annotations?: Record<string, string> };
      spec: {
        hostNetwork?: boolean;
        runtimeClassName?: string;
        affinity?: { nodeAffinity: object };
        tolerations: { key: string; operator: string; value?: string; effect?: string }[];
      };
    };
  };
}

function workload(registered: Registered, name: string): Workload {
  return objects(registered).find(({ metadata }) => metadata.name === name) as Workload;
}

describe("GPU support", () => {
  it("is nothing at all without GPUs", async () => {
    const { registered } = await installed([{ name: "cpu", gpus: 0 }]);
    assert.deepEqual(registered.resources, []);
  });

  it("has a device plugin for each way to share GPUs, on the groups that want it", async () => {
    const { registered } = await installed([group, { ...group, name: "a40", taints: [] }, shared, partitioned]);
    const plugins = objects(registered).filter(
      ({ metadata }) => metadata.labels?.["app"] === "nvidia-device-plugin-daemonset",
    );
    const found = plugins.map((plugin) => {
      const { metadata, spec } = (plugin as Workload).spec.template;
      const configuration = JSON.parse(metadata.annotations!["gpu-clusters/device-plugin"]!) as {
        flags: { migStrategy: string; plugin: { deviceListStrategy: string[] } };
        sharing?: { timeSlicing: { resources: object[] } };
      };
      // Never by an environment variable that a pod may set itself.
      assert.deepEqual(configuration.flags.plugin.deviceListStrategy, ["cdi-cri"]);
      const where = JSON.stringify(spec.affinity).match(/"values":(\[.*?\])/)![1]!;
      const { sharing, flags } = configuration;
      return [plugin.metadata.name, JSON.parse(where), flags.migStrategy, sharing?.timeSlicing.resources];
    });
    const byName = found.sort(([a], [b]) => String(a).localeCompare(String(b)));
    assert.deepEqual(byName, [
      ["nvidia-device-plugin", ["a100", "a40"], "none", undefined],
      ["nvidia-device-plugin-mig-mixed", ["h100"], "mixed", undefined],
      ["nvidia-device-plugin-time-slicing-4", ["t4"], "none", [{ name: "nvidia.com/gpu", replicas: 4 }]],
    ]);
  });

  it("labels nodes with what is known of GPUs, and with nothing that workloads are kept apart by", async () => {
    const { registered } = await installed([group]);
    const { spec } = registered.inputs("kubernetes:apps/v1:Deployment") as unknown as Workload;
    const [{ args }] = (spec.template.spec as unknown as { containers: [{ args: string[] }] }).containers;
    assert.deepEqual(args.slice(1), ["-deny-label-ns=*", "-extra-label-ns=nvidia.com"]);
  });

  /** The exporter's pod, and what its variables say. */
  const exporter = async (fields: GpuFields[], mode?: GpuMode) => {
    const { registered } = await installed(fields, mode);
    const { spec } = (objects(registered) as Workload[]).find(
      ({ kind, metadata }) => kind === "DaemonSet" && metadata.name === "nvidia-dcgm-exporter",
    )!.spec.template;
    const pod = spec as unknown as {
      automountServiceAccountToken: boolean;
      serviceAccountName?: string;
      containers: [{ env: { name: string; value?: string; valueFrom?: { fieldRef: { fieldPath: string } } }[] }];
    };
    const env = pod.containers[0].env.map(({ name, value, valueFrom }) => [
      name,
      value ?? valueFrom!.fieldRef.fieldPath,
    ]);
    return { registered, pod, env: Object.fromEntries(env) as Record<string, string> };
  };

  it("tells metrics of each pod that takes turns, and not of one at a time", async () => {
    assert.equal((await exporter([group, shared])).env["KUBERNETES_VIRTUAL_GPUS"], "true");
    assert.equal((await exporter([group])).env["KUBERNETES_VIRTUAL_GPUS"], undefined);
  });

  it("tells metrics by the node's name, and asks the API for nothing", async () => {
    const { env, pod } = await exporter([group]);
    assert.equal(env["NODE_NAME"], "spec.nodeName");
    assert.deepEqual([env["KUBERNETES_ENABLE_DRA"], pod.automountServiceAccountToken], [undefined, false]);
  });

  it("with DRA tells metrics of the pods whose claims have the GPUs, by reading ResourceSlices and nothing else", async () => {
    const { env, pod, registered } = await exporter([group], "dra");
    assert.equal(env["KUBERNETES_ENABLE_DRA"], "true");
    assert.deepEqual([pod.automountServiceAccountToken, pod.serviceAccountName], [true, "nvidia-dcgm-exporter"]);
    const named = (kind: string) =>
      objects(registered).find((object) => object.kind === kind && object.metadata.name?.includes("dcgm-exporter")) as
        (KubernetesObject & { rules?: object[]; subjects?: object[] }) | undefined;
    assert.deepEqual(named("ClusterRole")!.rules, [
      { apiGroups: ["resource.k8s.io"], resources: ["resourceslices"], verbs: ["get", "list", "watch"] },
    ]);
    const account = { kind: "ServiceAccount", name: "nvidia-dcgm-exporter", namespace: "kube-system" };
    assert.deepEqual(named("ClusterRoleBinding")!.subjects, [account]);
    assert.ok(named("ServiceAccount"));
  });

  it("tolerates the groups' own taints and no others, and comes before network and cloud do", async () => {
    const { registered } = await installed([group]);
    const { tolerations, hostNetwork, runtimeClassName } = workload(registered, "nvidia-device-plugin").spec.template
      .spec;
    assert.deepEqual(tolerations, [
      { key: "node.kubernetes.io/not-ready", operator: "Exists" },
      { key: "node.cloudprovider.kubernetes.io/uninitialized", operator: "Exists" },
      { key: "nvidia.com/gpu", operator: "Exists" },
      { key: "team", operator: "Equal", value: "search", effect: "NoSchedule" },
    ]);
    assert.deepEqual([hostNetwork, runtimeClassName], [true, "nvidia"]);
  });

  describe("on a real API server", function () {
    this.timeout(300_000);
    const server = new Admission();

    it("is admitted, object by object, with strict validation", async () => {
      const lives = [
        await installed([group, shared, partitioned]),
        await installed([group], "dra"),
        await installed([{ ...group, gpuDriver: "operator" }]),
        await installed([{ ...group, gpuVendor: "amd" }]),
      ];
      const all = lives.flatMap(({ registered }) => objects(registered));
      for (const name of ["nvidia-device-plugin", "gpu-feature-discovery", "gpu-operator", "kube-amd-gpu"])
        assert.ok(
          all.some(({ metadata }) => metadata.name === name),
          name,
        );
      await server.admits(all);
    });
  });
});

describe("sharing GPUs", () => {
  const problemsOf = (fields: GpuFields) => {
    const problems = new Problems();
    checkGpuSharing("nodeGroups[0].gpuSharing", fields, problems);
    return problems.all.map(({ propertyPath, reason }) => `${propertyPath} ${reason}`);
  };

  it("is one way or the other, for groups with GPUs", () => {
    assert.deepEqual(problemsOf(group), []);
    assert.deepEqual(problemsOf(shared), []);
    for (const gpuSharing of [shared.gpuSharing!, {}, { timeSlicing: 1 }])
      assert.deepEqual(problemsOf({ ...shared, gpus: 0, gpuSharing }), [
        "nodeGroups[0].gpuSharing is for groups with GPUs, and this one has none",
      ]);
    assert.deepEqual(problemsOf({ ...shared, gpuSharing: {} }), [
      "nodeGroups[0].gpuSharing must have timeSlicing or mig",
    ]);
    assert.deepEqual(problemsOf({ ...shared, gpuSharing: { timeSlicing: 2, mig: "single" } }), [
      "nodeGroups[0].gpuSharing has timeSlicing and mig: only one of them shares a group's GPUs",
    ]);
    for (const timeSlicing of [1, 49, 2.5])
      assert.match(problemsOf({ ...shared, gpuSharing: { timeSlicing } }).join(), /timeSlicing must be a whole number/);
  });

  it("takes groups whose GPUs are known only later for such that have some", () => {
    const later = { name: "later", gpus: pulumi.output(1) };
    assert.deepEqual(
      gpuGroups([{ name: "none", gpus: 0 }, later]).map(({ name }) => name),
      ["later"],
    );
  });
});

describe("GPU labels", () => {
  it("name a model as SkyPilot does", () => {
    const names = {
      V100: "v100",
      "H100 SXM": "h100",
      "H100 NVL": "h100",
      "A100 80GB PCIe": "a100-80gb",
      "L40S (compute mode)": "l40s",
      "RTX A6000": "rtxa6000",
      "NVIDIA H200": "h200",
    };
    for (const [model, name] of Object.entries(names)) assert.equal(acceleratorName(model), name);
  });

  it("are those that are known, and none without GPUs", () => {
    assert.deepEqual(gpuLabels({ gpus: 0, gpuModel: "V100" }), {});
    assert.deepEqual(gpuLabels({ gpus: 1 }), { "nvidia.com/gpu.present": "true" });
    const counted = { gpus: 1, gpuModel: "H100 SXM", countedGpus: true };
    assert.equal(gpuLabels(counted)[gpuLabel], "h100");
    assert.equal(gpuLabels({ gpus: 2, gpuVendor: "amd", countedGpus: true })[gpuLabel], "amd");
    assert.equal(gpuLabels({ ...counted, gpus: 0 })[gpuLabel], undefined);
  });
});
