/** Registrations of one cluster, as tests make and read them. */
import assert from "node:assert/strict";
import { EngineResource, type Plugin, type PluginError } from "../server/harness";
import type { Scene } from "./scene";

export const type = "gpu-clusters:michelangelo:Registration";

/** The scene's server is both clusters. */
export function inputsIn(scene: Scene, more: object = {}) {
  return {
    kubeconfig: scene.kubeconfig,
    controlPlaneKubeconfig: scene.kubeconfig,
    clusterName: "gpu-east",
    timeoutSeconds: 60,
    ...more,
  };
}

export function registrationOn(plugin: Plugin): EngineResource {
  return new EngineResource(plugin, type, "it");
}

/** What an operation that fails tells. */
export async function failure(work: Promise<unknown>): Promise<string> {
  const error = await work.then(
    () => assert.fail("it did not fail"),
    (thrown: unknown) => thrown as PluginError,
  );
  return `${error.message} ${error.partial?.reasons.join() ?? ""}`;
}
