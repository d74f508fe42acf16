/** Where services' pods have a place: on machines that do not say which group they are of, and where volumes are a path that only some machines have. */
import assert from "node:assert/strict";
import * as pulumi from "@pulumi/pulumi";
import { JupyterHub, Slurm } from "../../components/addons";
import { nodeFacts, servicePlace } from "../../components/addons/groups";
import { profiles } from "../../components/addons/jupyterhub/values";
import type { KubernetesCluster } from "../../components/cluster";
import type { MithrilClusterArgs } from "../../components/mithril/args";
import { MithrilCluster } from "../../components/mithril/cluster";
import { clusterInHand } from "./cluster-in-hand";
import { args, cloud, group } from "./mithril-scene";
import { mockProgram, plain, settled, valueOf, warnings, type Registered } from "./mocks";

const client = { issuer: "https://sso.example.com/realms/lab", clientId: "train", secret: "CLIENT-SECRET" };
const outputs = {
  ...cloud,
  "gpu-clusters:kubernetes:GeneratedKey": () => ({ hex: "KEY" }),
  "gpu-clusters:kubernetes:ObjectReady": () => ({ status: "ready" }),
  "kubernetes:helm.sh/v3:Release": () => ({ status: { status: "deployed" } }),
};
const usual = { key: "nvidia.com/gpu", operator: "Exists" };
const role = { key: "gpu-clusters/role", operator: "Exists" };
const controlPlane = { key: "node-role.kubernetes.io/control-plane", operator: "Exists" };

interface PodSpec {
  nodeSelector?: object;
  tolerations: object[];
}

interface HubValues {
  scheduling: { corePods: PodSpec };
  singleuser: {
    profileList: { slug: string; kubespawner_override?: { node_selector?: object; tolerations: object[] } }[];
  };
}

interface SlurmValues {
  controller: { podSpec: PodSpec };
  restapi: { podSpec: PodSpec };
  loginsets: { login: { podSpec: PodSpec } };
  nodesets: Record<string, { podSpec: PodSpec; slurmd: object }>;
}

const valuesOf = <T>(registered: Registered, release: string) =>
  (plain(registered.resources.find(({ name }) => name === release)!.inputs) as { values: T }).values;

const key = "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIGb9ECWmEzf6FQbrBZ9w7lshQhqowtrbLDFw4rXAxZuE";

async function services(clusterOf: () => KubernetesCluster): Promise<{ hub: HubValues; slurm: SlurmValues }> {
  const registered = await mockProgram(outputs);
  const cluster = clusterOf();
  const hub = new JupyterHub("hub", { cluster, url: "https://hub.example.com", client });
  const slurm = new Slurm("lab", { cluster, login: { sshAuthorizedKeys: [key] } });
  await valueOf(hub.url);
  await valueOf(slurm.clusterName);
  await settled();
  return { hub: valuesOf(registered, "hub-release"), slurm: valuesOf(registered, "lab-slurm") };
}

const onMithril = (given: Partial<MithrilClusterArgs>) =>
  services(() => new MithrilCluster("train", { ...args, ...given }));

describe("services on Mithril, which gives nodes no labels", () => {
  it("send no pod to a label that no node has", async () => {
    const { hub, slurm } = await onMithril({});
    const [none, gpu, ...others] = hub.singleuser.profileList;
    assert.deepEqual([none!.slug, gpu!.slug, others.length], ["no_gpu", "any_group", 0]);
    assert.deepEqual(gpu!.kubespawner_override, {
      tolerations: [usual],
      extra_resource_limits: { "nvidia.com/gpu": "1" },
    });
    assert.deepEqual(slurm.nodesets["gpu"]!.podSpec, {
      nodeSelector: { "kubernetes.io/os": "linux" },
      tolerations: [usual],
    });
    assert.deepEqual(slurm.nodesets["gpu"]!.slurmd, { resources: { limits: { "nvidia.com/gpu": 8 } } });
  });

  it("have a place where all nodes have the usual taint of GPUs, of which nobody is told", async () => {
    const { hub, slurm } = await onMithril({});
    assert.deepEqual(hub.singleuser.profileList[0]!.kubespawner_override, { tolerations: [usual] });
    for (const { tolerations } of [hub.scheduling.corePods, slurm.controller.podSpec, slurm.restapi.podSpec])
      assert.deepEqual(tolerations, [controlPlane, role, usual]);
  });

  it("offer GPUs of all groups as one, and say that nobody can choose the group", async () => {
    const told = await warnings(async () => {
      const { hub } = await onMithril({
        nodeGroups: [group, { ...group, name: "small", instanceType: "a100-80gb.sxm.4x" }],
      });
      const [, gpu, ...others] = hub.singleuser.profileList;
      assert.equal(others.length, 0);
      assert.deepEqual(gpu, {
        display_name: "GPU",
        slug: "any_group",
        description: "A node of any group (h100-80gb.sxm.8x, a100-80gb.sxm.4x), with up to 8 nvidia.com/gpu",
        kubespawner_override: { tolerations: [usual], extra_resource_limits: { "nvidia.com/gpu": "1" } },
        profile_options: (gpu as unknown as { profile_options: object }).profile_options,
      });
    });
    assert.deepEqual(
      told.filter((words) => /say which group/.test(words)).map((words) => /(JupyterHub|Slurm)/.exec(words)?.[0]),
      ["JupyterHub", "Slurm"],
    );
    assert.deepEqual(await warnings(() => onMithril({})), []);
  });
});

describe("pods with volumes of shares that only nodes of groups have", () => {
  it("are on no control plane, where the volume would be an empty directory of its own disk", async () => {
    const { hub, slurm } = await onMithril({ sharedStorage: { share: "datasets" } });
    for (const { tolerations } of [hub.scheduling.corePods, slurm.controller.podSpec, slurm.loginsets.login.podSpec])
      assert.deepEqual(tolerations, [role, usual]);
    assert.deepEqual(slurm.restapi.podSpec.tolerations, [controlPlane, role, usual], "it has none");
  });

  it("are on nodes that are kept for something else where there are no others", () => {
    const one: Parameters<typeof servicePlace>[0][number] = { role: "worker", maxSize: 1, taints: [] };
    const kept: typeof one = { ...one, taints: [{ key: "team", value: "vision", effect: "NoSchedule" }] };
    const control: typeof one = { ...one, role: "control" };
    const team = { key: "team", operator: "Equal", value: "vision", effect: "NoSchedule" };
    const place = (groups: (typeof one)[], hasShares = true) =>
      servicePlace(groups, { filesOnWorkers: true }, hasShares);
    assert.deepEqual(place([kept]), [role, usual, team]);
    assert.deepEqual(place([kept, one]), [role]);
    assert.deepEqual(place([kept, control]), [role]);
    assert.deepEqual(place([kept, { ...one, maxSize: 0 }]), [role, usual, team]);
    assert.deepEqual(place([kept], false), [controlPlane, role]);
    assert.deepEqual(servicePlace([kept], undefined, true), [controlPlane, role], "all machines have the files");
  });

  it("are told by the cluster, whose own class it is", async () => {
    const shared = { sharedStorageClass: pulumi.output("shared") };
    const made = async (storageClass?: string) => {
      const registered = await mockProgram(outputs);
      const cluster = clusterInHand([{}], shared);
      nodeFacts.set(cluster, { filesOnWorkers: true });
      const hub = new JupyterHub("hub", { cluster, url: "https://hub.example.com", client, storageClass });
      await valueOf(hub.url);
      await settled();
      return valuesOf<HubValues>(registered, "hub-release").scheduling.corePods.tolerations;
    };
    assert.deepEqual(await made(), [role]);
    assert.deepEqual(await made("fast"), [controlPlane, role], "another class's volumes are elsewhere");
  });

  it("have profiles by group wherever nodes say theirs", () => {
    const one = {
      name: "a",
      role: "worker" as const,
      gpuResources: { "nvidia.com/gpu": 1 },
      machineTypes: ["m"],
      maxSize: 1,
    };
    const found = profiles([{ ...one, taints: [] }], { filesOnWorkers: true });
    assert.deepEqual(found[1]!.kubespawner_override!.node_selector, { "gpu-clusters/node-group": "a" });
  });
});
