/** ^C and time limits at each request of what registers a cluster: the next `up` goes on, and a destroy leaves nothing. */
import { provider } from "../../../plugin/provider";
import { Secret } from "../server/harness";
import { rig, type Rig } from "../server/harness/interruption";
import { itGoesOnWith, type Interruptible } from "./interrupted";
import { memoryCluster, type MemoryCluster } from "./memory-cluster";

describe("Whatever is interrupted while a cluster is registered", function () {
  this.timeout(300_000);
  let cluster: MemoryCluster;
  let rigged: Rig;
  before(async () => {
    cluster = await memoryCluster();
    rigged = await rig(provider, cluster.endpoint, () => ({}), cluster.identity);
  });
  after(async () => {
    await rigged.close();
    await cluster.close();
  });

  const objects = () => cluster.objects;
  const kubeconfig = (end = "") => new Secret(cluster.kubeconfig.replace(cluster.endpoint, rigged.gate.url) + end);
  const widget = (name: string, triggers: Record<string, string>) => {
    const conditions = [{ type: "Ready", status: "True" }];
    const [apiVersion, kind] = ["example.com/v1", "Widget"];
    const place = `/apis/example.com/v1/widgets/${name}`;
    if (!objects().has(place))
      objects().set(place, { apiVersion, kind, metadata: { name, uid: name }, status: { conditions } });
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
    objects().set(`/api/v1/namespaces/tenants/secrets/${name}`, {
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
    objects().set(place, { apiVersion: "apps/v1", kind: "Deployment", metadata: { name, namespace } });
    return { kubeconfig: kubeconfig(), namespace, name, labelSelector };
  };
  const left = () => Promise.resolve([...objects().keys()].filter((path) => path.includes("configmaps")));
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
      type: "gpu-clusters:kubernetes:ObjectsGone",
      inputs: (controller) => ({
        kubeconfig: kubeconfig(),
        controller,
        kinds: [{ apiVersion: "example.com/v1", kind: "Widget" }],
      }),
      updated: (controller) => ({
        kubeconfig: kubeconfig("\n"),
        controller,
        kinds: [{ apiVersion: "example.com/v1", kind: "Widget" }],
      }),
      requests: 0,
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
