/** What in a cluster only one can have: whoever comes second is refused by a field of his own, and what can be there twice is not. */
import assert from "node:assert/strict";
import * as pulumi from "@pulumi/pulumi";
import {
  FileShareVolume,
  JupyterHub,
  KubeRay,
  ServiceAccountKubeconfig,
  SharedClaim,
  Slurm,
} from "../../components/addons";
import type { KubernetesCluster } from "../../components/cluster";
import { InvalidInput } from "../../components/errors";
import { claimNamespace } from "../../components/addons/shared-storage/claim";
import { ComputeCluster } from "../../components/michelangelo";
import { checkComputeCluster } from "../../components/michelangelo/validate";
import { InferenceClass, InferenceCluster } from "../../components/modelplane";
import { checkServices } from "../../stack/services";
import { clusterInHand } from "./cluster-in-hand";
import { handed } from "./declared-inputs";
import { components } from "./exported";
import { mockProgram, promiseOf, settled } from "./mocks";
import { programs } from "./programs-scene";

const client = { issuer: "https://sso.example.com/realms/lab", clientId: "train", secret: "CLIENT-SECRET" };
const url = "https://hub.example.com";
const shared = () => clusterInHand([{}], { sharedStorageClass: pulumi.output("shared") });

type Make = (cluster: KubernetesCluster, name: string) => unknown;
const hub = (namespace?: string): Make => {
  return (cluster, name) => new JupyterHub(name, { cluster, url, client, ...(namespace && { namespace }) });
};
const ray = (namespace?: string): Make => {
  return (cluster, name) => new KubeRay(name, { cluster, ...(namespace && { namespace }) });
};
const slurm: Make = (cluster, name) => new Slurm(name, { cluster });
const claim = (claimName: string, namespace?: string): Make => {
  return (cluster, name) => new SharedClaim(name, { cluster, sizeGib: 1, claimName, ...(namespace && { namespace }) });
};
const volume = (claimName: string, namespace?: string): Make => {
  return (cluster, name) =>
    new FileShareVolume(name, { cluster, share: "data", sizeGb: 1, claimName, ...(namespace && { namespace }) });
};
const account: Make = (cluster, name) => new ServiceAccountKubeconfig(name, { cluster, accountName: "ci" });

/** What the second is told. */
async function refusals(first: Make, second: Make, cluster = shared(), other = cluster): Promise<string[]> {
  try {
    first(cluster, "one");
    second(other, "two");
    return [];
  } catch (error) {
    assert.ok(error instanceof InvalidInput, String(error));
    return error.errors.map(({ propertyPath, reason }) => `${propertyPath}: ${reason}`);
  } finally {
    await settled();
  }
}

describe("what a cluster has once", () => {
  beforeEach(() => mockProgram({}, true));

  it("is one KubeRay and one Slurm, wherever they are, and as many hubs as there are namespaces", async () => {
    assert.deepEqual(await refusals(ray(), ray("other")), [
      'cluster: has KubeRay "one" already, whose operator looks after every namespace by definitions that are there once: a cluster takes one',
    ]);
    await mockProgram({}, true);
    assert.deepEqual(await refusals(slurm, slurm), [
      'cluster: has Slurm "one" already, whose namespaces and definitions are there once: a cluster takes one',
    ]);
    await mockProgram({}, true);
    assert.deepEqual(await refusals(hub(), hub("hub-2")), []);
  });

  it("is a namespace, whether it is named or a default, of whichever service", async () => {
    const pairs: [Make, Make, RegExp][] = [
      [hub(), hub(), /^namespace: "jupyterhub" is the namespace of JupyterHub "one": name another$/],
      [hub(), ray("jupyterhub"), /^namespace: "jupyterhub" is the namespace of JupyterHub "one": name another$/],
      [ray(), hub("ray-system"), /^namespace: "ray-system" is the namespace of KubeRay "one": name another$/],
      [slurm, hub("slinky"), /^namespace: "slinky" is the namespace of Slurm "one": name another$/],
      [hub("slurm"), slurm, /^cluster: "slurm" is the namespace of JupyterHub "one": name another there, Slurm's are/],
    ];
    for (const [first, second, words] of pairs) {
      await mockProgram({}, true);
      const found = await refusals(first, second);
      assert.match(found.join("\n"), words);
      assert.equal(found.length, 1);
    }
  });

  it("is a claim of a name in a namespace, a volume, and an account", async () => {
    const pairs: [Make, Make, RegExp][] = [
      [claim("data"), claim("data"), /^claimName: "data" in the namespace default is the claim of SharedClaim "one": /],
      [claim("data"), volume("data"), /^claimName: "data" in .* default is the claim of SharedClaim "one": /],
      [volume("data"), claim("data"), /^claimName: "data" in .* default is the claim of FileShareVolume "one": /],
      [slurm, claim("homes", "slurm"), /^claimName: "homes" in the namespace slurm is the claim of Slurm "one": /],
      [hub(), claim("hub-db-dir", "jupyterhub"), /^claimName: .* is the claim of JupyterHub "one": /],
      [volume("b-c", "a"), volume("c", "a-b"), /^claimName: the volume a-b-c is that of FileShareVolume "one", and /],
      [account, account, /^accountName: the ServiceAccount kube-system\/ci is that of "one", in this program/],
    ];
    for (const [first, second, words] of pairs) {
      await mockProgram({}, true);
      const found = await refusals(first, second);
      assert.match(found.join("\n"), words);
      assert.equal(found.length, 1);
    }
    await mockProgram({}, true);
    assert.deepEqual(await refusals(claim("data"), claim("data", "team")), []);
  });

  for (const [scene, field, namespace, named] of [
    ["BareMetalHosts", "cluster", "metal3", "namespace"],
    ["BareMetalInventory", "metal3Cluster", "metal3", "providerName"],
    ["TenantCluster", "hostCluster", "search", "clusterName"],
  ] as const)
    it(`is the namespace of a ${scene}, too`, async () => {
      const { base, check } = programs[scene]!;
      const mine = Object.fromEntries(Object.entries(base).filter(([input]) => input !== "inventory"));
      const given = (cluster: KubernetesCluster) =>
        ({ ...mine, ...("cluster" in mine && { cluster: clusterInHand() }), [field]: cluster }) as never;
      const make: Make = (cluster, name) => new components[scene]!(name, given(cluster) as object);
      const found = await refusals(make, hub(namespace));
      assert.deepEqual(found, [`namespace: "${namespace}" is the namespace of ${scene} "one": name another`]);
      await mockProgram({}, true);
      assert.deepEqual(await refusals(hub(namespace), make), [
        `namespace: "${namespace}" is the namespace of JupyterHub "one": name another`,
      ]);
      const unnamed = check({ ...(given(shared()) as object), namespace: undefined, [named]: "default" } as never).all;
      assert.deepEqual(
        unnamed.map(({ propertyPath }) => propertyPath),
        ["namespace"],
      );
    });

  it("is a platform's name for what is registered with it, and the class of a pool", async () => {
    const gpus = { model: "H100", count: 8 };
    const served = (clusterName: string, pool: string): Make => {
      const nodePools = [{ name: pool, gpus }];
      return (controlPlane, name) =>
        new InferenceCluster(name, { controlPlane, clusterName, existing: { cluster: shared() }, nodePools });
    };
    const kind = (className: string): Make => {
      return (controlPlane, name) => new InferenceClass(name, { controlPlane, className, gpus });
    };
    const trained = (clusterName: string): Make => {
      const storage = { fileSystem: "s3://a" };
      return (controlPlane, name) =>
        new ComputeCluster(name, { controlPlane, clusterName, cluster: shared(), storage, kubeRay: false });
    };
    const there = (kind: string, name: string, owner: string) =>
      `"${name}" is the ${kind} of ${owner} in the platform's cluster: name another`;
    const pairs: [Make, Make, string[]][] = [
      [
        served("east", "a"),
        served("east", "b"),
        [`clusterName: ${there("InferenceCluster", "east", 'InferenceCluster "one"')}`],
      ],
      [
        served("us", "east-gpu"),
        served("us-east", "gpu"),
        [`nodePools[0].class: ${there("InferenceClass", "us-east-gpu", 'InferenceClass "one-east-gpu"')}`],
      ],
      [kind("h100"), kind("h100"), [`className: ${there("InferenceClass", "h100", 'InferenceClass "one"')}`]],
      [trained("east"), trained("east"), [`clusterName: ${there("Cluster", "east", 'ComputeCluster "one"')}`]],
      [served("east", "a"), trained("east"), []],
      [served("east", "a"), served("west", "a"), []],
    ];
    for (const [first, second, words] of pairs) {
      await mockProgram({}, true);
      assert.deepEqual(await refusals(first, second), words);
    }
    await mockProgram({}, true);
    assert.deepEqual(await refusals(served("east", "a"), served("east", "a"), shared(), shared()), []);
  });

  it("is another cluster's as well, and none of one that was refused", async () => {
    assert.deepEqual(await refusals(ray(), ray(), shared(), shared()), []);
    await mockProgram({}, true);
    const cluster = shared();
    assert.equal((await refusals(ray("Wrong"), ray(), cluster)).length, 1);
    await mockProgram({}, true);
    assert.deepEqual(await refusals(ray(), hub(), cluster), []);
  });

  for (const scene of Object.keys(programs).filter((scene) => scene in components))
    it(`is none of a ${scene} that Pulumi refuses for its options`, async () => {
      const given = handed(programs[scene]!.base);
      const make = (options?: object) => new components[scene]!("one", given, options);
      assert.throws(() => make({ parent: {} }), /parent is not a valid Resource/);
      make();
      await settled();
    });

  it("is told of a claim's namespace that comes to be known later", async () => {
    const cluster = shared();
    const later = (namespace: string) => ({
      cluster,
      sizeGib: 1,
      claimName: "data",
      namespace: pulumi.output(Promise.resolve(namespace)),
    });
    claim("data", "team")(cluster, "one");
    await assert.rejects(
      promiseOf(pulumi.output(claimNamespace("two", later("team")))),
      /claimName: "data" in the namespace team is the claim of SharedClaim "one"/,
    );
    await assert.rejects(promiseOf(pulumi.output(claimNamespace("two", later("A B")))), /namespace: "A B" must have/);
    assert.equal(await promiseOf(pulumi.output(claimNamespace("two", later("other")))), "other");
    await settled();
  });

  it("is known to who installs KubeRay besides, and to a cluster by another name", async () => {
    const cluster = shared();
    const { base } = programs["ComputeCluster"]!;
    const given = { ...base, cluster } as never;
    assert.deepEqual(checkComputeCluster(given).all, []);
    ray()(cluster, "one");
    assert.deepEqual(
      checkComputeCluster(given).all.map(({ propertyPath, reason }) => `${propertyPath}: ${reason}`),
      ['kubeRay: the cluster has KubeRay "one" already: set it to false'],
    );
    assert.deepEqual(checkComputeCluster({ ...(given as object), kubeRay: false } as never).all, []);
    await settled();
    await mockProgram({}, true);
    const own = shared();
    new ComputeCluster("train", { ...base, cluster: own, controlPlane: shared() } as never);
    assert.throws(() => ray()(own, "two"), /cluster: has KubeRay "train-ray" already/);
    await settled();
  });
});

describe("namespaces of a stack's services", () => {
  const problems = (given: object) =>
    checkServices("train", given, []).all.map(({ propertyPath, reason }) => `${propertyPath}: ${reason}`);
  const jupyterhub = { url, realm: "lab" };

  it("are told apart where one is named as another's is by default", () => {
    assert.deepEqual(problems({ jupyterhub, kuberay: { namespace: "jupyterhub" } }), [
      'services.kuberay.namespace: "jupyterhub" is the namespace of services.jupyterhub: name another',
    ]);
    assert.deepEqual(problems({ jupyterhub: { ...jupyterhub, namespace: "ray-system" }, kuberay: {} }), [
      'services.jupyterhub.namespace: "ray-system" is the namespace of services.kuberay: name another',
    ]);
    assert.deepEqual(problems({ jupyterhub, kuberay: {}, slurm: {} }), []);
  });

  it("are none that a cluster's own add-ons are in", () => {
    for (const namespace of ["gpu-operator", "shared-storage", "kube-flannel"])
      assert.match(
        problems({ kuberay: { namespace } }).join(),
        /^services\.kuberay\.namespace: .* is where a cluster's/,
      );
  });
});
