import assert from "node:assert/strict";
import type { KubernetesApi, KubernetesObject } from "../../provider/kubernetes/api";
import { kubernetesApi } from "../../provider/kubernetes/client";
import { controlPlane, type TestControlPlane } from "../provider/kubernetes/control-plane";
import { until } from "../until";

/** A real API server for the tests of the `describe` that makes it. */
export class Admission {
  /** As an administrator. */
  api!: KubernetesApi;

  constructor() {
    let server: TestControlPlane | undefined;
    before(async () => {
      server = await controlPlane();
      this.api = kubernetesApi(await server.kubeconfig("system:masters"), { timeoutMs: 30_000 });
      await until("the API server answers", async () => (await this.api.text("/readyz")) === "ok");
    });
    after(() => server?.close());
  }

  /** One after the other. Server-side apply validates strictly: a field that does not exist is an error. */
  async admits(objects: readonly KubernetesObject[]): Promise<void> {
    for (const object of objects) {
      const applied = await this.api.apply(object, { fieldManager: "test" });
      assert.equal(applied.metadata.name, object.metadata.name);
    }
  }
}
