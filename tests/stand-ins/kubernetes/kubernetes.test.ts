/** The stand-in as the engine starts it: the bundled executable, driven over gRPC against a real API server. */
import assert from "node:assert/strict";
import { statSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { referenceTo } from "../../../provider/kubernetes/api";
import { Unknown } from "../../../provider/server/values";
import { nothing } from "../../../provider/server/wire";
import { buildStandIn } from "../../../stand-ins/build/stand-in";
import { EngineResource, Secret, startPlugin } from "../../provider/server/harness";
import { annotations, StandInScene } from "./scene";

describe("the stand-in for the kubernetes provider", () => {
  const scene = new StandInScene();

  it("is not built again while nothing changed", async () => {
    const built = statSync(scene.executable).mtimeMs;
    await buildStandIn("kubernetes", scene.directory);
    assert.equal(statSync(scene.executable).mtimeMs, built);
  });

  describe("inputs", () => {
    it("get apiVersion, kind and a name that stays", async () => {
      const resource = scene.configMap("settings");
      assert.equal(await resource.up({ data: { a: "1" } }), "create");
      const name = (resource.stored!.inputs.values["metadata"] as { name: string }).name;
      assert.match(name, /^settings-[0-9a-f]{7}$/);
      assert.equal(resource.stored!.id, `default/${name}`);
      assert.equal(resource.stored!.state.values["kind"], "ConfigMap");
      assert.equal(await resource.up({ data: { a: "1" } }), "same");
      assert.equal(await resource.up({ data: { a: "1" }, metadata: { labels: { b: "2" } } }), "update");
      assert.deepEqual((await scene.live("ConfigMap", name))!.metadata.labels, { b: "2" });
      await resource.destroy();
      assert.equal(await scene.live("ConfigMap", name), undefined);
    });

    it("must agree with the resource's type", async () => {
      const { failures } = await scene.configMap("odd").check({
        apiVersion: "v2",
        kind: "ConfigMap",
        metadata: { name: "odd" },
      });
      assert.deepEqual(failures, [{ property: "apiVersion", reason: 'is "v2", but the resource\'s type says "v1"' }]);
    });

    it("take the provider's namespace, where the kind has namespaces", async () => {
      const system = await scene.start({ kubeconfig: scene.cluster.kubeconfig, namespace: "kube-system" });
      const { inputs } = await scene.configMap("there", system).check({ metadata: { name: "there" } });
      assert.deepEqual(inputs.values["metadata"], { name: "there", namespace: "kube-system" });
      const space = new EngineResource(system, "kubernetes:core/v1:Namespace", "space");
      assert.deepEqual((await space.check({ metadata: { name: "space" } })).inputs.values["metadata"], {
        name: "space",
      });
    });
  });

  describe("changes", () => {
    it("replace what the official provider replaces, the old one first where the name stays", async () => {
      const resource = scene.configMap("named");
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
      const mutable = scene.configMap(
        "mutable",
        await scene.start({ kubeconfig: scene.cluster.kubeconfig, enableConfigMapMutable: "true" }),
      );
      await mutable.up({ metadata: { name: "mutable" }, data: { a: "1" } });
      assert.equal(await mutable.up({ metadata: { name: "mutable" }, data: { a: "2" } }), "update");
      await mutable.destroy();
    });

    it("change a Secret in place where the provider says so, though somebody keeps it", async () => {
      const { kubeconfig } = scene.cluster;
      const on = await scene.start({ kubeconfig, enableSecretMutable: "true" });
      const kept = new EngineResource(on, "kubernetes:core/v1:Secret", "kept");
      const finalizers = ["example.test/kept"];
      const program = (password: string) => ({ metadata: { name: "kept", finalizers }, stringData: { password } });
      await kept.up(program("first"));
      assert.equal(await kept.up(program("second")), "update");
      const live = await scene.live("Secret", "kept");
      assert.deepEqual(live?.["data"], { password: Buffer.from("second").toString("base64") });
      await scene.cluster.api.patch(referenceTo(live!), { metadata: { finalizers: [] } });
      await kept.destroy();
    });

    it("replace where the API server says that a field is immutable", async () => {
      const resource = new EngineResource(scene.plugin, "kubernetes:storage.k8s.io/v1:StorageClass", "fast");
      const program = { metadata: { name: "fast" }, provisioner: "example.test/disks", reclaimPolicy: "Delete" };
      await resource.up(program);
      const { inputs } = await resource.check({ ...program, reclaimPolicy: "Retain" });
      assert.deepEqual((await resource.diff(inputs)).replaces, ["reclaimPolicy"]);
      assert.equal(await resource.up({ ...program, reclaimPolicy: "Retain" }), "replace");
      await resource.destroy();
    });

    it("that others made are found by a refresh, and only those", async () => {
      const resource = new EngineResource(scene.plugin, "kubernetes:core/v1:ResourceQuota", "quota");
      const program = { metadata: { name: "quota" }, spec: { hard: { "limits.cpu": "1000m", pods: "10" } } };
      await resource.up(program);
      await resource.refresh();
      assert.equal(await resource.up(program), "same", "1000m and 1 are the same");
      const reference = { apiVersion: "v1", kind: "ResourceQuota", namespace: "default", name: "quota" };
      await scene.cluster.api.patch(reference, { spec: { hard: { pods: "20" } } });
      await resource.refresh();
      const { inputs } = await resource.check(program);
      assert.deepEqual((await resource.diff(inputs)).changes, { "spec.hard.pods": "update" });
      await assert.rejects(resource.up(program), /conflict.*patchForce/s);
      const forced = {
        ...program,
        metadata: { ...program.metadata, annotations: annotations({ patchForce: "true" }) },
      };
      assert.equal(await resource.up(forced), "update");
      assert.equal(
        ((await scene.live("ResourceQuota", "quota"))!["spec"] as { hard: { pods: string } }).hard.pods,
        "10",
      );
      await scene.cluster.api.delete(reference);
      assert.equal(await resource.refresh(), false);
    });

    it("of another's object can be made, and given back, by a patch", async () => {
      await scene.cluster.api.create({
        apiVersion: "v1",
        kind: "ConfigMap",
        metadata: { name: "theirs", namespace: "default" },
        data: { own: "1" },
      });
      const patch = new EngineResource(scene.plugin, "kubernetes:core/v1:ConfigMapPatch", "patch");
      await patch.up({ apiVersion: "v1", kind: "ConfigMap", metadata: { name: "theirs" }, data: { added: "2" } });
      assert.deepEqual((await scene.live("ConfigMap", "theirs"))!["data"], { own: "1", added: "2" });
      await patch.destroy();
      assert.deepEqual((await scene.live("ConfigMap", "theirs"))!["data"], { own: "1" });
      const absent = new EngineResource(scene.plugin, "kubernetes:core/v1:ConfigMapPatch", "absent");
      const inputs = { apiVersion: "v1", kind: "ConfigMap", metadata: { name: "absent" }, data: { a: "1" } };
      await assert.rejects(absent.up(inputs), /ConfigMap absent does not exist, so it cannot be patched/);
    });
  });

  it("does not take over an object that is there already, unless told to", async () => {
    const program = { metadata: { name: "taken" }, data: { a: "1" } };
    await scene.configMap("first").up(program);
    await assert.rejects(scene.configMap("second").up(program), /ConfigMap taken already exists/);
    const owner = scene.configMap(
      "third",
      await scene.start({ kubeconfig: scene.cluster.kubeconfig, upsertExistingObjects: "true" }),
    );
    await owner.up(program);
    await owner.destroy();
  });

  it("imports by namespace and name", async () => {
    await scene.cluster.api.create({
      apiVersion: "v1",
      kind: "ConfigMap",
      metadata: { name: "found", namespace: "default" },
      data: { a: "1" },
    });
    const resource = scene.configMap("found");
    assert.equal(await resource.import("default/found"), true);
    assert.deepEqual(resource.stored!.inputs.values, {
      apiVersion: "v1",
      kind: "ConfigMap",
      metadata: { name: "found", namespace: "default" },
      data: { a: "1" },
    });
    assert.equal(await resource.up({ metadata: { name: "found", namespace: "default" }, data: { a: "1" } }), "same");
    assert.equal(await scene.configMap("nothing").import("default/nothing"), false);
    await resource.destroy();
  });

  it("keeps secrets secret, also in errors", async () => {
    const resource = new EngineResource(scene.plugin, "kubernetes:core/v1:Secret", "secret");
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
    const bad = scene.configMap("bad");
    await assert.rejects(
      bad.up({ metadata: { name: "bad", labels: { key: new Secret("not a label value") } } }),
      (error: Error) => {
        assert.match(error.message, /metadata\.labels: Invalid value/);
        return !error.message.includes("not a label value");
      },
    );
  });

  describe("at preview", () => {
    it("shows what the API server would refuse, and nothing that a dry run allots", async () => {
      const invalid = scene.configMap("invalid");
      const { inputs } = await invalid.check({ metadata: { name: "Not_A_Name" } });
      await assert.rejects(invalid.previewCreate(inputs), /metadata\.name: Invalid value/);
      const service = new EngineResource(scene.plugin, "kubernetes:core/v1:Service", "preview");
      const checked = await service.check({ metadata: { name: "preview" }, spec: { ports: [{ port: 80 }] } });
      const { values } = await service.previewCreate(checked.inputs);
      assert.equal(values["status"], Unknown.value);
      assert.deepEqual((values["metadata"] as { uid?: string }).uid, undefined);
      assert.equal((values["spec"] as { clusterIP?: string }).clusterIP, undefined);
      assert.equal(await scene.live("Service", "preview"), undefined);
      const before = scene.configMap("before");
      await before.up({ metadata: { name: "replaced" }, data: { a: "1" }, immutable: true });
      const after = scene.configMap("after");
      const foreseen = await after.previewCreate(
        (await after.check({ metadata: { name: "replaced" }, data: { a: "2" }, immutable: true })).inputs,
      );
      assert.equal((foreseen.values["metadata"] as { name: string }).name, "replaced");
      assert.deepEqual((await scene.live("ConfigMap", "replaced"))!["data"], { a: "1" });
      await before.destroy();
    });

    it("answers with the inputs where the cluster, the namespace or a value is not known", async () => {
      const later = await scene.start({ kubeconfig: Unknown.value });
      const resource = scene.configMap("later", later);
      const program = { metadata: { name: "later", namespace: "later" }, data: { a: Unknown.value } };
      const { inputs, failures } = await resource.check(program);
      assert.deepEqual(failures, []);
      assert.deepEqual((await resource.previewCreate(inputs)).values["data"], { a: Unknown.value });
      const missing = scene.configMap("missing");
      const checked = await missing.check({ ...program, data: { a: "1" } });
      assert.deepEqual((await missing.previewCreate(checked.inputs)).values["data"], { a: "1" });
    });
  });

  describe("a cluster that does not answer", () => {
    const lost = () => scene.cluster.kubeconfig.replace(":6443", ":6444");

    it("is an error for a delete, and says how to go on", async () => {
      const resource = scene.configMap("lost", await scene.start({ kubeconfig: lost() }));
      resource.stored = { id: "default/lost", inputs: nothing, state: nothing, initErrors: [] };
      await assert.rejects(resource.destroy(), /unreachable: .*ECONNREFUSED.*PULUMI_K8S_DELETE_UNREACHABLE=true/s);
    });

    it("keeps a release at a destroy and forgets it at a refresh, as the official one does", async () => {
      const forgiving = await scene.start({ kubeconfig: lost(), deleteUnreachable: "true" });
      const release = new EngineResource(forgiving, "kubernetes:helm.sh/v3:Release", "lost");
      release.stored = { id: "default/lost", inputs: nothing, state: nothing, initErrors: [] };
      await assert.rejects(
        release.destroy(),
        /can't delete Helm Release with unreachable cluster\. Reason: .*ECONNREFUSED/,
      );
      assert.equal(await release.refresh(), false);
    });

    it("counts as gone where the user says so", async () => {
      const forgiving = await scene.start({ kubeconfig: lost(), deleteUnreachable: "true" });
      const resource = scene.configMap("lost", forgiving);
      resource.stored = { id: "default/lost", inputs: nothing, state: nothing, initErrors: [] };
      await resource.destroy();
      assert.ok(forgiving.messages.some(({ message }) => message.includes("dropping lost from the state")));
    });
  });

  describe("configuration", () => {
    it("takes a path, and another context", async () => {
      const path = join(scene.directory, "kubeconfig");
      writeFileSync(path, scene.cluster.kubeconfig.replace("current-context: test", "current-context: other"));
      const resource = scene.configMap("by-path", await scene.start({ kubeconfig: path, context: "test" }));
      await resource.up({ metadata: { name: "by-path" } });
      await resource.destroy();
    });

    it("says what is wrong with a kubeconfig without quoting it", async () => {
      await assert.rejects(
        startPlugin(scene.executable, { config: { kubeconfig: "apiVersion: v1\ntoken: abcdef\n" } }),
        (error: Error) => {
          assert.match(error.message, /kubeconfig: the kubeconfig names no current-context/);
          return !error.message.includes("abcdef");
        },
      );
    });
  });

  it("says which plugin does what it does not", async () => {
    const release = new EngineResource(scene.plugin, "kubernetes:helm.sh/v3:Release", "chart");
    const refusal = /stand-in for the kubernetes provider does not do .*; install the official plugin/;
    await assert.rejects(release.check({ chart: "cilium" }), refusal);
    const played = { chart: "vcluster", name: "search", namespace: "default", skipAwait: true };
    await assert.rejects(
      release.up(played),
      /does not do the release search of a chart that nobody plays in this cluster/,
    );
    await assert.rejects(scene.plugin.invoke("kubernetes:yaml:decode", {}), refusal);
    await assert.rejects(
      new EngineResource(scene.plugin, "kubernetes:core/v1:ConfigMapList", "list").check({}),
      refusal,
    );
  });
});
