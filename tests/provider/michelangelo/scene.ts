/** Michelangelo's control plane and a compute cluster, which are one real API server here, as in Michelangelo's own sandbox. */
import { createServer, connect, type AddressInfo, type Socket } from "node:net";
import { once } from "node:events";
import type { KubernetesApi, KubernetesObject } from "../../../provider/kubernetes/api";
import { kubernetesApi } from "../../../provider/kubernetes/client";
import { parseKubeconfig } from "../../../sdk/kubernetes/kubeconfig";
import { clusterRole, computeNamespace, rayRights, serviceAccount } from "../../../sdk/michelangelo/names";
import {
  ControllerManager,
  type ControllerManagerOptions,
} from "../../../simulator/platforms/michelangelo/controller-manager";
import {
  controllerManager,
  managerDeployment,
  michelangeloKind,
  michelangeloNamespace,
} from "../../../simulator/platforms/michelangelo/control-plane";
import { rayKinds } from "../../../simulator/platforms/ray";
import { controlPlane, type TestControlPlane } from "../kubernetes/control-plane";
import { freePort } from "../../free-port";
import { until } from "../../until";

const rbac = "rbac.authorization.k8s.io";

export const account: KubernetesObject = {
  apiVersion: "v1",
  kind: "ServiceAccount",
  metadata: { name: serviceAccount, namespace: computeNamespace },
};
export const rights: KubernetesObject[] = [
  {
    apiVersion: `${rbac}/v1`,
    kind: "ClusterRole",
    metadata: { name: clusterRole },
    rules: [{ apiGroups: [rayRights.apiGroup], resources: rayRights.resources, verbs: rayRights.verbs }],
  },
  {
    apiVersion: `${rbac}/v1`,
    kind: "ClusterRoleBinding",
    metadata: { name: clusterRole },
    roleRef: { apiGroup: rbac, kind: "ClusterRole", name: clusterRole },
    subjects: [{ kind: "ServiceAccount", name: serviceAccount, namespace: computeNamespace }],
  },
];

export class Scene {
  private constructor(
    readonly server: TestControlPlane,
    readonly kubeconfig: string,
    readonly api: KubernetesApi,
    readonly manager: ControllerManager,
  ) {}

  static async start(
    manners: Pick<ControllerManagerOptions, "pollMs" | "timestamps"> = { pollMs: 100 },
  ): Promise<Scene> {
    const server = await controlPlane([
      "serviceaccount-controller",
      "serviceaccount-token-controller",
      "garbage-collector-controller",
      "deployment-controller",
      "replicaset-controller",
    ]);
    const kubeconfig = await server.kubeconfig("system:masters");
    const api = kubernetesApi(kubeconfig);
    await until("the controllers run", async () =>
      api.read({ ...account, kind: "ServiceAccount", namespace: "default", name: "default" }),
    );
    const { endpoint, credentials, certificateAuthority = "" } = parseKubeconfig(kubeconfig);
    if (credentials.kind !== "certificate") throw new Error("no certificate");
    const manager = new ControllerManager({
      server: { endpoint, certificateAuthority },
      credential: { certificate: credentials.clientCertificate, privateKey: credentials.clientKey },
      deployment: managerDeployment,
      ...manners,
    });
    return new Scene(server, kubeconfig, api, manager);
  }

  /** Writes what is not there yet; kinds are known when it returns. */
  async have(...objects: KubernetesObject[]): Promise<void> {
    for (const object of objects) await this.api.apply(object, { fieldManager: "tests", force: true });
    for (const { kind, metadata } of objects) {
      if (kind !== "CustomResourceDefinition") continue;
      const [plural, ...group] = metadata.name!.split(".");
      const version = group.join(".") === "ray.io" ? "v1" : "v2";
      await until(`${metadata.name} is served`, async () =>
        (await this.api.text(`/apis/${group.join(".")}/${version}`).catch(() => "")).includes(`"${plural}"`),
      );
    }
  }

  /** All that a registration needs on both sides. */
  haveAll(): Promise<void> {
    return this.have(michelangeloKind, ...rayKinds, michelangeloNamespace, account, ...rights, controllerManager);
  }

  async lose(...objects: KubernetesObject[]): Promise<void> {
    for (const { apiVersion, kind, metadata } of objects)
      await this.api.delete({
        apiVersion,
        kind,
        name: metadata.name!,
        ...(metadata.namespace !== undefined && { namespace: metadata.namespace }),
      });
  }

  /** New pods of the controller manager, which remember nothing. */
  async restartManager(): Promise<void> {
    const pods = () => this.api.list({ apiVersion: "v1", kind: "Pod", namespace: managerDeployment.namespace });
    const old = await pods();
    for (const { metadata } of old)
      await this.api.delete({ apiVersion: "v1", kind: "Pod", namespace: metadata.namespace!, name: metadata.name! });
    const isOld = (pod: KubernetesObject) => old.some(({ metadata }) => metadata.uid === pod.metadata.uid);
    await until("the controller manager has begun anew", async () => {
      const now = await pods();
      return now.length > 0 && !now.some(isOld);
    });
  }

  /** What a registration of the name has left, in words. */
  async left(): Promise<string[]> {
    const secrets = await this.api.list({ apiVersion: "v1", kind: "Secret", namespace: "default" });
    const clusters = await this.api.list({ apiVersion: "michelangelo.api/v2", kind: "Cluster" });
    return [...secrets, ...clusters].map(({ kind, metadata }) => `${kind} ${metadata.name}`).sort();
  }

  async close(): Promise<void> {
    await this.manager.close();
    await this.server.close();
  }
}

/** A way to a server that can be closed: then it is away. */
export async function wayTo(kubeconfig: string) {
  const { endpoint } = parseKubeconfig(kubeconfig);
  let target = new URL(endpoint);
  const sockets = new Set<Socket>();
  const listener = createServer((socket) => {
    const onward = connect(Number(target.port), target.hostname);
    for (const end of [socket, onward]) sockets.add(end.on("error", () => end.destroy()));
    socket.pipe(onward).pipe(socket);
  });
  const listen = async (at: number) => {
    listener.listen(at, "127.0.0.1");
    await once(listener, "listening");
    return (listener.address() as AddressInfo).port;
  };
  // While the way is closed, nobody else may get its port.
  const own = await listen(await freePort());
  return {
    kubeconfig: kubeconfig.replace(endpoint, `https://127.0.0.1:${own}`),
    open: () => listen(own),
    /** To another API server from now on. */
    lead(other: string) {
      target = new URL(parseKubeconfig(other).endpoint);
      for (const socket of sockets) socket.destroy();
    },
    close() {
      listener.close();
      for (const socket of sockets) socket.destroy();
    },
  };
}
