/** The same of what stands on a cluster: it is left out before it is there, alone or with the cluster. */
import assert from "node:assert/strict";
import * as pulumi from "@pulumi/pulumi";
import type { Mocks } from "@pulumi/pulumi/runtime";
import { getMonitor } from "@pulumi/pulumi/runtime/settings";
import type { KubernetesCluster } from "../../components/cluster";
import { JupyterHub } from "../../components/addons";
import { OAuth2Client } from "../../sdk/keycloak";
import { clusterInHand } from "./cluster-in-hand";
import { components } from "./exported";
import { mockProgram } from "./mocks";
import { componentOf } from "./declared-inputs";
import { programs } from "./programs-scene";
import { rejectionsOf } from "./rejections";

const gpus = { name: "gpu", gpus: 8, gpuModel: "H100", gpuResources: { "nvidia.com/gpu": 8 } };
const nothing = () => pulumi.output(undefined) as never;
const sharedStorageClass = pulumi.output("shared");
const clusters: Record<string, () => KubernetesCluster> = {
  alone: () => clusterInHand([gpus], { sharedStorageClass, certificateAuthority: pulumi.output("CA") }),
  "with its cluster": () =>
    clusterInHand([], {
      sharedStorageClass,
      endpoint: nothing(),
      certificateAuthority: nothing(),
      kubeconfig: pulumi.secret(undefined) as never,
      nodeGroups: pulumi.output([undefined]) as never,
      status: nothing(),
    }),
};

function on(value: unknown, cluster: () => KubernetesCluster): unknown {
  if (Array.isArray(value)) return value.map((each) => on(each, cluster));
  if (typeof value !== "object" || value === null || pulumi.Output.isInstance(value)) return value;
  if ("clusterName" in value && pulumi.Output.isInstance(value.clusterName)) return cluster();
  return Object.fromEntries(Object.entries(value).map(([key, each]) => [key, on(each, cluster)]));
}

/** What is left out has none, and gives its inputs back. */
function withoutIds(): void {
  const { mocks } = getMonitor() as unknown as { mocks: Mocks };
  const { newResource } = mocks;
  mocks.newResource = async (args) => ({ ...(await newResource(args)), id: undefined });
}

/** Classes that are handed over in the scenes are no resources. */
const others = Object.entries(programs).filter(([scene]) => scene !== "InferenceCluster on EKS");
const ofGroups = { ...programs["InferenceCluster"]!.base, nodePools: [{ name: "gpu" }] };
const scenes = [...others, ["InferenceCluster of the cluster's groups", { base: ofGroups }]] as const;

describe("what a command leaves out of what stands on a cluster", () => {
  for (const [scene, { base }] of scenes)
    for (const [how, cluster] of Object.entries(clusters))
      it(`breaks nothing: ${scene}, ${how}`, async () => {
        await mockProgram({});
        withoutIds();
        const made = () => new components[componentOf(scene)]!("search", on(base, cluster) as object);
        assert.deepEqual((await rejectionsOf(made)).map(String), []);
      });

  it("breaks nothing: JupyterHub, with the OAuth2Client that lets people in", async () => {
    await mockProgram({});
    withoutIds();
    const found = await rejectionsOf(() => {
      const client = new OAuth2Client("hub", { realm: "lab", clientId: "hub", redirectUris: [] });
      new JupyterHub("hub", { cluster: clusters["alone"]!(), url: "https://hub.example.com", client });
    });
    assert.deepEqual(found.map(String), []);
  });
});
