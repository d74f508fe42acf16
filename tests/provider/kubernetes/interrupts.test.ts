/** ^C and time limits at each request to a cluster's API server: what only waits or remembers goes on afterwards. */
import { provider } from "../../../plugin/provider";
import { fakeApiServer, type FakeApiServer } from "../cudo/fake-api-server";
import { Secret } from "../server/harness";
import { rig, type Rig } from "../server/harness/interruption";
import { itGoesOnWith, type Interruptible } from "./interrupted";

describe("Whatever is interrupted in a cluster", function () {
  this.timeout(300_000);
  let cluster: FakeApiServer;
  let rigged: Rig;
  before(async () => {
    cluster = await fakeApiServer();
    rigged = await rig(provider, cluster.endpoint, () => ({}), cluster.identity);
    cluster.join("control", { "node-role.kubernetes.io/control-plane": "" });
    cluster.join("worker", { "gpu-clusters/node-group": "gpu" });
    for (const node of cluster.nodes.values()) node.status = { conditions: [{ type: "Ready", status: "True" }] };
  });
  after(async () => {
    await rigged.close();
    await cluster.close();
  });

  const kubeconfig = () => new Secret(cluster.kubeconfigAt(rigged.gate.url));
  const left = () => Promise.resolve([]);
  const nodes = (minSize: number) => ({
    kubeconfig: kubeconfig(),
    nodeGroups: [
      { name: "gpu", minSize },
      { name: "spare", minSize: 0 },
    ],
  });
  const resources: Interruptible[] = [
    {
      type: "gpu-clusters:kubernetes:ApiServerReady",
      inputs: () => ({ kubeconfig: kubeconfig() }),
      updated: () => ({ kubeconfig: kubeconfig(), timeoutSeconds: 60 }),
      requests: 3,
      left,
    },
    {
      type: "gpu-clusters:kubernetes:NodesReady",
      inputs: () => nodes(1),
      updated: () => nodes(0),
      requests: 1,
      left,
    },
    {
      type: "gpu-clusters:kubernetes:ClusterCertificates",
      inputs: (clusterName) => ({ clusterName }),
      updated: (clusterName) => ({ clusterName, adminValidityHours: 24 }),
      requests: 0,
      left,
    },
    {
      type: "gpu-clusters:kubernetes:EtcdMembers",
      inputs: (clusterName) => ({ clusterName, machines: ["a", "b", "c"] }),
      updated: (clusterName) => ({ clusterName, machines: ["a", "b", "d"] }),
      requests: 0,
      left,
    },
    {
      type: "gpu-clusters:kubernetes:LastingChoices",
      inputs: (clusterName) => ({ clusterName, choices: { zone: "a" } }),
      updated: (clusterName) => ({ clusterName, choices: { zone: "a", count: "1" } }),
      requests: 0,
      left,
    },
  ];
  itGoesOnWith(resources, () => rigged);
});
