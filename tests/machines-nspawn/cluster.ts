/** A cluster of machines that really boot, for tests. */
import { readdirSync, readFileSync, existsSync } from "node:fs";
import { join } from "node:path";
import type { NodeDocument } from "../../bootstrap/document";
import { runOverSsh, type SshResult } from "../../provider/cloud/ssh";
import type { KubernetesApi, KubernetesObject } from "../../provider/kubernetes/api";
import { mintBootstrapToken } from "../../provider/kubernetes/bootstrap-token";
import { kubernetesApi } from "../../provider/kubernetes/client";
import type { Machine, MachineKind, MachineSpec } from "../../simulator/machines/machine";
import { ensureMachineImage } from "../../simulator/machines/nspawn/image/image";
import { nspawnMachines } from "../../simulator/machines/nspawn/nspawn-machines";
import { newSshKeyPair } from "../../simulator/ssh-key-pair";
import { scriptOf, testDocuments, type TestDocuments } from "../simulator/machines/documents";
import { adminKubeconfig, readyStatus, takesPods } from "../simulator/machines/test-cluster";
import { until } from "../until";

/** Time for what a machine does on two busy cores. */
export const bootMs = 300_000;

export interface BootingCluster {
  readonly kind: MachineKind;
  readonly control: Machine;
  readonly documents: TestDocuments;
  readonly kubeconfig: string;
  readonly api: KubernetesApi;
  worker(name: string, address: string, changes?: Partial<NodeDocument>): Promise<Machine>;
  node(name: string): Promise<KubernetesObject | undefined>;
  nodeIs(name: string, ready: "True" | "False" | "Unknown"): Promise<unknown>;
  /** Root on every machine. */
  readonly sshPrivateKey: string;
  onMachine(machine: Machine, command: string): Promise<SshResult>;
}

export function bootSpec(name: string, address: string, startScript: string): MachineSpec {
  return { id: `e2e/test/${name}`, name, address, vcpus: 2, memoryGib: 4, gpus: undefined, startScript };
}

/** The machines' image has a network between pods, which an add-on is to bring instead. */
const withoutPodNetwork = (script: string) =>
  script.replace("\n", "\nsed -i /conf_template/d /etc/gpu-clusters/overrides.env\n");

/** Defines the control plane; the caller starts it. `podNetwork`: whether machines bring one; default: yes. */
export async function bootingCluster(
  directory: string,
  network: string,
  { podNetwork = true } = {},
): Promise<BootingCluster> {
  const startScript = (document: NodeDocument) =>
    podNetwork ? scriptOf(document) : withoutPodNetwork(scriptOf(document));
  const kind = nspawnMachines({ dir: directory, image: await ensureMachineImage() });
  const address = `${network}.10`;
  const documents = await testDocuments(address);
  const keys = newSshKeyPair();
  const authorizedKeys = [keys.public];
  const document: NodeDocument = {
    ...documents.controlPlane,
    authorizedKeys,
    taints: [{ key: "node-role.kubernetes.io/control-plane", effect: "NoSchedule" }],
    controlPlane: { ...documents.controlPlane.controlPlane!, certificateNames: ["kubernetes"], kubeProxy: true },
  };
  const kubeconfig = await adminKubeconfig(document, address);
  const api = kubernetesApi(kubeconfig);
  const node = (name: string) => api.read({ apiVersion: "v1", kind: "Node", name });
  return {
    kind,
    control: kind.machine(bootSpec("control", address, startScript(document))),
    documents,
    kubeconfig,
    api,
    async worker(name, host, changes = {}) {
      const bootstrapToken = await mintBootstrapToken(api, { ttlHours: 1, description: "tests", nodeName: name });
      return kind.machine(
        bootSpec(name, host, startScript(documents.worker(name, { authorizedKeys, bootstrapToken, ...changes }))),
      );
    },
    node,
    nodeIs: (name, ready) =>
      until(
        `node ${name} is ${ready}`,
        async () => {
          const found = await node(name);
          return ready === "True" ? takesPods(found) : readyStatus(found) === ready;
        },
        bootMs,
      ),
    sshPrivateKey: keys.private,
    onMachine: ({ spec }, command) =>
      runOverSsh({ host: spec.address, user: "root", privateKey: keys.private }, command, {
        signal: AbortSignal.timeout(60_000),
      }),
  };
}

/** What machines whose disks are in the directory have left on the host: mounts, processes, control groups. */
export function remains(directory: string): string[] {
  const mounts = readFileSync("/proc/mounts", "utf8")
    .split("\n")
    .filter((line) => line.includes(directory));
  const processes = readdirSync("/proc")
    .filter((name) => /^\d+$/.test(name))
    .filter(
      (pid) => text(`/proc/${pid}/cmdline`).includes(directory) || text(`/proc/${pid}/mountinfo`).includes(directory),
    )
    .map((pid) => `process ${pid}: ${text(`/proc/${pid}/cmdline`).replaceAll("\0", " ")}`);
  return [...mounts, ...processes];
}

/** The control groups of a machine that is on. */
export function groupsOf(directory: string, machine: Machine): string[] {
  return text(join(directory, machine.spec.id.replaceAll("/", "~"), "cgroups"))
    .split("\n")
    .filter(Boolean);
}

export function existing(paths: string[]): string[] {
  return paths.filter((path) => existsSync(path));
}

function text(file: string): string {
  try {
    return readFileSync(file, "utf8");
  } catch {
    return "";
  }
}
