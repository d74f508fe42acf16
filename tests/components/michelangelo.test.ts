import assert from "node:assert/strict";
import * as pulumi from "@pulumi/pulumi";
import type { KubernetesCluster } from "../../components/cluster";
import { InvalidInput } from "../../components/errors";
import { ExistingCluster } from "../../components/existing/cluster";
import { checkComputeCluster } from "../../components/michelangelo/validate";
import { ComputeCluster, type ComputeClusterArgs } from "../../components/michelangelo";
import { renderKubeconfig } from "../../sdk/kubernetes/kubeconfig";
import { mockProgram, plain, settled, valueOf, visible, type Registered } from "./mocks";
import { rejectionsOf } from "./rejections";

class Provider extends pulumi.ProviderResource {
  constructor(name: string) {
    super("kubernetes", name, {});
  }
}

function clusterCalled(name: string): KubernetesCluster {
  return {
    clusterName: pulumi.output(name),
    kubeconfig: pulumi.secret(`kubeconfig of ${name}`),
    kubeProvider: new Provider(`to-${name}`),
    nodeGroups: pulumi.output([]),
    status: pulumi.output("ready"),
  } as unknown as KubernetesCluster;
}

const registrationType = "gpu-clusters:michelangelo:Registration";
const storage = {
  fileSystem: "s3://default",
  endpoint: "http://minio.example:9000",
  credentials: { accessKeyId: "AKID", secretAccessKey: "hunter22" },
};

async function made(args: Partial<ComputeClusterArgs> = {}): Promise<{ registered: Registered; made: ComputeCluster }> {
  const registered = await mockProgram({
    [registrationType]: () => ({ host: "https://192.0.2.7", port: "6443", status: "ready" }),
  });
  const cluster = clusterCalled("train");
  const made = new ComputeCluster("train", { cluster, controlPlane: clusterCalled("michelangelo"), storage, ...args });
  await valueOf(made.status);
  await settled();
  return { registered, made };
}

describe("Michelangelo's ComputeCluster", () => {
  it("makes what Michelangelo looks for, under its names, and then registers the cluster", async () => {
    const { registered, made: compute } = await made();
    const named = (type: string) => {
      const { metadata, ...rest } = registered.inputs(`kubernetes:${type}`);
      const { name, namespace } = metadata as { name: string; namespace?: string };
      return { place: [namespace, name].filter(Boolean).join("/"), ...rest };
    };
    assert.equal(named("core/v1:ServiceAccount").place, "default/ray-manager");
    const role = named("rbac.authorization.k8s.io/v1:ClusterRole") as { place: string; rules?: unknown };
    const verbs = ["create", "get", "list", "watch", "update", "patch", "delete"];
    assert.deepEqual(
      [role.place, role.rules],
      ["ray-manager", [{ apiGroups: ["ray.io"], resources: ["rayclusters", "rayjobs"], verbs }]],
    );
    assert.equal(named("rbac.authorization.k8s.io/v1:ClusterRoleBinding").place, "ray-manager-binding");
    const settings = plain(named("core/v1:ConfigMap")) as { place: string; data?: unknown };
    assert.deepEqual(settings.data, {
      MA_FILE_SYSTEM: "s3://default",
      MA_FILE_SYSTEM_S3_SCHEME: "http",
      AWS_ENDPOINT_URL: "http://minio.example:9000",
      AWS_ACCESS_KEY_ID: "AKID",
      AWS_SECRET_ACCESS_KEY: "hunter22",
    });
    const secret = plain(named("core/v1:Secret")) as { place: string; stringData?: unknown };
    assert.deepEqual(
      [settings.place, secret.place, secret.stringData],
      [
        "default/michelangelo-config",
        "default/aws-credentials",
        { AWS_ACCESS_KEY_ID: "AKID", AWS_SECRET_ACCESS_KEY: "hunter22" },
      ],
    );
    assert.ok(!JSON.stringify(registered.resources.map(({ inputs }) => visible(inputs))).includes("hunter22"));
    const { version, namespace } = registered.inputs("kubernetes:helm.sh/v4:Chart");
    assert.deepEqual([version, namespace], ["1.4.2", "ray-system"]);
    const { clusterName, kubeconfig, controlPlaneKubeconfig } = plain(registered.inputs(registrationType)) as Record<
      string,
      unknown
    >;
    assert.deepEqual(
      [clusterName, kubeconfig, controlPlaneKubeconfig],
      ["train", "kubeconfig of train", "kubeconfig of michelangelo"],
    );
    assert.equal(await valueOf(compute.apiServer), "https://192.0.2.7:6443");
  });

  it("keeps the name that it is registered under where a context gave it, and a kubeconfig calls it otherwise", async () => {
    const { registered } = await made();
    assert.deepEqual(registered.ignoredChangesOf("train-registration"), [], "another name is another cluster of ours");
    const kubeconfig = renderKubeconfig({
      clusterName: "shared",
      endpoint: "https://192.0.2.7:6443",
      certificateAuthority: "-----BEGIN CERTIFICATE-----\nQUJD\n-----END CERTIFICATE-----",
      credentials: { token: "TOKEN" },
    });
    const ignored = async (args: Partial<ComputeClusterArgs>) => {
      const all = await mockProgram({ [registrationType]: () => ({ status: "ready" }) });
      const cluster = new ExistingCluster("shared", { kubeconfig });
      new ComputeCluster("train", { cluster, controlPlane: clusterCalled("michelangelo"), storage, ...args });
      await settled();
      return all.ignoredChangesOf("train-registration");
    };
    assert.deepEqual(await ignored({}), ["clusterName"]);
    assert.deepEqual(await ignored({ clusterName: "train" }), []);
  });

  it("registers last and is taken out first, and writes nothing before the cluster is known to be free", async () => {
    const { registered } = await made();
    const before = registered.dependenciesOf("train-registration");
    for (const name of ["train-account", "train-role", "train-storage", "train-storage-credentials"]) {
      assert.ok(before.includes(name), `${name} before the registration`);
      assert.ok(registered.dependenciesOf(name).includes("train-claim"), `the claim before ${name}`);
      assert.equal(registered.providerOf(name), "to-train");
    }
    assert.deepEqual(registered.dependenciesOf("train-binding").sort(), ["train-account", "train-role"]);
    assert.ok(registered.dependenciesOf("train-ray-namespace").includes("train-claim"));
    assert.ok(before.includes("train-ray-namespace"));
    assert.ok(before.includes("to-michelangelo"), "it goes before the machine of a control plane of the same program");
  });

  it("leaves an operator that is there alone, and pods with an identity of their own without keys", async () => {
    const { registered } = await made({ kubeRay: false, storage: { fileSystem: "s3://default" } });
    assert.deepEqual(registered.all("kubernetes:helm.sh/v4:Chart"), []);
    assert.deepEqual(registered.all("kubernetes:core/v1:Secret"), []);
    assert.deepEqual(registered.inputs("kubernetes:core/v1:ConfigMap")["data"], {
      MA_FILE_SYSTEM: "s3://default",
      MA_FILE_SYSTEM_S3_SCHEME: "https",
    });
  });

  it("says all that cannot be right by its fields, before anything is registered", async () => {
    const registered = await mockProgram({});
    const wrong = {
      cluster: clusterCalled("train"),
      controlPlane: clusterCalled("michelangelo"),
      clusterName: "GPU_East",
      apiServer: "https://rancher.example/k8s/clusters/c-1",
      storage: { fileSystem: "default", endpoint: "minio:9000" },
      rotation: { every: "5m" },
      dataCenter: "aws",
      timeoutMinutes: 0,
    };
    assert.throws(
      () => new ComputeCluster("train", wrong as never),
      (error: InvalidInput) => {
        assert.deepEqual(
          error.errors.map(({ propertyPath }) => propertyPath),
          [
            "dataCenter",
            "clusterName",
            "apiServer",
            "timeoutMinutes",
            "storage.fileSystem",
            "storage.endpoint",
            "rotation.every",
            "controllerManager",
          ],
        );
        assert.match(error.message, /apiServer: "https:\/\/rancher\.example" is followed by a path/);
        return true;
      },
    );
    await settled();
    assert.deepEqual(registered.types(), ["pulumi:providers:kubernetes", "pulumi:providers:kubernetes"]);
  });

  it("refuses credentials that are none, and those in the address of the storage, which is no secret", async () => {
    const of = (more: object) =>
      checkComputeCluster({
        cluster: clusterCalled("train"),
        controlPlane: clusterCalled("michelangelo"),
        storage: { ...storage, ...more },
      }).all.map(({ propertyPath, reason }) => `${propertyPath} ${reason}`);
    assert.deepEqual(of({}), []);
    assert.deepEqual(of({ credentials: { accessKeyId: "", secretAccessKey: " " } }), [
      "storage.credentials.accessKeyId must not be empty: without credentials, leave these out",
      "storage.credentials.secretAccessKey must not be empty: without credentials, leave these out",
    ]);
    // A secret signs requests and stands in none.
    assert.deepEqual(of({ credentials: { accessKeyId: "AKID", secretAccessKey: "correct horse battery" } }), []);
    const later = { accessKeyId: "AKID", secretAccessKey: pulumi.secret("hunter2\n") };
    await mockProgram({});
    const found = await rejectionsOf(() => {
      const cluster = clusterCalled("train");
      const controlPlane = clusterCalled("michelangelo");
      new ComputeCluster("train", { cluster, controlPlane, storage: { ...storage, credentials: later } });
    });
    const told = found.flatMap((error) => (error instanceof InvalidInput ? error.errors : []));
    assert.deepEqual(told[0], {
      propertyPath: "storage.credentials.secretAccessKey",
      reason: "has a space or a line's end too much, as of the file that it is from",
    });
    const shown = of({ fileSystem: "s3://AKID:hunter2@default" });
    assert.match(shown.join(), /^storage\.fileSystem must be s3:\/\/bucket, without credentials/);
    assert.ok(!shown.join().includes("hunter2"));
  });

  it("refuses a cluster that is registered already", async () => {
    await mockProgram({});
    const args = { cluster: clusterCalled("train"), controlPlane: clusterCalled("michelangelo"), storage };
    new ComputeCluster("one", args);
    assert.throws(
      () => new ComputeCluster("two", args),
      /cluster: the cluster is registered with Michelangelo already/,
    );
    await settled();
  });
});
