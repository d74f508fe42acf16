/** What the stand-in waits for, against a real API server. */
import assert from "node:assert/strict";
import { EngineResource, type PluginError } from "../../provider/server/harness";
import { until } from "../../until";
import { annotations, StandInScene } from "./scene";

describe("the stand-in for the kubernetes provider", () => {
  const scene = new StandInScene();

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
      const resource = new EngineResource(scene.plugin, deploymentType, "web");
      await resource.up(deployment("web", {}));
      const { availableReplicas } = resource.stored!.state.values["status"] as { availableReplicas: number };
      assert.equal(availableReplicas, 1);
      await resource.destroy();
      assert.equal(await scene.live("Deployment", "web", "apps/v1"), undefined);
    });

    it("ends with what the pods say, keeps the object, and goes on with it", async () => {
      const resource = new EngineResource(scene.plugin, deploymentType, "stuck");
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
      const resource = new EngineResource(scene.plugin, deploymentType, "unawaited");
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
      const interrupted = await scene.start({ kubeconfig: scene.cluster.kubeconfig });
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
      const job = new EngineResource(scene.plugin, "kubernetes:batch/v1:Job", "job");
      const template = {
        spec: { restartPolicy: "Never", containers: [{ name: "main", image: "example.test/image" }] },
      };
      await job.up({ metadata: { name: "job" }, spec: { template } });
      const pod = new EngineResource(scene.plugin, "kubernetes:core/v1:Pod", "pod");
      await pod.up({
        metadata: { name: "pod", labels: { app: "pod" } },
        spec: { containers: template.spec.containers },
      });
      const service = new EngineResource(scene.plugin, "kubernetes:core/v1:Service", "service");
      await service.up({ metadata: { name: "service" }, spec: { selector: { app: "pod" }, ports: [{ port: 80 }] } });
      assert.match((service.stored!.state.values["spec"] as { clusterIP: string }).clusterIP, /^10\./);
      const space = new EngineResource(scene.plugin, "kubernetes:core/v1:Namespace", "space");
      await space.up({ metadata: { name: "space" } });
      const group = "gpus.example.test";
      const definition = new EngineResource(
        scene.plugin,
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
      const widget = new EngineResource(scene.plugin, `kubernetes:${group}/v1:Widget`, "widget");
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
});
