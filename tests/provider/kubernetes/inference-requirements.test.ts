import assert from "node:assert/strict";
import { provider } from "../../../plugin/provider";
import { inferenceRequirements } from "../../../provider/kubernetes/handlers/inference-requirements";
import {
  missingRequirements,
  otherUsers,
  ownCluster,
  type ClusterFacts,
  type RequirementNode,
  type Requirements,
} from "../../../provider/kubernetes/inference-requirements";
import { driveResource, Secret, startPlugin } from "../server/harness";
import { testContext } from "./context";
import { httpsServer } from "./https-server";

const noSchedule = (key: string) => ({ key, effect: "NoSchedule" });

function node(name: string, pool?: string, more: Partial<RequirementNode> = {}): RequirementNode {
  const labels: Record<string, string> =
    pool === undefined ? {} : { "modelplane.ai/pool": pool, "nvidia.com/gpu.present": "true" };
  return {
    apiVersion: "v1",
    kind: "Node",
    metadata: { name, labels },
    spec: { providerID: `aws:///z/${name}` },
    ...more,
  };
}

const right: ClusterFacts = {
  version: "1.36.3",
  groupVersions: new Set(["apps/v1", "resource.k8s.io/v1"]),
  nodes: [
    node("gpu-0", "gpu", { spec: { taints: [noSchedule("nvidia.com/gpu")], providerID: "aws:///z/i" } }),
    node("system-0"),
  ],
  balancedServices: [],
  storageClass: { provisioner: "efs.csi.aws.com" },
  deviceClasses: [],
  devicePods: [],
};

function missing(changes: Partial<ClusterFacts>, wanted: Partial<Requirements> = {}): string {
  return missingRequirements({ ...right, ...changes }, { pools: ["gpu"], cacheStorageClass: "shared", ...wanted }).join(
    "; ",
  );
}

describe("what Modelplane needs of a cluster", () => {
  it("is met by a cluster that is made for it", () => {
    assert.equal(missing({}), "");
    assert.deepEqual(otherUsers(right), []);
  });

  it("is DRA, and nobody else who hands out GPUs", () => {
    assert.match(missing({ version: "1.33.1", groupVersions: new Set() }), /Kubernetes 1\.33\.1 has no DRA.*1\.34/);
    const offering = node("gpu-0", "gpu", { status: { allocatable: { "nvidia.com/gpu": "8" } } });
    assert.match(
      missing({ nodes: [offering, node("system-0")] }),
      /^a device plugin offers nvidia\.com\/gpu on gpu-0: .*`gpu: false`/,
    );
  });

  it("is nodes of each pool, with no taint that models do not tolerate", () => {
    assert.match(missing({}, { pools: ["gpu", "big"] }), /^no node has the label modelplane\.ai\/pool=big/);
    const taints = [noSchedule("team"), { key: "soft", effect: "PreferNoSchedule" }];
    const tainted = node("gpu-0", "gpu", { spec: { taints } });
    assert.match(
      missing({ nodes: [tainted, node("system-0")] }),
      /pool gpu has others: gpu-0 \(team\)$|^nothing shows/,
    );
  });

  it("is a node for the serving stack", () => {
    const tainted = node("control", undefined, {
      spec: { taints: [noSchedule("node-role.kubernetes.io/control-plane")], providerID: "aws:///z/c" },
    });
    assert.match(missing({ nodes: [right.nodes[0]!, tainted] }), /^no node is without a GPU and without a taint/);
  });

  it("is somebody who makes load balancers", () => {
    const nodes = [
      node("gpu-0", "gpu", { spec: {} }),
      node("system-0", undefined, { spec: { providerID: "kubeadm://x" } }),
    ];
    assert.match(missing({ nodes }), /^nothing shows who would give.*MetalLB.*`loadBalancers: true`/);
    assert.equal(missing({ nodes }, { loadBalancers: true }), "");
    assert.equal(missing({ nodes, groupVersions: new Set([...right.groupVersions, "metallb.io/v1beta1"]) }), "");
    const service = {
      apiVersion: "v1",
      kind: "Service",
      metadata: {},
      status: { loadBalancer: { ingress: [{ ip: "192.0.2.1" }] } },
    };
    assert.equal(missing({ nodes, balancedServices: [service] }), "");
  });

  it("is storage that many pods write at once, where models are cached", () => {
    assert.match(missing({ storageClass: undefined }), /^there is no StorageClass "shared"/);
    for (const provisioner of ["ebs.csi.aws.com", "ebs.csi.eks.amazonaws.com", "rook-ceph.rbd.csi.ceph.com"])
      assert.match(missing({ storageClass: { provisioner } }), /disks of one node at a time.*ReadWriteMany/);
    assert.equal(missing({ storageClass: { provisioner: "rook-ceph.cephfs.csi.ceph.com" } }), "");
    assert.equal(missing({ storageClass: undefined }, { cacheStorageClass: undefined }), "");
  });

  it("is to be another cluster than Modelplane's own, whose kubeconfig may have been given twice", () => {
    assert.deepEqual(ownCluster(right), []);
    const groupVersions = new Set([...right.groupVersions, "modelplane.ai/v1alpha1"]);
    assert.match(ownCluster({ ...right, groupVersions }).join(), /^Modelplane itself runs in it, .* by which context/);
  });

  it("is to be alone", () => {
    const groupVersions = new Set([...right.groupVersions, "cert-manager.io/v1", "monitoring.coreos.com/v1"]);
    const found = otherUsers({ ...right, groupVersions, devicePods: ["ml/train-0"] }).join("; ");
    assert.match(
      found,
      /^cert-manager, kube-prometheus-stack is in the cluster.*; pods ask for GPUs already: ml\/train-0/,
    );
    const nfd = new Set([...right.groupVersions, "nfd.k8s-sigs.io/v1alpha1"]);
    assert.match(
      otherUsers({ ...right, groupVersions: nfd, deviceClasses: ["gpu.nvidia.com", "mig.nvidia.com"] }).join("; "),
      /^Node Feature Discovery, NVIDIA's DRA driver \(`gpu: false` of our own clusters\) is in the cluster/,
    );
  });
});

describe("InferenceRequirements", () => {
  const kinds = { Node: "nodes", Service: "services", Pod: "pods", Namespace: "namespaces" };
  const cluster = async () => {
    const lists: Record<string, object[]> = {
      nodes: [...right.nodes],
      services: [],
      pods: [],
      deviceclasses: [],
    };
    const classes: Record<string, object> = { shared: { provisioner: "nfs.csi.k8s.io" } };
    const groupVersions = ["resource.k8s.io/v1"];
    const server = await httpsServer(({ url = "" }, response) => {
      const path = url.split("?")[0]!;
      const answers: Record<string, object | undefined> = {
        "/version": { gitVersion: "v1.36.3" },
        "/apis": { groups: [{ versions: groupVersions.map((groupVersion) => ({ groupVersion })) }] },
        "/api/v1": {
          resources: Object.entries(kinds).map(([kind, name]) => ({
            name,
            kind,
            namespaced: name !== "nodes" && name !== "namespaces",
          })),
        },
        "/apis/resource.k8s.io/v1": { resources: [{ name: "deviceclasses", kind: "DeviceClass", namespaced: false }] },
        "/apis/resource.k8s.io/v1/deviceclasses": { items: lists["deviceclasses"] },
        "/apis/storage.k8s.io/v1": { resources: [{ name: "storageclasses", kind: "StorageClass", namespaced: false }] },
        "/apis/storage.k8s.io/v1/storageclasses/shared": classes["shared"],
        ...Object.fromEntries(Object.entries(lists).map(([name, items]) => [`/api/v1/${name}`, { items }])),
      };
      const answer = answers[path];
      response.writeHead(answer === undefined ? 404 : 200).end(JSON.stringify(answer ?? { reason: "NotFound" }));
    });
    return { ...server, lists, classes, groupVersions };
  };

  it("keeps the contract", async () => {
    const { kubeconfig, close } = await cluster();
    const plugin = await startPlugin(provider);
    try {
      const inputs = { kubeconfig: new Secret(kubeconfig), pools: ["gpu"], cacheStorageClass: "shared" };
      await driveResource({
        plugin,
        type: "gpu-clusters:kubernetes:InferenceRequirements",
        inputs,
        updated: { ...inputs, pools: [] },
        importable: false,
      });
    } finally {
      await plugin.stop();
      await close();
    }
  });

  it("tells all that is missing, a line each, and warns of it at the preview", async () => {
    const { kubeconfig, lists, classes, close } = await cluster();
    try {
      const inputs = { kubeconfig, pools: ["gpu"], cacheStorageClass: "shared", timeoutSeconds: 1 };
      lists["nodes"] = [];
      delete classes["shared"];
      lists["pods"] = [{ metadata: { namespace: "ml", name: "train-0" }, spec: { resourceClaims: [{ name: "gpu" }] } }];
      lists["deviceclasses"] = [{ metadata: { name: "gpu.nvidia.com" } }];
      const context = testContext();
      assert.deepEqual(await inferenceRequirements.check!(inputs, context), []);
      assert.equal(
        context.said.filter((line) => line.startsWith("warn: the cluster is not ready for Modelplane")).length,
        6,
      );
      const error: Error = await inferenceRequirements.create(inputs, testContext()).then(
        () => assert.fail("did not fail"),
        (reason: Error) => reason,
      );
      assert.match(
        error.message,
        /^the cluster at https:\/\/127\.0\.0\.1:\d+ does not have what Modelplane needs after 1 s:\n {2}no node has/,
      );
      assert.equal(error.message.split("\n").length, 7);
    } finally {
      await close();
    }
  });

  it("says that it is Modelplane's own cluster, and holds no pod against a cluster that has ended", async () => {
    const { kubeconfig, lists, groupVersions, close } = await cluster();
    try {
      const resources = { limits: { "nvidia.com/gpu": "1" } };
      lists["pods"] = ["Succeeded", "Failed"].map((phase) => ({
        metadata: { namespace: "gpu-operator", name: "validator" },
        spec: { containers: [{ resources }] },
        status: { phase },
      }));
      const inputs = { kubeconfig, pools: ["gpu"], timeoutSeconds: 1 };
      assert.deepEqual(await inferenceRequirements.create(inputs, testContext()), {
        id: "test",
        outputs: { status: "met" },
      });
      groupVersions.push("modelplane.ai/v1alpha1");
      await assert.rejects(
        async () => inferenceRequirements.create(inputs, testContext()),
        /after 1 s:\n {2}Modelplane itself runs in it/,
      );
      const state = { inputs, outputs: { status: "met" as const } };
      assert.deepEqual(await inferenceRequirements.update!("c", inputs, state, testContext()), { status: "met" });
    } finally {
      await close();
    }
  });

  it("does not hold against a cluster what Modelplane has installed by then", async () => {
    const { kubeconfig, lists, close } = await cluster();
    try {
      lists["pods"] = [
        { metadata: { namespace: "default", name: "model" }, spec: { resourceClaims: [{ name: "gpu" }] } },
      ];
      lists["deviceclasses"] = [{ metadata: { name: "gpu.nvidia.com" } }];
      const inputs = { kubeconfig, pools: ["gpu"], timeoutSeconds: 1 };
      const state = { inputs, outputs: { status: "met" as const } };
      assert.deepEqual(await inferenceRequirements.update!("c", inputs, state, testContext()), { status: "met" });
    } finally {
      await close();
    }
  });
});
