import assert from "node:assert/strict";
import { join } from "node:path";
import type { Properties } from "../../../provider/server/wire";
import { region } from "../../provider/aws/scene";
import { EngineResource, startPlugin, type Plugin } from "../../provider/server/harness";
import { startStandInScene, type StandInScene } from "./scene";

/** The stand-in for the aws provider as a running plugin with a simulated AWS of its own, and what a test makes with it. */
export class DrivenStandIn {
  private readonly made: EngineResource[] = [];
  private readonly others: Plugin[] = [];

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

  /** Another process of it, with other configuration. */
  async another(config: Record<string, unknown>): Promise<Plugin> {
    const executable = join(this.scene.directory, "pulumi-resource-aws");
    const started = await startPlugin(executable, { config: this.scene.config(config) });
    this.others.push(started);
    return started;
  }

  resource(token: string, name: string, on = this.plugin): EngineResource {
    const thing = new EngineResource(on, token, name);
    this.made.unshift(thing);
    return thing;
  }

  async make(token: string, name: string, program: Properties): Promise<EngineResource> {
    const thing = this.resource(token, name);
    await thing.up(program);
    return thing;
  }

  vpc(name = "net"): Promise<EngineResource> {
    const tags = { Name: name };
    return this.make("aws:ec2/vpc:Vpc", name, { cidrBlock: "10.0.0.0/16", enableDnsHostnames: true, tags });
  }

  subnet(vpcId: string, rest: Properties = {}): Promise<EngineResource> {
    const place = { vpcId, cidrBlock: "10.0.1.0/24", availabilityZone: `${region}a` };
    return this.make("aws:ec2/subnet:Subnet", "sub", { ...place, ...rest });
  }

  /** Destroys what was made, the newest first. */
  async leavesNothing(): Promise<void> {
    for (const thing of this.made.splice(0)) if (thing.stored) await thing.destroy();
    assert.deepEqual(await this.scene.left(), {});
  }

  async close(): Promise<void> {
    await Promise.all([this.plugin, ...this.others].map((each) => each.stop()));
    await this.scene.close();
  }
}

export function stateOf({ stored }: EngineResource): Properties {
  return stored!.state.values;
}

/** No change, refresh, no change, import. Returns what an import would replace: the name that the provider chose, where it did. */
export async function settles(thing: EngineResource, program: Properties): Promise<string[]> {
  assert.equal(await thing.up(program), "same", `${thing.type}: a second up`);
  assert.equal(await thing.refresh(), true);
  assert.equal(await thing.up(program), "same", `${thing.type}: after a refresh`);
  const imported = new EngineResource(thing.plugin, thing.type, thing.name);
  assert.equal(await imported.import(thing.stored!.id), true, `${thing.type}: import`);
  const { inputs } = await imported.check(program);
  const { replaces } = await imported.diff(inputs);
  return replaces;
}
