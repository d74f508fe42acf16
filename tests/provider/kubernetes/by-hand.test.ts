/** What somebody deletes or changes in a cluster by hand: `up` brings it right or says what is missing, and a destroy leaves nothing. */
import { provider } from "../../../plugin/provider";
import type { KubernetesObject } from "../../../provider/kubernetes/api";
import { Secret, startPlugin, type Plugin } from "../server/harness";
import { itStandsWhatIsDoneByHand, type ByHand } from "../server/harness/by-hand";
import { memoryCluster, type MemoryCluster } from "./memory-cluster";

describe("By hand in a cluster", function () {
  this.timeout(300_000);
  let cluster: MemoryCluster;
  let plugin: Plugin;
  before(async () => {
    cluster = await memoryCluster();
    plugin = await startPlugin(provider);
  });
  after(async () => {
    await plugin?.stop();
    await cluster?.close();
  });

  const kubeconfig = (end = "") => new Secret(cluster.kubeconfig + end);
  const nothing = () => Promise.resolve([]);
  /** What the program's other resources make. */
  const there = (place: string, object: KubernetesObject) => {
    if (!cluster.objects.has(place)) cluster.objects.set(place, object);
    return place;
  };
  const lost = (place: string) => Promise.resolve(cluster.objects.delete(place));
  const down = (isDown: boolean) => () => Promise.resolve((cluster.isDown = isDown));

  const widgetPlace = (name: string) => `/apis/example.com/v1/widgets/${name}`;
  const widget = (name: string, triggers: Record<string, string>) => {
    const [apiVersion, kind] = ["example.com/v1", "Widget"];
    const conditions = [{ type: "Ready" }];
    return { kubeconfig: kubeconfig(), apiVersion, kind, name, conditions, deletes: true, timeoutSeconds: 1, triggers };
  };
  const madeWidget = (name: string) => {
    const status = { conditions: [{ type: "Ready", status: "True" }] };
    const metadata = { name, uid: crypto.randomUUID() };
    there(widgetPlace(name), { apiVersion: "example.com/v1", kind: "Widget", metadata, status });
    return widget(name, { spec: "one" });
  };
  const secretPlace = (name: string) => `/api/v1/namespaces/tenants/secrets/${name}`;
  const tenant = (name: string, triggers: Record<string, string>) => {
    const clusterName = "tenant";
    return { kubeconfig: kubeconfig(), namespace: "tenants", name, clusterName, timeoutSeconds: 1, triggers };
  };
  const madeSecret = (name: string) => {
    const metadata = { name, namespace: "tenants" };
    const data = { config: Buffer.from(cluster.kubeconfig).toString("base64") };
    there(secretPlace(name), { apiVersion: "v1", kind: "Secret", metadata, data });
    return tenant(name, { values: "one" });
  };
  const deploymentPlace = (name: string) => `/apis/apps/v1/namespaces/kube-system/deployments/${name}`;
  const stopped = (name: string, labelSelector = "app=it") => {
    return { kubeconfig: kubeconfig(), namespace: "kube-system", name, labelSelector };
  };
  const madeDeployment = (name: string) => {
    there(deploymentPlace(name), { apiVersion: "apps/v1", kind: "Deployment", metadata: { name } });
    return stopped(name);
  };
  const mark = "/api/v1/namespaces/kube-system/configmaps/gpu-clusters-platform";
  const ownerOf = () => (cluster.objects.get(mark)!["data"] as { owner: string }).owner;
  const objectsAt = (place: (name: string) => string) => (name: string) =>
    Promise.resolve(cluster.objects.has(place(name)) ? [name] : []);
  const nodes = () => cluster.lists.get("/api/v1/nodes")!;
  const status = { conditions: [{ type: "Ready", status: "True" }] };
  const node = { metadata: { name: "worker", labels: { "gpu-clusters/node-group": "gpu" } }, status, spec: {} };
  const ready = () => ({ kubeconfig: kubeconfig(), controlPlaneNodes: 0, nodeGroups: [{ name: "gpu", minSize: 1 }] });
  const joined = () => {
    if (!nodes().includes(node)) nodes().push(node);
    return ready();
  };
  const gone = () => Promise.resolve(nodes().splice(nodes().indexOf(node), 1));

  const rows: ByHand[] = [
    {
      type: "gpu-clusters:kubernetes:ObjectReady",
      inputs: madeWidget,
      updated: (name) => widget(name, { spec: "two" }),
      lose: (name) => lost(widgetPlace(name)),
      refusal:
        /^Widget edited in the cluster at \S+ was not ready after 1 s: it does not exist any more; run `pulumi refresh`, then `pulumi up` makes it again$/,
      back: (name) => Promise.resolve(madeWidget(name)),
      left: objectsAt(widgetPlace),
    },
    {
      type: "gpu-clusters:kubernetes:KubeconfigSecret",
      inputs: madeSecret,
      updated: (name) => tenant(name, { values: "two" }),
      lose: (name) => lost(secretPlace(name)),
      refusal: /^Secret tenants\/edited gave no kubeconfig after 1 s: it does not exist$/,
      back: (name) => Promise.resolve(madeSecret(name)),
      left: nothing,
    },
    {
      type: "gpu-clusters:kubernetes:DeploymentStopped",
      inputs: madeDeployment,
      updated: (name) => stopped(name, "app=other"),
      lose: (name) => lost(deploymentPlace(name)),
      // Whose it is makes it again.
      again: "same",
      refusal:
        /^the Deployment kube-system\/edited is not there, contrary to the state: pulumi up --refresh makes it again$/,
      back: (name) => Promise.resolve(madeDeployment(name)),
      left: objectsAt(deploymentPlace),
    },
    {
      type: "gpu-clusters:kubernetes:PlatformClaim",
      inputs: () => ({ kubeconfig: kubeconfig(), platform: "Modelplane" }),
      updated: () => ({ kubeconfig: kubeconfig("\n"), platform: "Modelplane" }),
      lose: () => lost(mark),
      left: () => Promise.resolve(cluster.objects.has(mark) ? ["mark"] : []),
    },
    {
      type: "gpu-clusters:kubernetes:PlatformClaim",
      of: "another platform's",
      inputs: () => ({ kubeconfig: kubeconfig(), platform: "Modelplane" }),
      async lose() {
        const data = { platform: "Michelangelo", owner: "somebody" };
        cluster.objects.set(mark, { apiVersion: "v1", kind: "ConfigMap", metadata: { name: "mark" }, data });
      },
      again: /^platform: .*Michelangelo/,
      back: () => lost(mark),
      left: () => Promise.resolve(cluster.objects.has(mark) && ownerOf() !== "somebody" ? ["mark"] : []),
    },
    {
      type: "gpu-clusters:kubernetes:ApiServerReady",
      inputs: () => ({ kubeconfig: kubeconfig() }),
      updated: () => ({ kubeconfig: kubeconfig(), timeoutSeconds: 1 }),
      lose: down(true),
      again: "same",
      refusal: /^the API server at \S+ was not ready after 1 s; last: /,
      back: down(false),
      left: nothing,
    },
    {
      type: "gpu-clusters:kubernetes:NodesReady",
      inputs: () => joined(),
      updated: () => ({ ...ready(), timeoutSeconds: 1 }),
      lose: gone,
      // The autoscaler replaces machines whose nodes are gone.
      again: "same",
      refusal: /^the cluster did not have its nodes after 1 s: /,
      back: () => Promise.resolve(joined()),
      left: nothing,
    },
    {
      type: "gpu-clusters:kubernetes:InferenceRequirements",
      inputs: () => ({ kubeconfig: kubeconfig(), pools: [] }),
      updated: () => ({ kubeconfig: kubeconfig(), pools: [], timeoutSeconds: 1 }),
      lose: down(true),
      again: "same",
      refusal: /^the cluster at \S+ does not have what Modelplane needs after 1 s:/,
      back: down(false),
      left: nothing,
    },
    {
      type: "gpu-clusters:kubernetes:MachinesReturned",
      inputs: (clusterName) => ({ kubeconfig: kubeconfig(), clusterName, project: "default", hostNamespace: "metal3" }),
      left: nothing,
    },
    {
      type: "gpu-clusters:kubernetes:ReleaseUnlocked",
      inputs: (name) => ({ kubeconfig: kubeconfig(), namespace: "tenants", name }),
      left: nothing,
    },
    {
      type: "gpu-clusters:kubernetes:ObjectsGone",
      inputs: (controller) => ({
        kubeconfig: kubeconfig(),
        controller,
        kinds: [{ apiVersion: "ray.io/v1", kind: "RayJob" }],
      }),
      left: nothing,
    },
    {
      type: "gpu-clusters:kubernetes:VolumesLeft",
      inputs: (clusterName) => ({
        kubeconfig: kubeconfig(),
        clusterName,
        driver: "ebs.csi.aws.com",
        hint: "delete it",
      }),
      left: nothing,
    },
    {
      type: "gpu-clusters:kubernetes:ClusterCertificates",
      inputs: (clusterName) => ({ clusterName }),
      left: nothing,
    },
    {
      type: "gpu-clusters:kubernetes:EtcdMembers",
      inputs: (clusterName) => ({ clusterName, machines: ["a", "b", "c"] }),
      left: nothing,
    },
    {
      type: "gpu-clusters:kubernetes:LastingChoices",
      inputs: (clusterName) => ({ clusterName, choices: { zone: "a" } }),
      left: nothing,
    },
    { type: "gpu-clusters:kubernetes:GeneratedKey", inputs: () => ({ bytes: 32 }), left: nothing },
  ];
  itStandsWhatIsDoneByHand("kubernetes", () => plugin, rows);
});
