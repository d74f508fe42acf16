/** What the components for bare metal make, as they make it: to be written to an API server. */
import * as pulumi from "@pulumi/pulumi";
import type { KubernetesCluster } from "../../../components/cluster";
import { BareMetalCluster, BareMetalHosts, type BareMetalClusterArgs } from "../../../components/metal3";
import type { KubernetesObject } from "../../../provider/kubernetes/api";
import { renderKubeconfig } from "../../../sdk/kubernetes/kubeconfig";
import { mockProgram, plain, settled, valueOf } from "../../components/mocks";

const outputs = {
  "gpu-clusters:kubernetes:ObjectReady": () => ({ values: { state: "available" }, status: "ready", uid: "u" }),
  "gpu-clusters:kubernetes:KubeconfigSecret": () => ({
    endpoint: "https://10.0.0.5:6443",
    certificateAuthority: "CA",
    clusterKubeconfig: renderKubeconfig({
      clusterName: "c",
      endpoint: "https://10.0.0.5:6443",
      certificateAuthority: "CA",
      credentials: { token: "T" },
    }),
  }),
  "gpu-clusters:kubernetes:GeneratedKey": () => ({ hex: "ab".repeat(32) }),
  "gpu-clusters:kubernetes:ApiServerReady": () => ({ version: "1.37.2" }),
  "gpu-clusters:kubernetes:NodesReady": () => ({ status: "ready", machines: [] }),
};

export interface BareMetal {
  /** Of the cluster that has them. */
  kubeconfig: string;
  namespace: string;
  clusterName: string;
  /** Labels of hosts by their names. */
  hosts: Record<string, Record<string, string>>;
  /** What the cluster has otherwise than usual. */
  more?: Partial<BareMetalClusterArgs>;
}

/** Of one cluster with one server for the control plane and one for the group `gpu`, by their label `role`. */
export async function bareMetalObjects({
  kubeconfig,
  namespace,
  clusterName,
  hosts,
  more,
}: BareMetal): Promise<KubernetesObject[]> {
  const all = await mockProgram(outputs);
  const status = pulumi.output("ready");
  const management = { clusterName: pulumi.output("own"), status, kubeconfig: pulumi.output(kubeconfig) };
  const bmc = (name: string) => ({ address: `redfish://${name}`, username: "admin", password: "secret" });
  const inventory = new BareMetalHosts(namespace, {
    cluster: management as KubernetesCluster,
    hosts: Object.entries(hosts).map(([name, labels], index) => ({
      name,
      labels,
      bmc: bmc(name),
      bootMacAddress: `aa:bb:cc:dd:ee:0${index}`,
    })),
  });
  const cluster = new BareMetalCluster(clusterName, {
    inventory,
    endpoint: "10.0.0.5:6443",
    kubernetesVersion: "1.37.2",
    image: { url: "https://images.example.com/a.qcow2", checksum: "a".repeat(64) },
    controlPlane: { hostLabels: { role: `${clusterName}-control` } },
    nodeGroups: [
      {
        name: "gpu",
        count: 1,
        hostLabels: { role: `${clusterName}-gpu` },
        gpus: 8,
        taints: [{ key: "nvidia.com/gpu", value: "true", effect: "NoSchedule" }],
      },
    ],
    ...more,
  });
  await valueOf(cluster.status);
  await settled();
  return all.resources
    .filter(({ type }) => /^kubernetes:(core\/v1:(Namespace|Secret)|.*(x-k8s|metal3)\.io)/.test(type))
    .map(({ inputs, type }) => {
      const [apiVersion, kind] = type.replace(/^kubernetes:/, "").split(":");
      return { apiVersion: apiVersion!.replace(/^core\//, ""), kind, ...(plain(inputs) as object) } as KubernetesObject;
    });
}
