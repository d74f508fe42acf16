/** One real light control plane for a test file. */
import { randomInt } from "node:crypto";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { NodeDocument } from "../../../bootstrap/document";
import type { KubernetesApi, KubernetesObject } from "../../../provider/kubernetes/api";
import { mintBootstrapToken } from "../../../provider/kubernetes/bootstrap-token";
import { issueCertificate } from "../../../provider/kubernetes/certificates";
import { kubernetesApi } from "../../../provider/kubernetes/client";
import { renderKubeconfig } from "../../../sdk/kubernetes/kubeconfig";
import { lightMachines } from "../../../simulator/machines/light/light-machines";
import type { Machine, MachineKind, MachineSpec } from "../../../simulator/machines/machine";
import { ensureTools } from "../../../toolchain/tools";
import { scriptOf, testDocuments, type TestDocuments } from "./documents";
import { until } from "../../until";

export interface TestCluster {
  readonly directory: string;
  readonly kind: MachineKind;
  readonly documents: TestDocuments;
  readonly address: string;
  readonly control: Machine;
  /** Of an administrator, as a user of the cluster gets it. */
  readonly kubeconfig: string;
  readonly api: KubernetesApi;
  machine(name: string, script: string, changes?: Partial<MachineSpec>): Machine;
  worker(name: string, changes: Partial<NodeDocument>, spec?: Partial<MachineSpec>): Machine;
  /** For a machine that becomes the node of that name. */
  token(nodeName: string): Promise<string>;
  node(name: string): Promise<KubernetesObject | undefined>;
  nodeIs(name: string, ready: "True" | "False" | "Unknown"): Promise<unknown>;
  close(): Promise<void>;
}

export function lightTools() {
  return ensureTools(["etcd", "kube-apiserver", "kube-controller-manager", "kube-scheduler", "kwok"]);
}

/** Defines the machines; the caller starts them. */
export async function testCluster(): Promise<TestCluster> {
  const directory = mkdtempSync(join(tmpdir(), "light-machines-"));
  const network = `127.${randomInt(100, 250)}.${randomInt(1, 250)}`;
  const address = `${network}.1`;
  const documents = await testDocuments(address);
  const kind = lightMachines({ dir: directory, tools: await lightTools() });
  const kubeconfig = await adminKubeconfig(documents.controlPlane, address);
  const api = kubernetesApi(kubeconfig);
  let machines = 1;
  const machine = (name: string, startScript: string, changes: Partial<MachineSpec> = {}) =>
    kind.machine({
      id: `test/project/${name}`,
      name,
      address: `${network}.${machines++}`,
      vcpus: 4,
      memoryGib: 16,
      gpus: undefined,
      startScript,
      ...changes,
    });
  const node = (name: string) => api.read({ apiVersion: "v1", kind: "Node", name });
  return {
    directory,
    kind,
    documents,
    address,
    control: machine("control", scriptOf(documents.controlPlane)),
    kubeconfig,
    api,
    machine,
    worker: (name, changes, spec) => machine(name, scriptOf(documents.worker(name, changes)), spec),
    token: (nodeName) => mintBootstrapToken(api, { ttlHours: 1, description: "tests", nodeName }),
    node,
    nodeIs: (name, ready) => until(`node ${name} is ${ready}`, async () => readyStatus(await node(name)) === ready),
    async close() {
      await kind.close();
      rmSync(directory, { recursive: true, force: true });
    },
  };
}

export async function adminKubeconfig(
  controlPlane: NodeDocument,
  address: string,
  tlsServerName = "kubernetes",
): Promise<string> {
  const admin = await issueCertificate(controlPlane.controlPlane!.ca, {
    commonName: "tester",
    organizations: ["kubeadm:cluster-admins"],
    usages: ["client"],
    validForHours: 1,
  });
  return renderKubeconfig({
    clusterName: "test",
    endpoint: `https://${address}:6443`,
    certificateAuthority: controlPlane.certificateAuthority,
    tlsServerName,
    credentials: { clientCertificate: admin.certificate, clientKey: admin.privateKey },
  });
}

/** The API server answers and lets the administrator in. */
export async function answering(cluster: TestCluster): Promise<void> {
  await until(
    "the API server answers",
    async () => (await cluster.api.text("/readyz")) === "ok" && cluster.api.text("/api/v1/nodes"),
  );
}

export function readyStatus(node: KubernetesObject | undefined): string | undefined {
  const { conditions = [] } = (node?.["status"] ?? {}) as { conditions?: { type: string; status: string }[] };
  return conditions.find(({ type }) => type === "Ready")?.status;
}

/** Ready, and Kubernetes has taken its own taints away, which follows a moment later. */
export function takesPods(node: KubernetesObject | undefined): boolean {
  const { taints = [] } = (node?.["spec"] ?? {}) as { taints?: { key: string }[] };
  return readyStatus(node) === "True" && !taints.some(({ key }) => key.startsWith("node.kubernetes.io/"));
}
