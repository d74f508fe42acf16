/** The least that it takes: kubeadm called by hand on the same machine image. The worker joins when the control plane is Ready. */
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { kubernetesApi } from "../../../provider/kubernetes/client";
import { pinnedVersion } from "../../../toolchain/tools";
import { ensureMachineImage } from "../../../simulator/machines/nspawn/image/image";
import { nspawnMachines } from "../../../simulator/machines/nspawn/nspawn-machines";
import { readyStatus } from "../../simulator/machines/test-cluster";
import { until } from "../../until";
import { bootMs, bootSpec } from "../../machines-nspawn/cluster";
import { apiAnswers, kubeconfigOnMachine, stopwatch, type Up } from "./measure";

const addresses = { control: "127.77.198.10", worker: "127.77.198.11" } as const;
const wire = "10.77.198.10";
const token = "abcdef.0123456789abcdef";

const version = `v${pinnedVersion("kubeadm")}`;

/** What kubeadm's documentation asks for first, with what the image says of containerd's configuration. */
const prepared = `#!/bin/bash
set -e
echo "127.0.1.1 $(hostname)" >>/etc/hosts
sysctl -qw net.ipv4.ip_forward=1
systemctl enable -q kubelet
. /etc/gpu-clusters/overrides.env
containerd config default | sed 's/SystemdCgroup = false/SystemdCgroup = true/' >/etc/containerd/config.toml
systemctl restart containerd
`;

const init = `${prepared}
cat >/root/kubeadm.yaml <<END
apiVersion: kubeadm.k8s.io/v1beta4
kind: InitConfiguration
bootstrapTokens: [{token: ${token}}]
localAPIEndpoint: {advertiseAddress: ${wire}}
nodeRegistration: {ignorePreflightErrors: [SystemVerification], imagePullPolicy: IfNotPresent}
---
apiVersion: kubeadm.k8s.io/v1beta4
kind: ClusterConfiguration
kubernetesVersion: ${version}
encryptionAlgorithm: ECDSA-P256
networking: {podSubnet: 10.244.0.0/16}
---
END
cat /etc/gpu-clusters/kubeadm-extra.yaml >>/root/kubeadm.yaml
kubeadm init --config /root/kubeadm.yaml
`;

const joining = `${prepared}
kubeadm join ${wire}:6443 --token ${token} --discovery-token-unsafe-skip-ca-verification --ignore-preflight-errors SystemVerification
`;

export async function floor(): Promise<Up> {
  const directory = mkdtempSync(join(tmpdir(), "gpu-clusters-floor-"));
  const kind = nspawnMachines({ dir: directory, image: await ensureMachineImage() });
  const control = kind.machine(bootSpec("control", addresses.control, init));
  const worker = kind.machine(bootSpec("worker", addresses.worker, joining));
  try {
    const ofControl = stopwatch();
    await control.start();
    await apiAnswers(addresses.control);
    const powerOnToApi = ofControl();
    await until("kubeadm init ends", async () => (await control.console()).includes("kubeadm join"), bootMs);
    const api = kubernetesApi(kubeconfigOnMachine(directory, control.spec));
    const node = (name: string) => api.read({ apiVersion: "v1", kind: "Node", name });
    await until("the control plane is Ready", async () => readyStatus(await node("control")) === "True", bootMs);
    const ofWorker = stopwatch();
    await worker.start();
    await until("the worker is Ready", async () => readyStatus(await node("worker")) === "True", bootMs);
    const [powerOnToWorkerReady, upToAllReady] = [ofWorker(), ofControl()];
    return { powerOnToApi, powerOnToWorkerReady, upToApi: powerOnToApi, upToAllReady };
  } finally {
    await kind.close();
    rmSync(directory, { recursive: true, force: true });
  }
}
