/**
 * Contract tests of resources: the plugin's real gRPC server, and a small engine that makes the calls which Pulumi's engine makes, in its
 * order and with its bookkeeping. No CLI, no program; a resource's whole life takes milliseconds.
 *
 * Every resource has such a test. Most need no more than this:
 *
 * ```ts
 * import { provider } from "../../../plugin/provider";
 * import { driveResource, Secret, startPlugin, type Plugin } from "../server/harness";
 *
 * describe("Disk", () => {
 *   let plugin: Plugin;
 *   before(async () => {
 *     plugin = await startPlugin(provider, { config: { cudo: { baseUrl: simulator.url, apiKey: "k", projectId: "p" } } });
 *   });
 *   after(() => plugin.stop());
 *
 *   it("keeps the contract", () =>
 *     driveResource({
 *       plugin,
 *       type: "gpu-clusters:cudo:Disk",
 *       inputs: { diskId: "d", dataCenterId: "gb-bournemouth-1", sizeGib: 10 },
 *       updated: { diskId: "d", dataCenterId: "gb-bournemouth-1", sizeGib: 20 },   // changes in place
 *       replaced: { diskId: "e", dataCenterId: "gb-bournemouth-1", sizeGib: 10 },  // needs a new one
 *     }));
 * });
 * ```
 *
 * `driveResource` runs check → create preview → create → no-change diff → refresh → import → update preview → update → refresh →
 * replacement without a diff → delete → delete again, and holds the resource to its promises:
 *
 * - check skips unknowns, keeps secrets, marks what the schema calls secret, and changes nothing when it is repeated;
 * - what a preview tells comes true; what an update leaves alone stays known, so that nothing that depends on it seems to be replaced;
 * - all required outputs are there; secrets are secret in every state;
 * - a second `up`, a refresh and an import find nothing to do;
 * - an update in place needs no replacement; one that is replaced beside the old one outlives its delete, or is refused; deleting twice is fine, and a read then says that it is gone.
 *
 * Outputs that change by themselves are named in `volatile`, inputs that the cloud does not give back in `notImported`.
 *
 * For stories of one's own (faults, retries, half-made resources, drift) use `EngineResource`: it has `up`, `refresh`, `import`, `destroy`
 * and the single calls, keeps `stored` as the engine keeps its state (also what a failed create leaves), and rejects with `PluginError`,
 * whose `partial` is what the plugin asked the engine to keep. `plugin.messages` holds what the user was told.
 */
import type { ProviderDefinition } from "../../../provider/server/resource";
import { Plugin } from "./harness/plugin";

export { driveResource, type ResourceScenario } from "./harness/drive-resource";
export { EngineResource, Secret, type Diff, type StoredResource } from "./harness/engine-resource";
export { Plugin, PluginError, type LogMessage } from "./harness/plugin";

export interface PluginOptions {
  /** The provider's configuration, by cloud. Default: none, so that only resources which need none can be used. */
  readonly config?: Record<string, unknown>;
  /** Added to the environment of a plugin that runs in a process of its own. */
  readonly environment?: NodeJS.ProcessEnv;
}

/** Starts a plugin in this process from its definition, or in a process of its own from the path of its executable. Stop it with `stop()`. */
export async function startPlugin(
  what: ProviderDefinition | string,
  { config = {}, environment }: PluginOptions = {},
): Promise<Plugin> {
  const plugin = await Plugin.start(what, environment);
  try {
    await plugin.configure(config);
  } catch (error) {
    await plugin.stop();
    throw error;
  }
  return plugin;
}
