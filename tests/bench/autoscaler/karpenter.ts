/** Karpenter's core, with kwok's nodes in the place of a cloud: a NodePool for each group. */
import { spawn } from "node:child_process";
import { readdirSync, readFileSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { parse } from "yaml";
import type { KubernetesObject } from "../../../provider/kubernetes/api";
import { ensureTools } from "../../../toolchain/tools";
import { freePort } from "../../free-port";
import { stop } from "../../provider/kubernetes/control-plane";
import { groupLabel, nodeCapacity, type BenchCluster } from "./cluster";
import type { Contest, Contestant } from "./contest";
import { bootS, unneededS } from "./ours";

const nodeClass = { group: "karpenter.kwok.sh", kind: "KWOKNodeClass", name: "default" };

const instanceTypes = [
  {
    name: "four",
    offerings: [{ capacityType: "on-demand", zone: "zone-1", price: 1 }],
    architecture: "amd64",
    operatingSystems: ["linux"],
    resources: nodeCapacity,
  },
];

export async function startKarpenter(cluster: BenchCluster, { groups, size }: Contest): Promise<Contestant> {
  const { karpenter } = await ensureTools(["karpenter"]);
  const { api, folder, kubeconfigFile } = cluster;
  const definitions = join(dirname(karpenter), "files");
  const objects = [
    ...readdirSync(definitions).map((name) => parse(readFileSync(join(definitions, name), "utf8")) as KubernetesObject),
    {
      apiVersion: `${nodeClass.group}/v1alpha1`,
      kind: nodeClass.kind,
      metadata: { name: nodeClass.name },
      spec: { nodeRegistrationDelay: `${bootS}s` },
    },
    ...groups.map((group) => nodePool(group, size)),
  ];
  // What is of a definition can be made only some time after it.
  for (const object of objects)
    await cluster.until(`${object.kind} ${object.metadata.name!} is made`, () =>
      api.apply(object, { fieldManager: "bench" }).then(
        () => true,
        () => false,
      ),
    );
  const types = join(folder, "instance-types.json");
  writeFileSync(types, JSON.stringify(instanceTypes));
  const [metrics, health] = [await freePort(), await freePort()];
  const flags = ["--disable-leader-election", `--instance-types-file-path=${types}`, "--log-level=error"];
  const ports = [`--metrics-port=${metrics}`, `--health-probe-port=${health}`];
  const env = { ...process.env, KUBECONFIG: kubeconfigFile };
  const child = spawn(karpenter, [...flags, ...ports], { env, stdio: ["ignore", "ignore", "inherit"] });
  return {
    pid: child.pid!,
    async requested(group) {
      const labelSelector = `karpenter.sh/nodepool=${group}`;
      return (await api.list({ apiVersion: "karpenter.sh/v1", kind: "NodeClaim", labelSelector })).length;
    },
    close: () => stop(child),
  };
}

function nodePool(group: string, size: number): KubernetesObject {
  return {
    apiVersion: "karpenter.sh/v1",
    kind: "NodePool",
    metadata: { name: group },
    spec: {
      template: {
        metadata: { labels: { [groupLabel]: group } },
        spec: {
          nodeClassRef: nodeClass,
          requirements: [{ key: "kubernetes.io/arch", operator: "In", values: ["amd64"] }],
          expireAfter: "Never",
        },
      },
      disruption: {
        consolidationPolicy: "WhenEmpty",
        consolidateAfter: `${unneededS}s`,
        budgets: [{ nodes: "100%" }],
      },
      limits: { cpu: `${size * Number(nodeCapacity.cpu)}` },
    },
  };
}
