/** One node group on each cloud's simulator, opened as the plugin and the autoscaler open it. */
import { nodeDocumentFromScript, renderBootstrapScript } from "../../../bootstrap/script";
import { workerDocument as ec2Worker } from "../../../components/aws/documents";
import { groupFields } from "../../../components/node-documents";
import { nvidiaDevicePlugin } from "../../../components/versions";
import { openNodeGroup } from "../../../provider/clouds";
import { metadataKeys } from "../../../provider/cudo/ownership";
import { instanceTypes } from "../../../simulator/mithril/catalogue-data";
import { workerDocument as mithrilWorker } from "../../../simulator/mithril/node-documents";
import { advertisedBy, gpuResource } from "../../../simulator/machines/worker/gpus";
import { nodeObject } from "../../../simulator/machines/worker/node-object";
import { foreignFleet, makeTemplate, region as awsRegion, reserve, specOf, startScene } from "../aws/scene";
import { fakeApiServer } from "../cudo/fake-api-server";
import { never, simulatedCloud, readyNetwork } from "../cudo/simulated-cloud";
import { publicKey, signal, TestMithril } from "../mithril/cloud";
import type { DriverScene, SeenNode } from "./contract";

const options = { owner: "urn:test", warn: () => undefined };
const facts = {
  clusterName: "alpha",
  group: "gpu",
  role: "worker" as const,
  endpoint: "https://10.0.0.1:6443",
  kubernetesVersion: "1.36.3",
  certificateAuthority: "pem",
  labels: { tier: "a" },
  taints: [{ key: "dedicated", value: "ml", effect: "NoSchedule" as const }],
};
const marks = {
  "gpu-clusters/cluster": facts.clusterName,
  "gpu-clusters/node-group": facts.group,
  "gpu-clusters/role": facts.role,
};

function registered(script: string, size: { vcpus: number; memoryGib: number; gpus: number }): SeenNode {
  const gpus = size.gpus > 0 ? { count: size.gpus, model: "X" } : undefined;
  const machine = { id: "m", name: "m", address: "127.0.0.1", startScript: script, ...size, gpus };
  const node = nodeObject(nodeDocumentFromScript(script)!, machine) as SeenNode;
  const plugin = { containers: [{ name: "plugin", image: nvidiaDevicePlugin }] };
  const metadata = { name: "p", namespace: "kube-system", uid: "1" };
  const advertised = advertisedBy({ metadata, spec: plugin, status: { phase: "Running" } }, size.gpus);
  node.status.capacity[gpuResource] = String(advertised);
  return node;
}

/** `reserved`: in a Capacity Reservation of so many machines. */
export async function aws({ reserved, spot }: { reserved?: number; spot?: boolean } = {}): Promise<DriverScene> {
  const scene = await startScene();
  const { simulator } = scene;
  const gpus = 1;
  const join = { externalCloudProvider: true, joinParameter: "/join" };
  const script = renderBootstrapScript(ec2Worker({ ...facts, ...join, gpus }), { delivery: "ec2-user-data" });
  const UserData = Buffer.from(script).toString("base64");
  const launchTemplateId = await makeTemplate(scene, facts.group, { UserData });
  const spec = {
    ...specOf(scene, facts.group, launchTemplateId),
    instanceTypes: ["g4dn.xlarge"],
    labels: { ...facts.labels, ...marks },
    taints: facts.taints,
    gpus: { count: gpus },
    ...(spot && { capacity: { spot: {} } }),
    ...(reserved !== undefined && { capacity: { reservation: { id: await reserve(scene, "g4dn.xlarge", reserved) } } }),
  };
  const tag = "gpu-clusters/node-group";
  return {
    endpoint: simulator.endpoint,
    open: (endpoint) => openNodeGroup("aws", { aws: { region: awsRegion, endpoint } }, spec, options),
    foreign: () => foreignFleet(scene, facts.group, launchTemplateId),
    shortage: async () => void (await simulator.addFault({ capacity: {} })),
    plenty: () => simulator.clearFaults(),
    left: async () => {
      const { instances, fleets } = await simulator.state();
      const alive = instances.filter(({ state, tags }) => state !== "shutting-down" && tags?.[tag] === facts.group);
      const active = fleets.filter(({ state, tags }) => state === "active" && tags?.[tag] === facts.group);
      return [...alive, ...active].map(({ id }) => id);
    },
    node: () => Promise.resolve(registered(script, { vcpus: 4, memoryGib: 16, gpus })),
    lateLabels: ["node.kubernetes.io/instance-type", "topology.kubernetes.io/region", "topology.kubernetes.io/zone"],
    close: () => scene.close(),
  };
}

export async function cudo(): Promise<DriverScene> {
  const dataCenterId = "us-newyork-1";
  const [cloud, cluster] = await Promise.all([simulatedCloud(), fakeApiServer()]);
  await readyNetwork(cloud, dataCenterId);
  const size = { vcpus: 4, memoryGib: 16, gpus: 1 };
  const document = groupFields({ ...facts, gpus: size.gpus });
  const script = renderBootstrapScript(document, { delivery: "cudo-start-script" });
  const place = { dataCenterId, machineType: "intel-broadwell-v100" };
  const spec = {
    clusterName: facts.clusterName,
    name: facts.group,
    role: facts.role,
    minSize: 0,
    maxSize: 10,
    ...place,
    ...size,
    networkId: "net",
    diskSizeGib: 20,
    image: "ubuntu-2404",
    startScript: script,
    kubeconfig: cluster.kubeconfig,
    labels: facts.labels,
    taints: facts.taints,
  };
  const metadata = { [metadataKeys.cluster]: facts.clusterName, [metadataKeys.nodeGroup]: facts.group };
  return {
    endpoint: cloud.config.baseUrl,
    open: (baseUrl) => openNodeGroup("cudo", { cudo: { ...cloud.config, baseUrl } }, spec, options),
    foreign: () =>
      cloud.api.vms.create({ ...place, ...size, vmId: "foreign", bootDiskImageId: "ubuntu-2404", metadata }, never),
    shortage: () => cloud.simulator.setConditions("cudo", { outOfCapacity: {} }),
    plenty: () => cloud.simulator.clearFaults(),
    left: async () => (await cloud.api.vms.list(never)).map(({ id }) => id),
    node: () => Promise.resolve(registered(script, size)),
    lateLabels: [],
    async close() {
      await cluster.close();
      await cloud.close();
    },
  };
}

export async function mithril(capacity: object = { spot: { limitPrice: "$20.00" } }): Promise<DriverScene> {
  const test = await TestMithril.start();
  const api = test.api();
  const region = "us-central5-a";
  const key = await api.sshKeys.create({ name: "k", publicKey: publicKey(), required: false }, signal());
  const order = { name: "alpha", region, sshKeys: [key.fid], instanceType: "it_simCpu4x000000" };
  const { fid: clusterId } = await api.clusters.create({ ...order, kubernetesVersion: "1.34" }, signal());
  const name = "h100-80gb.sxm.8x";
  const type = instanceTypes.find((each) => each.fid === "it_5ECSoHQjLBzrp5YM")!;
  const spec = {
    clusterId,
    clusterName: facts.clusterName,
    name: facts.group,
    region,
    instanceType: name,
    minSize: 0,
    maxSize: 10,
    sshKeys: [key.fid],
    capacity,
  };
  const live = async () => (await api.bids.list({}, signal())).filter(({ status }) => status !== "Terminated");
  const size = { vcpus: type.vcpus, memoryGib: type.memoryGb, gpus: type.gpus };
  return {
    endpoint: test.baseUrl,
    open: (baseUrl) => openNodeGroup("mithril", { mithril: { ...test.config.mithril, baseUrl } }, spec, options),
    async foreign() {
      const launchSpecification = { volumes: [], sshKeys: [], cluster: clusterId };
      const bid = { name: "alpha-gpu-77", region, instanceType: type.fid, limitPrice: "$20.00", quantity: 1 };
      await api.bids.create({ ...bid, launchSpecification }, "foreign", signal());
    },
    shortage: async () => void (test.cloud.conditions.markets = { [`${name}/${region}`]: { capacity: 0 } }),
    plenty: async () => void (test.cloud.conditions.markets = {}),
    left: async () => (await live()).map((bid) => bid.name),
    node: () => {
      const state = test.cloud.state;
      const cluster = state.clusters[clusterId]!;
      const instance = { name: "alpha-gpu-0-1", project: cluster.project };
      const authorities = { ca: { certificate: "pem" }, bootstrapToken: "a.b" };
      const document = mithrilWorker(cluster, authorities as never, instance as never, type);
      return Promise.resolve(registered(renderBootstrapScript(document, { delivery: "cudo-start-script" }), size));
    },
    lateLabels: [],
    close: () => test.close(),
  };
}
