/** Pods that show that a cluster works, with the image that every simulated machine has. */
import assert from "node:assert/strict";
import { randomUUID } from "node:crypto";
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { busyboxImage } from "../../simulator/machines/nspawn/image/container-images";
import { ensureTools } from "../../toolchain/tools";
import { runCommand } from "../../toolchain/tools/command";
import { until } from "../until";

export interface Kubectl {
  (...args: string[]): Promise<string>;
  apply(object: object): Promise<void>;
}

const gpuResource = "nvidia.com/gpu";
/** On two busy cores, too. */
const commandMs = 300_000;

/** kubectl with a kubeconfig, which is kept in the directory. */
export async function kubectlFor(kubeconfig: string, directory: string): Promise<Kubectl> {
  const { kubectl } = await ensureTools(["kubectl"]);
  const file = join(directory, `kubeconfig-${randomUUID()}`);
  writeFileSync(file, kubeconfig, { mode: 0o600 });
  const run = async (args: string[], input?: string) =>
    (await runCommand(kubectl, ["--kubeconfig", file, ...args], { timeout: commandMs, input })).stdout;
  return Object.assign((...args: string[]) => run(args), {
    // The API server checks it; for kubectl's own check a server that has just begun writes its whole OpenAPI document, within kubectl's 32 s.
    apply: async (object: object) => void (await run(["apply", "--validate=false", "-f", "-"], JSON.stringify(object))),
  });
}

/** A Deployment with a pod on each of the nodes, whose pods find each other through a Service and DNS; exec and logs work. */
export async function proveWorkload(kubectl: Kubectl, nodes: readonly string[]): Promise<void> {
  await kubectl.apply(webPods(nodes.length));
  await kubectl("rollout", "status", "deployment/web", "--timeout=250s");
  const hosts = await kubectl("get", "pods", "-l", "app=web", "-o", "jsonpath={.items[*].spec.nodeName}");
  assert.deepEqual(hosts.split(" ").sort(), [...nodes].sort());
  const answered = new Set<string>();
  await until(
    "all pods have answered",
    async () => {
      const page = ["wget", "-qO-", "http://web.default.svc.cluster.local/"];
      answered.add(await kubectl("exec", "deployment/web", "--", "/bin/busybox", "timeout", "5", "busybox", ...page));
      return answered.size === nodes.length;
    },
    commandMs,
  );
  assert.match(await kubectl("logs", "deployment/web"), /started/);
}

/**
 * A pod that asks for GPUs ends well on the node that has them, and has those and no others; one that helps itself has none. `cdi`: containerd gave
 * them, by what their specification says, which sets the variable too.
 */
export async function proveGpus(kubectl: Kubectl, node: string, count: number, cdi: boolean): Promise<void> {
  const allocatable = `jsonpath={.status.allocatable.${gpuResource.replaceAll(".", "\\.")}}`;
  await until(
    `node ${node} has GPUs`,
    async () => (await kubectl("get", "node", node, "-o", allocatable)) === `${count}`,
  );
  const said = async (name: string, pod: object) => {
    await kubectl.apply(pod);
    await kubectl("wait", "--for=jsonpath={.status.phase}=Succeeded", `pod/${name}`, "--timeout=250s");
    return (await kubectl("logs", name)).trim().split("\n");
  };
  const thief = gpuPod("thief", node, { env: [{ name: "NVIDIA_VISIBLE_DEVICES", value: "all" }] });
  assert.deepEqual(await said("thief", thief), ["devices all"]);
  const [devices, ...files] = await said("training", gpuPod("training", node, limits(count)));
  assert.match(devices!, cdi ? /^devices void$/ : new RegExp(`^devices ${Array(count).fill("GPU-\\d").join(",")}$`));
  assert.deepEqual(
    files,
    Array.from({ length: count }, (_, gpu) => `/dev/nvidia${gpu}`),
  );
}

/** What a shell in a pod on the node prints, with a directory of the machine in it. */
export async function onNode(kubectl: Kubectl, node: string, directory: string, command: string): Promise<string> {
  const name = `on-node-${randomUUID().slice(0, 8)}`;
  const container = {
    name,
    image: busyboxImage,
    command: ["sh", "-c", command],
    volumeMounts: [{ name: "directory", mountPath: directory }],
  };
  await kubectl.apply({
    apiVersion: "v1",
    kind: "Pod",
    metadata: { name },
    spec: {
      nodeName: node,
      restartPolicy: "Never",
      tolerations: [{ operator: "Exists" }],
      containers: [container],
      volumes: [{ name: "directory", hostPath: { path: directory } }],
    },
  });
  await kubectl("wait", "--for=jsonpath={.status.phase}=Succeeded", `pod/${name}`, "--timeout=250s");
  const text = await kubectl("logs", name);
  await kubectl("delete", "pod", name, "--wait=false");
  return text.trim();
}

const labels = { app: "web" };

function webPods(replicas: number) {
  // The first process of a container ignores what it has no answer for, and a machine that goes off waits for it.
  const serve = 'trap "exit 0" TERM; /bin/busybox httpd -f -p 8080 -h /tmp & wait';
  const page = `echo $HOSTNAME >/tmp/index.html; echo started; ${serve}`;
  const spread = { maxSkew: 1, topologyKey: "kubernetes.io/hostname", whenUnsatisfiable: "DoNotSchedule" };
  return {
    apiVersion: "v1",
    kind: "List",
    items: [
      {
        apiVersion: "apps/v1",
        kind: "Deployment",
        metadata: { name: "web" },
        spec: {
          replicas,
          selector: { matchLabels: labels },
          template: {
            metadata: { labels },
            spec: {
              terminationGracePeriodSeconds: 1,
              topologySpreadConstraints: [
                { ...spread, labelSelector: { matchLabels: labels }, nodeTaintsPolicy: "Honor" },
              ],
              tolerations: [{ key: gpuResource, operator: "Exists" }],
              containers: [
                {
                  name: "web",
                  image: busyboxImage,
                  command: ["sh", "-c", page],
                  readinessProbe: { httpGet: { path: "/", port: 8080 }, periodSeconds: 1 },
                },
              ],
            },
          },
        },
      },
      {
        apiVersion: "v1",
        kind: "Service",
        metadata: { name: "web" },
        spec: { selector: labels, ports: [{ port: 80, targetPort: 8080 }] },
      },
    ],
  };
}

function limits(gpus: number) {
  return { resources: { limits: { [gpuResource]: gpus } } };
}

/** Tells which GPUs it believes to have, and the device files that it sees. Other nodes may have GPUs too. */
function gpuPod(name: string, node: string, container: object) {
  return {
    apiVersion: "v1",
    kind: "Pod",
    metadata: { name },
    spec: {
      nodeSelector: { "kubernetes.io/hostname": node },
      restartPolicy: "Never",
      tolerations: [{ key: gpuResource, operator: "Exists" }],
      containers: [
        {
          name,
          image: busyboxImage,
          command: [
            "sh",
            "-c",
            "echo devices $NVIDIA_VISIBLE_DEVICES; for each in /dev/nvidia*; do [ ! -e $each ] || echo $each; done",
          ],
          ...container,
        },
      ],
    },
  };
}
