/** The stand-in as the engine starts it: the bundled executable, driven over gRPC against a real API server. */
import assert from "node:assert/strict";
import { mkdtempSync, rmSync, statSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { Unknown } from "../../../provider/server/values";
import { nothing } from "../../../provider/server/wire";
import { buildStandIn } from "../../../stand-ins/build/stand-in";
import { answering, testCluster, until, type TestCluster } from "../../simulator/machines/test-cluster";
import { EngineResource, PluginError, Secret, startPlugin, type Plugin } from "../../provider/server/harness";

const annotations = (values: Record<string, string>) =>
  Object.fromEntries(Object.entries(values).map(([name, value]) => [`pulumi.com/${name}`, value]));

describe("the stand-in for the kubernetes provider", () => {
  let cluster: TestCluster;
  let directory: string;
  let executable: string;
  let plugin: Plugin;
  const plugins: Plugin[] = [];

  const start = async (config: Record<string, unknown>) => {
    const started = await startPlugin(executable, { config });
    plugins.push(started);
    return started;
  };

  before(async () => {
    directory = mkdtempSync(join(tmpdir(), "stand-in-"));
    [cluster] = await Promise.all([testCluster(), buildStandIn("kubernetes", directory)]);
    executable = join(directory, "pulumi-resource-kubernetes");
    await cluster.control.start();
    await answering(cluster);
    const worker = cluster.worker("worker", { bootstrapToken: await cluster.token("worker") });
    await worker.start();
    await cluster.nodeIs("worker", "True");
    await until("the default service account is there", async () =>
      cluster.api.read({ apiVersion: "v1", kind: "ServiceAccount", namespace: "default", name: "default" }),
    );
    plugin = await start({ kubeconfig: cluster.kubeconfig });
  });

  after(async () => {
    await Promise.all(plugins.map((started) => started.stop()));
    await cluster?.close();
    rmSync(directory, { recursive: true, force: true });
  });

  const configMap = (name: string, on = plugin) => new EngineResource(on, "kubernetes:core/v1:ConfigMap", name);
  const live = (kind: string, name: string, apiVersion = "v1") =>
    cluster.api.read({ apiVersion, kind, namespace: "default", name });

  it("is not built again while nothing changed", async () => {
    const built = statSync(executable).mtimeMs;
    await buildStandIn("kubernetes", directory);
    assert.equal(statSync(executable).mtimeMs, built);
  });

  describe("inputs", () => {
    it("get apiVersion, kind and a name that stays", async () => {
      const resource = configMap("settings");
      assert.equal(await resource.up({ data: { a: "1" } }), "create");
      const name = (resource.stored!.inputs.values["metadata"] as { name: string }).name;
      assert.match(name, /^settings-[0-9a-f]{7}$/);
      assert.equal(resource.stored!.id, `default/${name}`);
      assert.equal(resource.stored!.state.values["kind"], "ConfigMap");
      assert.equal(await resource.up({ data: { a: "1" } }), "same");
      assert.equal(await resource.up({ data: { a: "1" }, metadata: { labels: { b: "2" } } }), "update");
      assert.deepEqual((await live("ConfigMap", name))!.metadata.labels, { b: "2" });
      await resource.destroy();
      assert.equal(await live("ConfigMap", name), undefined);
    });

    it("must agree with the resource's type", async () => {
      const { failures } = await configMap("odd").check({
        apiVersion: "v2",
        kind: "ConfigMap",
        metadata: { name: "odd" },
      });
      assert.deepEqual(failures, [{ property: "apiVersion", reason: 'is "v2", but the resource\'s type says "v1"' }]);
    });

    it("take the provider's namespace, where the kind has namespaces", async () => {
      const system = await start({ kubeconfig: cluster.kubeconfig, namespace: "kube-system" });
      const { inputs } = await configMap("there", system).check({ metadata: { name: "there" } });
      assert.deepEqual(inputs.values["metadata"], { name: "there", namespace: "kube-system" });
      const space = new EngineResource(system, "kubernetes:core/v1:Namespace", "space");
      assert.deepEqual((await space.check({ metadata: { name: "space" } })).inputs.values["metadata"], {
        name: "space",
      });
    });
  });

  describe("changes", () => {
    it("replace what the official provider replaces, the old one first where the name stays", async () => {
      const resource = configMap("named");
      await resource.up({ metadata: { name: "named" }, data: { a: "1" } });
      const { inputs } = await resource.check({ metadata: { name: "named" }, data: { a: "2" } });
      assert.deepEqual(await resource.diff(inputs), {
        changes: { "data.a": "update-replace" },
        replaces: ["data.a"],
        deleteBeforeReplace: true,
        stables: [],
      });
      const other = await resource.check({ metadata: { name: "other" }, data: { a: "1" } });
      assert.equal((await resource.diff(other.inputs)).deleteBeforeReplace, false);
      assert.deepEqual((await resource.diff(inputs, ["data"])).changes, {});
      await resource.destroy();
      const mutable = configMap(
        "mutable",
        await start({ kubeconfig: cluster.kubeconfig, enableConfigMapMutable: "true" }),
      );
      await mutable.up({ metadata: { name: "mutable" }, data: { a: "1" } });
      assert.equal(await mutable.up({ metadata: { name: "mutable" }, data: { a: "2" } }), "update");
      await mutable.destroy();
    });

    it("replace where the API server says that a field is immutable", async () => {
      const resource = new EngineResource(plugin, "kubernetes:storage.k8s.io/v1:StorageClass", "fast");
      const program = { metadata: { name: "fast" }, provisioner: "example.test/disks", reclaimPolicy: "Delete" };
      await resource.up(program);
      const { inputs } = await resource.check({ ...program, reclaimPolicy: "Retain" });
      assert.deepEqual((await resource.diff(inputs)).replaces, ["reclaimPolicy"]);
      assert.equal(await resource.up({ ...program, reclaimPolicy: "Retain" }), "replace");
      await resource.destroy();
    });

    it("that others made are found by a refresh, and only those", async () => {
      const resource = new EngineResource(plugin, "kubernetes:core/v1:ResourceQuota", "quota");
      const program = { metadata: { name: "quota" }, spec: { hard: { "limits.cpu": "1000m", pods: "10" } } };
      await resource.up(program);
      await resource.refresh();
      assert.equal(await resource.up(program), "same", "1000m and 1 are the same");
      const reference = { apiVersion: "v1", kind: "ResourceQuota", namespace: "default", name: "quota" };
      await cluster.api.patch(reference, { spec: { hard: { pods: "20" } } });
      await resource.refresh();
      const { inputs } = await resource.check(program);
      assert.deepEqual((await resource.diff(inputs)).changes, { "spec.hard.pods": "update" });
      await assert.rejects(resource.up(program), /conflict.*patchForce/s);
      const forced = {
        ...program,
        metadata: { ...program.metadata, annotations: annotations({ patchForce: "true" }) },
      };
      assert.equal(await resource.up(forced), "update");
      assert.equal(((await live("ResourceQuota", "quota"))!["spec"] as { hard: { pods: string } }).hard.pods, "10");
      await cluster.api.delete(reference);
      assert.equal(await resource.refresh(), false);
    });

    it("of another's object can be made, and given back, by a patch", async () => {
      await cluster.api.create({
        apiVersion: "v1",
        kind: "ConfigMap",
        metadata: { name: "theirs", namespace: "default" },
        data: { own: "1" },
      });
      const patch = new EngineResource(plugin, "kubernetes:core/v1:ConfigMapPatch", "patch");
      await patch.up({ apiVersion: "v1", kind: "ConfigMap", metadata: { name: "theirs" }, data: { added: "2" } });
      assert.deepEqual((await live("ConfigMap", "theirs"))!["data"], { own: "1", added: "2" });
      await patch.destroy();
      assert.deepEqual((await live("ConfigMap", "theirs"))!["data"], { own: "1" });
      const absent = new EngineResource(plugin, "kubernetes:core/v1:ConfigMapPatch", "absent");
      const inputs = { apiVersion: "v1", kind: "ConfigMap", metadata: { name: "absent" }, data: { a: "1" } };
      await assert.rejects(absent.up(inputs), /ConfigMap absent does not exist, so it cannot be patched/);
    });
  });

  it("does not take over an object that is there already, unless told to", async () => {
    const program = { metadata: { name: "taken" }, data: { a: "1" } };
    await configMap("first").up(program);
    await assert.rejects(configMap("second").up(program), /ConfigMap taken already exists/);
    const owner = configMap("third", await start({ kubeconfig: cluster.kubeconfig, upsertExistingObjects: "true" }));
    await owner.up(program);
    await owner.destroy();
  });

  it("imports by namespace and name", async () => {
    await cluster.api.create({
      apiVersion: "v1",
      kind: "ConfigMap",
      metadata: { name: "found", namespace: "default" },
      data: { a: "1" },
    });
    const resource = configMap("found");
    assert.equal(await resource.import("default/found"), true);
    assert.deepEqual(resource.stored!.inputs.values, {
      apiVersion: "v1",
      kind: "ConfigMap",
      metadata: { name: "found", namespace: "default" },
      data: { a: "1" },
    });
    assert.equal(await resource.up({ metadata: { name: "found", namespace: "default" }, data: { a: "1" } }), "same");
    assert.equal(await configMap("nothing").import("default/nothing"), false);
    await resource.destroy();
  });

  it("keeps secrets secret, also in errors", async () => {
    const resource = new EngineResource(plugin, "kubernetes:core/v1:Secret", "secret");
    await resource.up({ metadata: { name: "secret" }, stringData: { password: "hunter2hunter2" } });
    const { values, secrets } = resource.stored!.state;
    assert.deepEqual([...secrets].sort(), ["data", "stringData"]);
    assert.deepEqual(values["stringData"], { password: "hunter2hunter2" });
    await resource.refresh();
    assert.deepEqual([...resource.stored!.inputs.secrets], ["stringData"]);
    assert.equal(
      await resource.up({ metadata: { name: "secret" }, stringData: { password: "hunter2hunter2" } }),
      "same",
    );
    await resource.destroy();
    const bad = configMap("bad");
    await assert.rejects(
      bad.up({ metadata: { name: "bad", labels: { key: new Secret("not a label value") } } }),
      (error: Error) => {
        assert.match(error.message, /metadata\.labels: Invalid value/);
        return !error.message.includes("not a label value");
      },
    );
  });

  describe("waiting", () => {
    const deployment = (name: string, spec: object, metadata: object = {}) => ({
      metadata: { name, ...metadata },
      spec: {
        selector: { matchLabels: { app: name } },
        template: {
          metadata: { labels: { app: name } },
          spec: { containers: [{ name: "main", image: "example.test/image" }], ...spec },
        },
      },
    });
    const deploymentType = "kubernetes:apps/v1:Deployment";

    it("goes on until a deployment's pods run, and until it is gone", async () => {
      const resource = new EngineResource(plugin, deploymentType, "web");
      await resource.up(deployment("web", {}));
      const { availableReplicas } = resource.stored!.state.values["status"] as { availableReplicas: number };
      assert.equal(availableReplicas, 1);
      await resource.destroy();
      assert.equal(await live("Deployment", "web", "apps/v1"), undefined);
    });

    it("ends with what the pods say, keeps the object, and goes on with it", async () => {
      const resource = new EngineResource(plugin, deploymentType, "stuck");
      const { inputs } = await resource.check(deployment("stuck", { nodeSelector: { no: "such-node" } }));
      await assert.rejects(resource.create(inputs, 1), (error: PluginError) => {
        assert.match(
          error.partial!.reasons[0]!,
          /Deployment default\/stuck exists but is not ready: .*did not finish within 1 s/,
        );
        assert.match(error.partial!.reasons.join("\n"), /0 of 1 replicas are available/);
        assert.match(error.partial!.reasons.join("\n"), /Unschedulable: 0\/\d nodes are available/);
        return true;
      });
      assert.equal(resource.stored!.id, "default/stuck");
      assert.equal(await resource.up(deployment("stuck", {})), "update");
      await resource.destroy();
    });

    it("is skipped by annotation", async () => {
      const resource = new EngineResource(plugin, deploymentType, "unawaited");
      await resource.up(
        deployment(
          "unawaited",
          { nodeSelector: { no: "such-node" } },
          { annotations: annotations({ skipAwait: "true" }) },
        ),
      );
      await resource.destroy();
    });

    it("ends at once when the user interrupts", async () => {
      const interrupted = await start({ kubeconfig: cluster.kubeconfig });
      const resource = new EngineResource(interrupted, deploymentType, "interrupted");
      const { inputs } = await resource.check(deployment("interrupted", { nodeSelector: { no: "such-node" } }));
      const creating = assert.rejects(resource.create(inputs), /was cancelled/);
      await until("it waits", async () => interrupted.messages.some(({ message }) => /replicas/.test(message)));
      await interrupted.cancel();
      await creating;
      assert.equal(resource.stored!.id, "default/interrupted");
      await resource.destroy();
    });

    it("covers jobs, pods, namespaces, services and definitions", async () => {
      const job = new EngineResource(plugin, "kubernetes:batch/v1:Job", "job");
      const template = {
        spec: { restartPolicy: "Never", containers: [{ name: "main", image: "example.test/image" }] },
      };
      await job.up({ metadata: { name: "job" }, spec: { template } });
      const pod = new EngineResource(plugin, "kubernetes:core/v1:Pod", "pod");
      await pod.up({
        metadata: { name: "pod", labels: { app: "pod" } },
        spec: { containers: template.spec.containers },
      });
      const service = new EngineResource(plugin, "kubernetes:core/v1:Service", "service");
      await service.up({ metadata: { name: "service" }, spec: { selector: { app: "pod" }, ports: [{ port: 80 }] } });
      assert.match((service.stored!.state.values["spec"] as { clusterIP: string }).clusterIP, /^10\./);
      const space = new EngineResource(plugin, "kubernetes:core/v1:Namespace", "space");
      await space.up({ metadata: { name: "space" } });
      const group = "gpus.example.test";
      const definition = new EngineResource(
        plugin,
        "kubernetes:apiextensions.k8s.io/v1:CustomResourceDefinition",
        "definition",
      );
      await definition.up({
        metadata: { name: `widgets.${group}` },
        spec: {
          group,
          scope: "Namespaced",
          names: { kind: "Widget", plural: "widgets" },
          versions: [
            {
              name: "v1",
              served: true,
              storage: true,
              schema: { openAPIV3Schema: { type: "object", "x-kubernetes-preserve-unknown-fields": true } },
            },
          ],
        },
      });
      const widget = new EngineResource(plugin, `kubernetes:${group}/v1:Widget`, "widget");
      await widget.up({
        apiVersion: `${group}/v1`,
        kind: "Widget",
        // In the foreground, the deletion would wait until the garbage collector knows the new kind, which takes it 30 s.
        metadata: { namespace: "space", annotations: annotations({ deletionPropagationPolicy: "background" }) },
        spec: { size: 1 },
      });
      assert.match(widget.stored!.id, /^space\/widget-[0-9a-f]{7}$/);
      for (const resource of [widget, definition, space, service, pod, job]) await resource.destroy();
    });
  });

  describe("at preview", () => {
    it("shows what the API server would refuse, and nothing that a dry run allots", async () => {
      const invalid = configMap("invalid");
      const { inputs } = await invalid.check({ metadata: { name: "Not_A_Name" } });
      await assert.rejects(invalid.previewCreate(inputs), /metadata\.name: Invalid value/);
      const service = new EngineResource(plugin, "kubernetes:core/v1:Service", "preview");
      const checked = await service.check({ metadata: { name: "preview" }, spec: { ports: [{ port: 80 }] } });
      const { values } = await service.previewCreate(checked.inputs);
      assert.equal(values["status"], Unknown.value);
      assert.deepEqual((values["metadata"] as { uid?: string }).uid, undefined);
      assert.equal((values["spec"] as { clusterIP?: string }).clusterIP, undefined);
      assert.equal(await live("Service", "preview"), undefined);
      const before = configMap("before");
      await before.up({ metadata: { name: "replaced" }, data: { a: "1" }, immutable: true });
      const after = configMap("after");
      const foreseen = await after.previewCreate(
        (await after.check({ metadata: { name: "replaced" }, data: { a: "2" }, immutable: true })).inputs,
      );
      assert.equal((foreseen.values["metadata"] as { name: string }).name, "replaced");
      assert.deepEqual((await live("ConfigMap", "replaced"))!["data"], { a: "1" });
      await before.destroy();
    });

    it("answers with the inputs where the cluster, the namespace or a value is not known", async () => {
      const later = await start({ kubeconfig: Unknown.value });
      const resource = configMap("later", later);
      const program = { metadata: { name: "later", namespace: "later" }, data: { a: Unknown.value } };
      const { inputs, failures } = await resource.check(program);
      assert.deepEqual(failures, []);
      assert.deepEqual((await resource.previewCreate(inputs)).values["data"], { a: Unknown.value });
      const missing = configMap("missing");
      const checked = await missing.check({ ...program, data: { a: "1" } });
      assert.deepEqual((await missing.previewCreate(checked.inputs)).values["data"], { a: "1" });
    });
  });

  describe("a cluster that does not answer", () => {
    const lost = () => cluster.kubeconfig.replace(":6443", ":6444");

    it("is an error for a delete, and says how to go on", async () => {
      const resource = configMap("lost", await start({ kubeconfig: lost() }));
      resource.stored = { id: "default/lost", inputs: nothing, state: nothing, initErrors: [] };
      await assert.rejects(resource.destroy(), /unreachable: .*ECONNREFUSED.*PULUMI_K8S_DELETE_UNREACHABLE=true/s);
    });

    it("counts as gone where the user says so", async () => {
      const forgiving = await start({ kubeconfig: lost(), deleteUnreachable: "true" });
      const resource = configMap("lost", forgiving);
      resource.stored = { id: "default/lost", inputs: nothing, state: nothing, initErrors: [] };
      await resource.destroy();
      assert.ok(forgiving.messages.some(({ message }) => message.includes("dropping lost from the state")));
    });
  });

  describe("configuration", () => {
    it("takes a path, and another context", async () => {
      const path = join(directory, "kubeconfig");
      writeFileSync(path, cluster.kubeconfig.replace("current-context: test", "current-context: other"));
      const resource = configMap("by-path", await start({ kubeconfig: path, context: "test" }));
      await resource.up({ metadata: { name: "by-path" } });
      await resource.destroy();
    });

    it("says what is wrong with a kubeconfig without quoting it", async () => {
      await assert.rejects(
        startPlugin(executable, { config: { kubeconfig: "apiVersion: v1\ntoken: abcdef\n" } }),
        (error: Error) => {
          assert.match(error.message, /kubeconfig: the kubeconfig names no current-context/);
          return !error.message.includes("abcdef");
        },
      );
    });
  });

  it("says which plugin does what it does not", async () => {
    const release = new EngineResource(plugin, "kubernetes:helm.sh/v3:Release", "chart");
    const refusal = /stand-in for the kubernetes provider does not do .*; install the official plugin/;
    await assert.rejects(release.check({ chart: "cilium" }), refusal);
    const played = { chart: "vcluster", name: "search", namespace: "default", skipAwait: true };
    await assert.rejects(
      release.up(played),
      /does not do the release search of a chart that nobody plays in this cluster/,
    );
    await assert.rejects(plugin.invoke("kubernetes:yaml:decode", {}), refusal);
    await assert.rejects(new EngineResource(plugin, "kubernetes:core/v1:ConfigMapList", "list").check({}), refusal);
  });
});
