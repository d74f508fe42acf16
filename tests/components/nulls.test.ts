import assert from "node:assert/strict";
import * as pulumi from "@pulumi/pulumi";
import { AwsCluster } from "../../components/aws/cluster";
import { CudoCluster } from "../../components/cudo/cluster";
import { MithrilCluster } from "../../components/mithril/cluster";
import { clusterArgs } from "../../components/vantage/mapping";
import { services } from "../../stack/services";
import { KubeRay } from "../../components/addons/kuberay";
import { BareMetalCluster } from "../../components/metal3/bare-metal-cluster";
import { BareMetalHosts } from "../../components/metal3/bare-metal-hosts";
import { InferenceCluster } from "../../components/modelplane/inference-cluster";
import { TenantCluster } from "../../components/vmetal/tenant-cluster";
import { committedSchema, componentsSchema } from "../../sdk/schema/committed";
import { namedType, isEnum, type ObjectSpec, type PackageSchema } from "../../sdk/schema/package-schema";
import { functions } from "./aws-scene";
import { clusterInHand } from "./cluster-in-hand";
import { mockProgram, plain, settled } from "./mocks";
import { sshPrivateKey } from "./private-key";

const bounds = { name: "gpu", role: "worker", minSize: 0, maxSize: 2 };
const cudoShape = { vcpus: 4, memoryGib: 8, diskSizeGib: 50, dataCenterId: "d", machineType: "m" };
const clusters = {
  AwsCluster: {
    made: (args: object) => new AwsCluster("train", args as never),
    type: AwsCluster.__pulumiType,
    args: {
      keyPair: "ops",
      cni: "none",
      network: {},
      controlPlane: {},
      sharedStorage: {},
      nodeGroups: [{ ...bounds, instanceTypes: ["g5.xlarge"], taints: [{ key: "gpu", effect: "NoSchedule" }] }],
    },
  },
  CudoCluster: {
    made: (args: object) => new CudoCluster("train", args as never),
    type: CudoCluster.__pulumiType,
    args: {
      cni: "none",
      noVault: true,
      controlPlane: {},
      sharedStorage: { sizeGib: 10 },
      nodeGroups: [{ ...bounds, ...cudoShape }],
    },
  },
  MithrilCluster: {
    made: (args: object) => new MithrilCluster("train", args as never),
    type: MithrilCluster.__pulumiType,
    args: {
      region: "us-central1-b",
      sshKeyId: "sshkey_1",
      controlPlane: { instanceType: "cpu" },
      sshPrivateKey,
      fileShares: [{ name: "data", sizeGb: 10 }],
      nodeGroups: [
        { name: "gpu", minSize: 0, maxSize: 2, instanceType: "h100", capacity: { spot: { limitPrice: "$1.00" } } },
      ],
    },
  },
};

const checksum = "ab".repeat(32);
const image = { url: "https://images.example.com/ubuntu.qcow2", checksum };
const host = {
  name: "gpu-01",
  bootMacAddress: "aa:bb:cc:dd:ee:01",
  rootDeviceHints: {},
  bmc: { address: "redfish://10.0.0.1/x", username: "u", password: "p" },
};
/** By the clusters that they are in. */
const ofPrograms = {
  TenantCluster: {
    made: (args: object) => new TenantCluster("train", args as never),
    type: TenantCluster.__pulumiType,
    args: {
      platform: { host: "vcluster.example.com", accessKey: "KEY", project: "default" },
      vpn: {},
      autoNodes: [
        { provider: "metal3", static: [{ name: "gpu", quantity: 1, taints: [{ key: "gpu", effect: "NoSchedule" }] }] },
      ],
    },
    handles: ["hostCluster"],
  },
  BareMetalHosts: {
    made: (args: object) => new BareMetalHosts("train", args as never),
    type: BareMetalHosts.__pulumiType,
    args: { hosts: [host] },
    handles: ["cluster"],
  },
  BareMetalCluster: {
    made: (args: object) => new BareMetalCluster("train", args as never),
    type: BareMetalCluster.__pulumiType,
    args: {
      endpoint: "10.0.0.5:6443",
      kubernetesVersion: "1.37.2",
      image,
      cni: "none",
      controlPlane: { hostLabels: { role: "control" } },
      nodeGroups: [{ name: "gpu", count: 1, hostLabels: { gpu: "h100" } }],
    },
    handles: ["inventory"],
  },
  InferenceCluster: {
    made: (args: object) => new InferenceCluster("train", args as never),
    type: InferenceCluster.__pulumiType,
    args: {
      eks: { region: "us-west-2" },
      nodePools: [{ name: "gpu", class: "l4", zones: ["us-west-2a"], fabric: { type: "EFA" } }],
    },
    handles: ["controlPlane"],
  },
  KubeRay: {
    made: (args: object) => new KubeRay("train", args as never),
    type: KubeRay.__pulumiType,
    args: {},
    handles: ["cluster"],
  },
};

/** What is optional and not given is null, at every depth. */
function withNulls(schema: PackageSchema, spec: ObjectSpec, given: Record<string, unknown>): Record<string, unknown> {
  const inner = (type: NonNullable<ObjectSpec["properties"]>[string], value: unknown): unknown => {
    if (Array.isArray(value)) return value.map((element) => inner(type.items ?? {}, element));
    const named = namedType(schema, type);
    return named && !isEnum(named) ? withNulls(schema, named as ObjectSpec, value as Record<string, unknown>) : value;
  };
  const entries = Object.entries(spec.properties ?? {}).map(([key, type]) => [
    key,
    given[key] === undefined ? null : inner(type, given[key]),
  ]);
  return Object.fromEntries(entries) as Record<string, unknown>;
}

describe("inputs without a value, as YAML has them where nothing follows a key", () => {
  for (const [name, { made, type, args }] of Object.entries(clusters))
    it(`are as if they were left out of ${name}`, async () => {
      const resources = async (given: object) => {
        const registered = await mockProgram({}, true, functions);
        made(given);
        await settled();
        return registered.resources
          .filter((resource) => resource.type !== type)
          .map(({ name, inputs }) => [name, plain(inputs)]);
      };
      const { inputProperties } = committedSchema().resources![type]!;
      const nothing = withNulls(committedSchema(), { properties: inputProperties } as ObjectSpec, args);
      assert.ok(JSON.stringify(nothing).split("null").length > 10);
      assert.deepEqual(await resources(nothing), await resources(args));
    });

  for (const [name, { made, type, args, handles }] of Object.entries(ofPrograms))
    it(`are as if they were left out of ${name}`, async () => {
      const resources = async (given: object) => {
        const registered = await mockProgram({}, true);
        const cluster = clusterInHand([], { kubeconfig: pulumi.output("KUBECONFIG") });
        const whole = { cluster, namespace: "metal3" };
        const handed = handles.map((field) => [field, field === "inventory" ? whole : cluster] as const);
        made({ ...given, ...Object.fromEntries(handed) });
        await settled();
        return registered.resources
          .filter((resource) => resource.type !== type)
          .map(({ name, inputs }) => [name, plain(inputs)]);
      };
      const schema = componentsSchema();
      const { inputProperties } = schema.resources![type]!;
      const nothing = withNulls(schema, { properties: inputProperties } as ObjectSpec, args);
      assert.ok(Object.values(nothing).includes(null));
      assert.deepEqual(await resources(nothing), await resources(args));
    });

  it("are as if they were left out of a create-cluster request", () => {
    const accounts = { 1: { provider: "aws", role_arn: "arn:aws:iam::123456789012:role/x" } } as const;
    const [group, settings] = [
      { name: "cpu", role: "worker", min_size: 0, max_size: 1, instance_types: ["t3.xlarge"] },
      { key_pair: "ops" },
    ];
    const request = { name: "c1", description: "d", cloud_account_id: 1, cluster_type: "k8s" };
    const args = (more: object, ofGroup: object, ofRequest: object) => {
      const asked = { ...settings, autoscaler_node_groups: [{ ...group, ...ofGroup }], ...more };
      return clusterArgs({ ...request, settings: asked, ...ofRequest } as never, { accounts });
    };
    const none = (...fields: string[]) => Object.fromEntries(fields.map((field) => [field, null]));
    const without = none("region_name", "control_plane_instance_type", "vpc_id", "subnet_id", "integrations");
    const nothing = args(without, none("labels", "taints", "allocation_strategy"), none("secret"));
    assert.deepEqual(nothing, args({}, {}, {}));
    assert.deepEqual(args(none("autoscaler_node_groups"), {}, {}).args.nodeGroups, []);
  });

  it("are as if they were left out of a stack's services", async () => {
    const charts = async (kuberay: object) => {
      const registered = await mockProgram({}, true);
      services("train", clusterInHand([]), { kuberay });
      await settled();
      return registered.resources.map(({ name, inputs }) => [name, plain(inputs)]);
    };
    const nothing = await charts({ version: null, namespace: null });
    assert.match(JSON.stringify(nothing), /"ray-system"/);
    assert.deepEqual(nothing, await charts({}));
  });
});
