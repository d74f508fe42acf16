import assert from "node:assert/strict";
import { join } from "node:path";
import type { Properties } from "../../../provider/server/wire";
import { region } from "../../provider/aws/scene";
import { EngineResource, startPlugin, type Plugin } from "../../provider/server/harness";
import { startStandInScene, type StandInScene } from "./scene";

/** The stand-in for the aws provider as a running plugin with a simulated AWS of its own, and what a test makes with it. */
export class DrivenStandIn {
  private readonly made: EngineResource[] = [];

  private constructor(
    readonly scene: StandInScene,
    readonly plugin: Plugin,
  ) {}

  static async start(): Promise<DrivenStandIn> {
    const scene = await startStandInScene();
    try {
      const plugin = await startPlugin(join(scene.directory, "pulumi-resource-aws"), { config: scene.config() });
      return new DrivenStandIn(scene, plugin);
    } catch (error) {
      await scene.close();
      throw error;
    }
  }

  /** For clients of the SDK that look at the simulated AWS themselves. */
  get client(): { region: string; endpoint: string; credentials: { accessKeyId: string; secretAccessKey: string } } {
    const credentials = { accessKeyId: "test", secretAccessKey: "test" };
    return { region, endpoint: this.scene.simulator.endpoint, credentials };
  }

  resource(token: string, name: string): EngineResource {
    const thing = new EngineResource(this.plugin, token, name);
    this.made.unshift(thing);
    return thing;
  }

  async make(token: string, name: string, program: Properties): Promise<EngineResource> {
    const thing = this.resource(token, name);
    await thing.up(program);
    return thing;
  }

  /** Destroys what was made, the newest first. */
  async leavesNothing(): Promise<void> {
    for (const thing of this.made.splice(0)) if (thing.stored) await thing.destroy();
    assert.deepEqual(await this.scene.left(), {});
  }

  async close(): Promise<void> {
    await this.plugin.stop();
    await this.scene.close();
  }
}
