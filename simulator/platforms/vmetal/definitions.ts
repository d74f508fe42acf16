/** The kinds of vCluster Platform that servers are kept by, written from their description: what is required, and the words that fields may have. */
import { metal3Definition } from "../metal3/definition";
import { anything, flag, kind, list, object, text, texts } from "../schemas";

const installed = object({ enabled: flag, chartRepo: text, chart: text, version: text, helmValues: text }, ["enabled"]);

const nodeProvider = object({
  displayName: text,
  properties: texts,
  metal3: object({
    clusterRef: object({ cluster: text, namespace: text }, ["cluster"]),
    deploy: object({ metal3: installed, dhcp: installed, multus: installed }),
    nodeTypes: list(
      object(
        {
          name: text,
          displayName: text,
          properties: texts,
          resources: { type: "object", additionalProperties: { "x-kubernetes-int-or-string": true } },
          bareMetalHosts: object({ selector: anything }),
        },
        ["name"],
      ),
    ),
  }),
});

const osImage = object({ displayName: text, description: text, properties: texts });

const nodeClaim = object({ providerRef: text, typeRef: text, vClusterRef: text, properties: texts }, ["providerRef"]);

const platform = "management.loft.sh";

export const vmetalDefinitions: readonly object[] = [
  kind(platform, "v1", { kind: "NodeProvider", plural: "nodeproviders" }, nodeProvider, "Cluster"),
  kind(platform, "v1", { kind: "OSImage", plural: "osimages" }, osImage, "Cluster"),
  kind(platform, "v1", { kind: "NodeClaim", plural: "nodeclaims" }, nodeClaim, "Namespaced"),
  kind(
    "simulator.gpu-clusters.example",
    "v1",
    { kind: "PlayedRelease", plural: "playedreleases" },
    anything,
    "Namespaced",
  ),
  metal3Definition,
];
