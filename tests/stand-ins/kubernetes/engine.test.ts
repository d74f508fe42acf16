/** The stand-in under the real engine, with the SDK that users write their programs with. */
import assert from "node:assert/strict";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { delimiter, join } from "node:path";
import { Deployment } from "@pulumi/kubernetes/apps/v1/deployment";
import { CustomResource } from "@pulumi/kubernetes/apiextensions/customResource";
import { ConfigMap } from "@pulumi/kubernetes/core/v1/configMap";
import { Namespace } from "@pulumi/kubernetes/core/v1/namespace";
import { Secret } from "@pulumi/kubernetes/core/v1/secret";
import { Provider } from "@pulumi/kubernetes/provider";
import * as pulumi from "@pulumi/pulumi";
import { buildStandIn } from "../../../stand-ins/build/stand-in";
import { answering, testCluster, type TestCluster } from "../../simulator/machines/test-cluster";
import { until } from "../../until";
import { createInlineStack, type InlineStack } from "../../provider/server/engine-stack";

const quiet = { color: "never" as const };

describe("the kubernetes stand-in under the real engine", () => {
  let cluster: TestCluster;
  let directory: string;
  let inline: InlineStack;

  before(async () => {
    directory = mkdtempSync(join(tmpdir(), "stand-in-engine-"));
    cluster = await testCluster();
    await cluster.control.start();
    await buildStandIn("kubernetes", directory);
    const path = [directory, process.env["PATH"]].join(delimiter);
    inline = await createInlineStack({ environment: { PATH: path } });
    await answering(cluster);
    const worker = cluster.worker("worker", { bootstrapToken: await cluster.token("worker") });
    await worker.start();
    await cluster.nodeIs("worker", "True");
  });

  after(async () => {
    await inline?.remove();
    await cluster?.close();
    rmSync(directory, { recursive: true, force: true });
  });

  const program =
    ({ color = "red", replicas = 1 } = {}) =>
    async () => {
      const provider = new Provider("cluster", { kubeconfig: pulumi.secret(cluster.kubeconfig) });
      const options = { provider };
      const namespace = new Namespace("app", {}, options);
      const metadata = { namespace: namespace.metadata.name };
      const settings = new ConfigMap("settings", { metadata, data: { color } }, options);
      const secret = new Secret("secret", { metadata, stringData: { password: "correct horse battery" } }, options);
      const labels = { app: "web" };
      const deployment = new Deployment(
        "web",
        {
          metadata,
          spec: {
            replicas,
            selector: { matchLabels: labels },
            template: {
              metadata: { labels },
              spec: {
                containers: [
                  {
                    name: "web",
                    image: "example.test/web",
                    envFrom: [{ configMapRef: { name: settings.metadata.name } }],
                  },
                ],
              },
            },
          },
        },
        options,
      );
      const lease = new CustomResource(
        "lease",
        { apiVersion: "coordination.k8s.io/v1", kind: "Lease", metadata, spec: { holderIdentity: "me" } },
        options,
      );
      return {
        namespace: namespace.metadata.name,
        settings: settings.metadata.name,
        password: secret.data,
        available: deployment.status.availableReplicas,
        lease: lease.metadata.name,
      };
    };

  it("creates, finds nothing to do, changes, replaces, refreshes and destroys", async () => {
    inline.program = program();
    const first = await inline.stack.up(quiet);
    assert.deepEqual(first.summary.resourceChanges, { create: 7 });
    assert.equal(first.outputs["available"]!.value, 1);
    assert.equal(first.outputs["password"]!.secret, true);
    assert.ok(!(await inline.stateText()).includes("correct horse battery"));
    assert.ok(!first.stdout.includes("correct horse battery"));

    assert.deepEqual((await inline.stack.preview(quiet)).changeSummary, { same: 7 });
    assert.deepEqual((await inline.stack.refresh(quiet)).summary.resourceChanges, { same: 7 });

    inline.program = program({ color: "blue", replicas: 2 });
    const second = await inline.stack.up(quiet);
    assert.deepEqual(second.summary.resourceChanges, { same: 5, replace: 1, update: 1 });
    assert.equal(second.outputs["available"]!.value, 2);
    assert.notEqual(
      second.outputs["settings"]!.value,
      first.outputs["settings"]!.value,
      "an autonamed replacement has a new name",
    );
    const namespace = second.outputs["namespace"]!.value as string;
    const maps = (await cluster.api.list({ apiVersion: "v1", kind: "ConfigMap", namespace })).map(
      ({ metadata }) => metadata.name,
    );
    assert.deepEqual(
      maps.filter((name) => name!.startsWith("settings-")),
      [second.outputs["settings"]!.value],
    );

    await inline.stack.destroy(quiet);
    await until(
      "the namespace is gone",
      async () => (await cluster.api.read({ apiVersion: "v1", kind: "Namespace", name: namespace })) === undefined,
    );
  });
});
