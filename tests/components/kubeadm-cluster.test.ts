import assert from "node:assert/strict";
import * as pulumi from "@pulumi/pulumi";
import { parse } from "yaml";
import type { AddOn } from "../../components/addons/add-on";
import { kubeadmCluster, type KubeadmControlPlane, type KubeadmParts } from "../../components/kubeadm/cluster";
import { ClusterCertificates } from "../../sdk/kubernetes/cluster-certificates";
import { mockProgram, settled, valueOf, type Outputs } from "./mocks";

const cloud: Outputs = {
  "gpu-clusters:kubernetes:ClusterCertificates": () => ({
    caCertificate: "CA-CERT",
    adminCertificate: "ADMIN-CERT",
    adminPrivateKey: pulumi.secret("ADMIN-KEY"),
  }),
  "gpu-clusters:kubernetes:ApiServerReady": () => ({ ready: true, version: "v1.36.3" }),
  "gpu-clusters:kubernetes:NodesReady": () => ({ status: "ready" }),
};

class Thing extends pulumi.CustomResource {
  constructor(name: string, options: pulumi.CustomResourceOptions, inputs: pulumi.Inputs = {}) {
    super("bare:metal:Thing", name, inputs, options);
  }
}

/** On machines that were there before: no cloud has a part in it. */
function bareMetal(parts: Partial<KubeadmParts> = {}, controlPlane: Partial<KubeadmControlPlane> = {}) {
  const parent = new pulumi.ComponentResource("bare:metal:Cluster", "rack", {});
  const child = { parent };
  const server = new Thing("rack-server", child);
  const address = new Thing("rack-address", child);
  return kubeadmCluster(
    "rack",
    {
      clusterName: "rack",
      certificates: new ClusterCertificates("rack-certificates", { clusterName: "rack" }, child),
      controlPlane: {
        machines: [server.id],
        ready: [server, address],
        endpoint: pulumi.output("https://192.0.2.7:6443"),
        ...controlPlane,
      },
      cni: "none",
      podSubnet: "10.244.0.0/16",
      gpus: [],
      nodeGroups: [
        ({ apiServer, withKeeper, before, kubernetesVersion }) => ({
          name: "metal",
          minSize: 2,
          resource: new Thing(
            "rack-metal",
            { ...child, ...withKeeper, dependsOn: [apiServer, ...before] },
            { kubernetesVersion },
          ),
          status: pulumi.output({
            name: "metal",
            role: "worker" as const,
            minSize: 2,
            maxSize: 2,
            size: 2,
            machineTypes: ["server"],
            gpus: 8,
            gpuResources: { "nvidia.com/gpu": 8 } as Record<string, number>,
            taints: [],
            problems: [],
          }),
        }),
      ],
      ...parts,
    },
    child,
  );
}

describe("a cluster set up by kubeadm", () => {
  it("needs no cloud: machines and groups become a cluster with its kubeconfig", async () => {
    const registered = await mockProgram(cloud);
    const cluster = bareMetal();
    assert.equal(await valueOf(cluster.status), "ready");
    await settled();
    const kubeconfig = parse(await valueOf(cluster.kubeconfig)) as { clusters: { cluster: { server: string } }[] };
    assert.equal(kubeconfig.clusters[0]!.cluster.server, "https://192.0.2.7:6443");
    assert.equal(await pulumi.isSecret(cluster.kubeconfig), true);
    assert.equal(await valueOf(cluster.certificateAuthority), "CA-CERT");
    assert.deepEqual(
      (await valueOf(cluster.nodeGroups)).map(({ name, size, gpus }) => [name, size, gpus]),
      [["metal", 2, 8]],
    );
    const waitedFor = registered.inputs("gpu-clusters:kubernetes:NodesReady");
    assert.deepEqual(
      [waitedFor["nodeGroups"], waitedFor["controlPlaneNodes"], waitedFor["condition"]],
      [[{ name: "metal", minSize: 2 }], 1, "Registered"],
    );
    const group = registered.resources.find(({ name }) => name === "rack-metal")!;
    assert.equal((group.inputs as { kubernetesVersion: string }).kubernetesVersion, "1.36.3");
    assert.deepEqual(registered.dependenciesOf("rack-api-server").sort(), [
      "rack-address",
      "rack-certificates",
      "rack-server",
    ]);
  });

  it("makes what runs in it before, beside and after its nodes, and deletes it in the reverse order", async () => {
    const registered = await mockProgram(cloud);
    const seen: unknown[] = [];
    const addOn =
      (part: string): AddOn =>
      ({ name, kubernetesVersion }, options) => {
        seen.push(options.provider);
        return [new Thing(`${name}-${part}`, options, { kubernetesVersion })];
      };
    const addOns = {
      beforeGroups: [addOn("driver")],
      beforeNodes: [addOn("controller")],
      besideGroups: [addOn("scaler")],
      afterNodes: [addOn("devices")],
    };
    const cluster = bareMetal({ addOns });
    assert.equal(await valueOf(cluster.status), "ready");
    await settled();
    assert.deepEqual(seen, Array(4).fill(cluster.kubeProvider));
    const before = (part: string) => registered.dependenciesOf(`rack-${part}`);
    for (const part of ["driver", "controller"]) assert.ok(before(part).includes("rack-api-server"), part);
    assert.ok(before("metal").includes("rack-driver"));
    assert.ok(!before("metal").includes("rack-controller"));
    assert.ok(before("nodes").includes("rack-controller"));
    assert.ok(before("scaler").includes("rack-metal"));
    assert.ok(!before("metal").includes("rack-scaler"));
    assert.ok(before("devices").includes("rack-nodes"));
  });

  it("makes anew, with another machine that keeps it alone, what was in it", async () => {
    const addOn: AddOn = ({ name }, options) => [new Thing(`${name}-controller`, options)];
    const triggers = async (controlPlane: Partial<KubeadmControlPlane>) => {
      const registered = await mockProgram(cloud);
      const cluster = bareMetal({ addOns: { beforeNodes: [addOn] } }, controlPlane);
      assert.equal(await valueOf(cluster.status), "ready");
      await settled();
      return ["api-server", "controller", "metal", "nodes"].map((part) => registered.triggerOf(`rack-${part}`));
    };
    assert.deepEqual(await triggers({}), Array(4).fill("rack-server-id"));
    assert.deepEqual(await triggers({ machines: ["a", "b", "c"] }), Array(4).fill(undefined));
  });

  it("is ready with what waits for its nodes, not before", async () => {
    await mockProgram(cloud);
    let finish: (() => void) | undefined;
    const waiting = new Promise<void>((resolve) => (finish = resolve));
    const slow: AddOn = ({ name }, options) => [
      new Thing(`${name}-slow`, options, { ready: waiting.then(() => "yes") }),
    ];
    const cluster = bareMetal({ addOns: { afterNodes: [slow] } });
    let status: string | undefined;
    cluster.status.apply((value) => (status = value));
    await valueOf(cluster.nodeGroups);
    assert.equal(status, undefined);
    finish!();
    assert.equal(await valueOf(cluster.status), "ready");
    await settled();
  });
});
