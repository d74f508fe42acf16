/** ^C and time limits at each request of what registers a cluster: the next `up` goes on, and a destroy leaves nothing. */
import type { IncomingMessage, ServerResponse } from "node:http";
import { text } from "node:stream/consumers";
import { provider } from "../../../plugin/provider";
import type { KubernetesObject } from "../../../provider/kubernetes/api";
import { Secret } from "../server/harness";
import { rig, type Rig } from "../server/harness/interruption";
import { httpsServer, type HttpsServer } from "./https-server";
import { itGoesOnWith, type Interruptible } from "./interrupted";

const resources = {
  "/api/v1": [
    { name: "configmaps", kind: "ConfigMap", namespaced: true },
    { name: "nodes", kind: "Node", namespaced: false },
    { name: "pods", kind: "Pod", namespaced: true },
    { name: "services", kind: "Service", namespaced: true },
    { name: "secrets", kind: "Secret", namespaced: true },
    { name: "namespaces", kind: "Namespace", namespaced: false },
    { name: "persistentvolumes", kind: "PersistentVolume", namespaced: false },
  ],
  "/apis/apps/v1": [{ name: "deployments", kind: "Deployment", namespaced: true }],
  "/apis/example.com/v1": [{ name: "widgets", kind: "Widget", namespaced: false }],
  "/apis/management.loft.sh/v1": [{ name: "nodeclaims", kind: "NodeClaim", namespaced: true }],
  "/apis/metal3.io/v1alpha1": [{ name: "baremetalhosts", kind: "BareMetalHost", namespaced: true }],
};

describe("Whatever is interrupted while a cluster is registered", function () {
  this.timeout(300_000);
  const objects = new Map<string, KubernetesObject>();
  const lists = new Map<string, object[]>([
    ["/api/v1/nodes", [{ metadata: { name: "system" }, spec: { providerID: "aws:///z/i" } }]],
    ["/api/v1/persistentvolumes", []],
    ["/api/v1/pods", []],
    ["/api/v1/namespaces/kube-system/pods", []],
    ["/api/v1/services", []],
    ["/api/v1/namespaces/tenants/secrets", []],
    ["/apis/management.loft.sh/v1/nodeclaims", []],
    ["/apis/metal3.io/v1alpha1/namespaces/metal3/baremetalhosts", []],
  ]);
  let cluster: HttpsServer;
  let rigged: Rig;
  before(async () => {
    cluster = await httpsServer((request, response) => void answer(request, response), { ipAddresses: ["127.0.0.1"] });
    rigged = await rig(provider, cluster.endpoint, () => ({}), cluster.identity);
  });
  after(async () => {
    await rigged.close();
    await cluster.close();
  });

  const answer = async (request: IncomingMessage, response: ServerResponse) => {
    const path = request.url!.split("?")[0]!;
    const say = (status: number, body: object) => response.writeHead(status).end(JSON.stringify(body));
    const fixed: Record<string, object> = {
      "/version": { gitVersion: "v1.37.0" },
      "/apis": { groups: [{ versions: [{ groupVersion: "resource.k8s.io/v1" }] }] },
      ...Object.fromEntries(Object.entries(resources).map(([root, list]) => [root, { resources: list }])),
      ...Object.fromEntries([...lists].map(([root, items]) => [root, { items }])),
    };
    if (fixed[path]) return say(200, fixed[path]);
    if (request.method === "POST") {
      const made = JSON.parse(await text(request)) as KubernetesObject;
      const place = `${path}/${made.metadata.name}`;
      if (objects.has(place)) return say(409, { reason: "AlreadyExists" });
      objects.set(place, made);
      return say(201, made);
    }
    const found = objects.get(path);
    if (found === undefined) return say(404, { reason: "NotFound" });
    if (request.method === "DELETE") objects.delete(path);
    return say(200, found);
  };

  const kubeconfig = (end = "") => new Secret(cluster.kubeconfig.replace(cluster.endpoint, rigged.gate.url) + end);
  const widget = (name: string, triggers: Record<string, string>) => {
    const conditions = [{ type: "Ready", status: "True" }];
    const [apiVersion, kind] = ["example.com/v1", "Widget"];
    const place = `/apis/example.com/v1/widgets/${name}`;
    if (!objects.has(place))
      objects.set(place, { apiVersion, kind, metadata: { name, uid: name }, status: { conditions } });
    return {
      kubeconfig: kubeconfig(),
      apiVersion,
      kind,
      name,
      conditions: [{ type: "Ready" }],
      deletes: true,
      triggers,
    };
  };
  const written = (name: string, triggers: Record<string, string>) => {
    const data = { config: Buffer.from(cluster.kubeconfig).toString("base64") };
    objects.set(`/api/v1/namespaces/tenants/secrets/${name}`, {
      apiVersion: "v1",
      kind: "Secret",
      metadata: { name, namespace: "tenants" },
      data,
    });
    return { kubeconfig: kubeconfig(), namespace: "tenants", name, clusterName: "tenant", triggers };
  };
  const claims = (clusterName: string) => ({
    kubeconfig: kubeconfig(),
    clusterName,
    project: "default",
    hostNamespace: "metal3",
  });
  const deployment = (name: string, labelSelector: string) => {
    const [namespace, place] = ["kube-system", `/apis/apps/v1/namespaces/kube-system/deployments/${name}`];
    objects.set(place, { apiVersion: "apps/v1", kind: "Deployment", metadata: { name, namespace } });
    return { kubeconfig: kubeconfig(), namespace, name, labelSelector };
  };
  const left = () => Promise.resolve([...objects.keys()].filter((path) => path.includes("configmaps")));
  const registering: Interruptible[] = [
    {
      type: "gpu-clusters:kubernetes:PlatformClaim",
      inputs: () => ({ kubeconfig: kubeconfig(), platform: "Modelplane" }),
      requests: 3,
      left,
    },
    {
      type: "gpu-clusters:kubernetes:ObjectReady",
      inputs: (name) => widget(name, { spec: "one" }),
      updated: (name) => widget(name, { spec: "two" }),
      requests: 2,
      left,
    },
    {
      type: "gpu-clusters:kubernetes:InferenceRequirements",
      inputs: () => ({ kubeconfig: kubeconfig(), pools: [] }),
      updated: () => ({ kubeconfig: kubeconfig(), pools: [], timeoutSeconds: 60 }),
      requests: 4,
      left,
    },
    {
      type: "gpu-clusters:kubernetes:KubeconfigSecret",
      inputs: (name) => written(name, { values: "one" }),
      updated: (name) => written(name, { values: "two" }),
      requests: 1,
      left,
    },
    {
      type: "gpu-clusters:kubernetes:MachinesReturned",
      inputs: (name) => claims(name),
      requests: 4,
      left,
    },
    {
      type: "gpu-clusters:kubernetes:DeploymentStopped",
      inputs: (name) => deployment(name, "app=it"),
      updated: (name) => deployment(name, "app=other"),
      requests: 2,
      left,
    },
    {
      type: "gpu-clusters:kubernetes:ReleaseUnlocked",
      inputs: (name) => ({ kubeconfig: kubeconfig(), namespace: "tenants", name }),
      updated: (name) => ({ kubeconfig: kubeconfig("\n"), namespace: "tenants", name }),
      requests: 2,
      left,
    },
    {
      type: "gpu-clusters:kubernetes:VolumesLeft",
      inputs: (clusterName) => ({
        kubeconfig: kubeconfig(),
        clusterName,
        driver: "ebs.csi.aws.com",
        hint: "delete it",
      }),
      updated: (clusterName) => ({ kubeconfig: kubeconfig(), clusterName, driver: "ebs.csi.aws.com", hint: "keep it" }),
      requests: 0,
      left,
    },
    {
      type: "gpu-clusters:kubernetes:NodesReady",
      inputs: (name) => ({ kubeconfig: kubeconfig(), controlPlaneNodes: 0, nodeGroups: [], claims: claims(name) }),
      updated: (name) => ({
        kubeconfig: kubeconfig(),
        controlPlaneNodes: 0,
        nodeGroups: [],
        claims: claims(`${name}-2`),
      }),
      requests: 6,
      left,
    },
  ];
  itGoesOnWith(registering, () => rigged);
});
