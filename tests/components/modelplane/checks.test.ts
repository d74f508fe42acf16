import assert from "node:assert/strict";
import * as pulumi from "@pulumi/pulumi";
import fc from "fast-check";
import type { KubernetesCluster } from "../../../components/cluster";
import type {
  DeviceArgs,
  InferenceClass,
  InferenceClassArgs,
  InferenceClusterArgs,
  NodePoolArgs,
} from "../../../components/modelplane";
import { checkInferenceClass } from "../../../components/modelplane/class-checks";
import { checkInferenceCluster } from "../../../components/modelplane/cluster-checks";
import { quantityOf } from "../../../sdk/kubernetes/quantity";

const controlPlane = { clusterName: pulumi.output("modelplane") } as KubernetesCluster;
const cluster = { clusterName: pulumi.output("served") } as KubernetesCluster;

function refused(changes: Partial<InferenceClusterArgs>): string[] {
  const args = { controlPlane, existing: { cluster }, nodePools: [{ name: "gpu" }], ...changes };
  return checkInferenceCluster("us-east", args).all.map(({ propertyPath, reason }) => `${propertyPath} ${reason}`);
}

const region = "us-west-2";
const eks = { existing: undefined, eks: { region } };
const pool = (changes: Partial<NodePoolArgs> = {}) => ({ name: "gpu", class: "l4", zones: ["us-west-2a"], ...changes });

function refusedPool(changes: Partial<NodePoolArgs>, args: Partial<InferenceClusterArgs> = eks): string[] {
  return refused({ ...args, nodePools: [pool(changes)] });
}

function only(found: string[], expected: RegExp): void {
  assert.equal(found.length, 1, found.join("\n"));
  assert.match(found[0]!, expected);
}

describe("what is refused of an InferenceCluster before Modelplane is asked", () => {
  it("is nothing of what can be made", () => {
    assert.deepEqual(refused({}), []);
    assert.deepEqual(refusedPool({ minNodeCount: 1, maxNodeCount: 4, nodeCount: 2 }), []);
    assert.deepEqual(refusedPool({ fabric: { type: "EFA" }, capacityBlock: { capacityReservationId: "cr-0ab1" } }), []);
    assert.deepEqual(
      refusedPool({ zones: ["us-central1-a"] }, { existing: undefined, gke: { region: "us-central1" } }),
      [],
    );
    assert.deepEqual(refusedPool({ zones: undefined }, { existing: undefined, aks: { location: "westeurope" } }), []);
    const infiniband = { type: "InfiniBand" as const, infiniband: { fabric: "fabric-6" } };
    assert.deepEqual(refusedPool({ zones: undefined, fabric: infiniband }, { existing: undefined, nebius: {} }), []);
    const onAzure = { zones: undefined, fabric: { type: "InfiniBand" as const } };
    assert.deepEqual(refusedPool(onAzure, { existing: undefined, aks: { location: "westeurope" } }), []);
    assert.deepEqual(refusedPool({ zones: undefined }, { existing: undefined, vultr: { region: "ewr" } }), []);
  });

  it("is what the API would refuse once access has been given away: labels, and the name of a class", () => {
    assert.deepEqual(refused({ labels: { "example.com/region": "us-east", "modelplane.ai/tier": "a.b" } }), []);
    only(refused({ labels: { region: "US East" } }), /^labels\["region"\] the value "US East" must have/);
    only(refused({ labels: { "my region": "east" } }), /^labels\["my region"\] the name must have/);
    only(refusedPool({ class: "L4 class" }), /^nodePools\[0\]\.class "L4 class" must have 1 to 63 lower-case/);
    for (const className of ["L4 class", "", "a".repeat(64)]) {
      const ofAnObject = { className, provisions: "eks" } as unknown as InferenceClass;
      only(refusedPool({ class: ofAnObject }), /^nodePools\[0\]\.class\.className ".*" must have 1 to 63 lower-case/);
    }
  });

  it("is a text of no characters, or of too many, for the API", () => {
    const credentials = (name: string) => ({ existing: undefined, eks: { region, credentials: { name } } });
    assert.deepEqual(refusedPool({}, credentials("research")), []);
    only(refusedPool({}, credentials("")), /^eks\.credentials\.name .* must have 1 to 253 lower-case/);
    const long = "x".repeat(64);
    const classOf = (eks: { instanceType: string; accelerator?: { type: string; count: number } }) => ({
      gpus: { model: "L4", count: 1 },
      provisioning: { eks },
    });
    only(refusedClass(classOf({ instanceType: "" })), /^provisioning\.eks\.instanceType must have 1 to 63 characters/);
    const accelerator = { type: long, count: 1 };
    const typed = classOf({ instanceType: "g6.xlarge", accelerator });
    only(refusedClass(typed), /^provisioning\.eks\.accelerator\.type must have 1 to 63 characters/);
    const device = { name: "gpu", driver: "x".repeat(254), deviceClassName: "gpu.nvidia.com", count: 1 };
    only(refusedClass({ devices: [device] }), /^devices\[0\]\.driver .* must have 1 to 253 lower-case/);
  });

  it("is no source, and a second one", () => {
    only(
      refused({ existing: undefined }),
      /^existing a source is required: one of existing, eks, gke, aks, nebius, vultr$/,
    );
    only(
      refused({ gke: { region: "us-central1" } }),
      /^gke is a second source besides existing, which Modelplane would ignore/,
    );
  });

  it("is Modelplane's own cluster", () => {
    only(refused({ existing: { cluster: controlPlane } }), /^existing\.cluster is the cluster that Modelplane runs in/);
  });

  it("is an identity that Modelplane cannot use, and a path in the place of a key", () => {
    const identity = (given: object) => refused({ existing: { cluster, identity: given as never } });
    assert.deepEqual(identity({ credentials: "{}" }), []);
    assert.deepEqual(identity({ type: "NebiusServiceAccountCredentials", credentials: "{}" }), []);
    only(
      identity({ type: "AWSWebIdentityCredentials", credentials: "{}" }),
      /^existing\.identity\.type AWS's web identities .*leave identity out/,
    );
    only(identity({ type: "Azure", credentials: "{}" }), /^existing\.identity\.type must be one of "GoogleApplication/);
    only(identity({ credentials: "/home/me/key.json" }), /^existing\.identity\.credentials must be the JSON/);
  });

  it("is no pool, and more than eight, and two of a name", () => {
    only(refused({ nodePools: [] }), /^nodePools must be 1 to 8, are 0$/);
    const nine = Array.from({ length: 9 }, (_, index) => ({ name: `p${index}` }));
    only(refused({ nodePools: nine }), /^nodePools must be 1 to 8, are 9$/);
    only(refused({ nodePools: [{ name: "gpu" }, { name: "gpu" }] }), /^nodePools\[1\]\.name "gpu" is another pool's$/);
    only(refused({ nodePools: [{ name: "g".repeat(41) }] }), /^nodePools\[0\]\.name ".*" must have 1 to 40/);
    const aks = { existing: undefined, aks: { location: "westeurope" } };
    only(refusedPool({ name: "gpu-pool", zones: undefined }, aks), /^nodePools\[0\]\.name .*on AKS$/);
  });

  it("is a minimum above the maximum, whichever numbers they are", () => {
    fc.assert(
      fc.property(fc.integer({ min: 0, max: 50 }), fc.integer({ min: 1, max: 50 }), (minNodeCount, maxNodeCount) => {
        assert.equal(refusedPool({ minNodeCount, maxNodeCount }).length > 0, minNodeCount > maxNodeCount);
      }),
    );
    only(
      refusedPool({ minNodeCount: 5, maxNodeCount: 1 }),
      /^nodePools\[0\]\.minNodeCount is 5, more than maxNodeCount, 1$/,
    );
    only(refusedPool({ nodeCount: 5, maxNodeCount: 1 }), /nodeCount is 5, more than maxNodeCount/);
    only(refusedPool({ nodeCount: 0, minNodeCount: 1 }), /nodeCount is 0, less than minNodeCount/);
    only(refusedPool({ nodeCount: 1.5 }), /nodeCount must be an integer/);
  });

  it("is no zone where the cloud needs one, and one of another region", () => {
    for (const zones of [undefined, []])
      only(refusedPool({ zones }), /^nodePools\[0\]\.zones at least one is required on eks/);
    only(
      refusedPool({ zones: ["us-west-2a", "us-east-1a"] }),
      /^nodePools\[0\]\.zones\[1\] "us-east-1a" is no zone of us-west-2$/,
    );
    only(refused({ nodePools: [{ name: "gpu", zones: ["a"] }] }), /^nodePools\[0\]\.zones mean nothing/);
  });

  it("is another cloud's network and reservations", () => {
    const gke = { existing: undefined, gke: { region: "us-central1" } };
    const zones = ["us-central1-a"];
    only(refusedPool({ zones, fabric: { type: "EFA" } }, gke), /fabric\.type EFA is AWS's/);
    only(refusedPool({ zones, fabric: { type: "InfiniBand" } }, gke), /fabric\.type InfiniBand is Nebius' and Azure's/);
    only(refusedPool({ zones, capacityBlock: { capacityReservationId: "cr-1" } }, gke), /capacityBlock is EC2's/);
    only(
      refusedPool({ capacityBlock: { capacityReservationId: "cr-XYZ" } }),
      /capacityReservationId must be a reservation's id/,
    );
    only(
      refusedPool({ fabric: { type: "None", infiniband: { fabric: "f" } } }),
      /infiniband is for the type InfiniBand/,
    );
    const nebius = { existing: undefined, nebius: {} };
    only(refusedPool({ zones: undefined, fabric: { type: "InfiniBand" } }, nebius), /infiniband is required on Nebius/);
  });

  it("is a pool of machines that nobody described", () => {
    only(refusedPool({ class: undefined }), /^nodePools\[0\]\.class is required on eks/);
    only(
      refused({ nodePools: [{ name: "gpu", gpus: { model: "H900", count: 1 } }] }),
      /^nodePools\[0\]\.gpus\.model .*"H900".*known: t4/,
    );
    only(
      refused({ nodePools: [{ name: "gpu", class: "l4", gpus: { model: "L4", count: 1 } }] }),
      /^nodePools\[0\]\.gpus are the class's to tell/,
    );
  });

  it("is told all at once", () => {
    const wrong = { minNodeCount: 5, maxNodeCount: 1, zones: [], capacityBlock: { capacityReservationId: "x" } };
    const found = refused({ clusterName: "Bad_Name", eks: { region }, nodePools: [{ name: "G", ...wrong }] });
    const fields = found.map((line) => line.split(" ")[0]);
    assert.deepEqual(fields, [
      "clusterName",
      "eks",
      "nodePools[0].name",
      "nodePools[0].minNodeCount",
      "nodePools[0].zones",
      "nodePools[0].capacityBlock",
      "nodePools[0].capacityBlock.capacityReservationId",
    ]);
  });
});

const gpu: DeviceArgs = { name: "gpu", driver: "gpu.nvidia.com", deviceClassName: "gpu.nvidia.com" };

function refusedClass(changes: Partial<InferenceClassArgs>): string[] {
  return checkInferenceClass("l4", { controlPlane, ...changes }).all.map(
    ({ propertyPath, reason }) => `${propertyPath} ${reason}`,
  );
}

describe("what is refused of an InferenceClass", () => {
  it("is nothing of what drivers publish", () => {
    assert.deepEqual(refusedClass({ gpus: { model: "H100 SXM", count: 8 } }), []);
    const productName = { string: "NVIDIA L4" };
    assert.deepEqual(
      refusedClass({ devices: [{ ...gpu, attributes: { productName }, capacity: { memory: "23034Mi" } }] }),
      [],
    );
    assert.deepEqual(
      refusedClass({ devices: [{ name: "x", driver: "gpu.example.com", claim: "Synthetic", capacity: { any: "3" } }] }),
      [],
    );
  });

  it("is both ways to say the devices, and none", () => {
    only(refusedClass({}), /^devices give either gpus/);
    only(refusedClass({ gpus: { model: "L4", count: 1 }, devices: [gpu] }), /^devices give either gpus/);
  });

  it("is capacity that no driver publishes", () => {
    const capacity = (given: Record<string, string>, attributes?: DeviceArgs["attributes"]) =>
      refusedClass({ devices: [{ ...gpu, attributes, capacity: given }] });
    only(capacity({ memory: "lots" }), /^devices\[0\]\.capacity\.memory "lots" must be a Kubernetes quantity/);
    only(capacity({ memory: "80G" }), /what a GPU is sold as/);
    only(
      capacity({ memory: "24Gi" }, { productName: { string: "NVIDIA L4" } }),
      /more than the driver publishes of L4, 23034Mi/,
    );
    only(capacity({ vram: "1Mi" }), /gpu\.nvidia\.com publishes no such capacity, but memory/);
  });

  it("is a device that nobody can claim", () => {
    only(refusedClass({ devices: [{ ...gpu, deviceClassName: undefined }] }), /deviceClassName is required/);
    only(
      refusedClass({ devices: [{ ...gpu, attributes: { a: { string: "x", int: 1 } } }] }),
      /attributes\.a must have exactly one/,
    );
    only(refusedClass({ devices: [gpu, gpu] }), /^devices\[1\]\.name "gpu" is another device's/);
    only(refusedClass({ devices: [{ ...gpu, count: 65 }] }), /count must be a whole number from 1 to 64/);
  });

  it("is a way to make machines that is none, or two, or another number of GPUs", () => {
    const gpus = { model: "L4", count: 1 };
    const instance = { instanceType: "g6.xlarge" };
    only(refusedClass({ gpus, provisioning: {} }), /^provisioning must have exactly one/);
    const two = { eks: instance, gke: { machineType: "g2-standard-4" } };
    only(refusedClass({ gpus, provisioning: two }), /^provisioning must have exactly one of .* has 2$/);
    const accelerator = { type: "nvidia-l4", count: 4 };
    only(
      refusedClass({ gpus, provisioning: { eks: { ...instance, accelerator } } }),
      /accelerator\.count is 4, and gpus\.count is 1$/,
    );
    only(refusedClass({ devices: [gpu], provisioning: { eks: instance } }), /accelerator is required/);
    only(refusedClass({ gpus, provisioning: { eks: { ...instance, diskSizeGb: 5 } } }), /diskSizeGb must be/);
  });
});

describe("quantities", () => {
  it("are Kubernetes' own", () => {
    assert.equal(quantityOf("81559Mi"), 81_559 * 2 ** 20);
    assert.equal(quantityOf("1.5Gi"), 1.5 * 2 ** 30);
    assert.equal(quantityOf("80G"), 80e9);
    assert.equal(quantityOf("1e3"), 1000);
    assert.equal(quantityOf("-1"), -1);
    for (const text of ["", "lots", "12GB", "1 Gi", "Mi"]) assert.equal(quantityOf(text), undefined, text);
  });
});
