/** How long the delete of node groups takes on the simulated EC2, at the pace and with the retries that users have. */
import { FleetDriver } from "../../provider/aws/fleet/fleet-driver";
import { defaultAwsTiming } from "../../simulator/aws";
import { makeGroup, specOf, startScene } from "../provider/aws/scene";
import { repeated, seconds } from "./measure";

const machines = 10;
const manyGroups = 20;

export async function fleetDestroy(): Promise<Record<string, unknown>> {
  return {
    machinesPerGroup: machines,
    oneGroupSeconds: await repeated(3, () => destroyed(1)),
    [`${manyGroups}GroupsAtOnceSeconds`]: await destroyed(manyGroups),
  };
}

/** In an account of its own each time: moto grows slow with what it remembers. */
async function destroyed(groups: number): Promise<number> {
  const scene = await startScene({ timing: defaultAwsTiming });
  try {
    const names = Array.from({ length: groups }, (_, index) => `g${index}`);
    for (const name of names) await (await makeGroup(scene, name, machines)).running(machines);
    const destroy = (nodeGroup: string) =>
      new FleetDriver({ ec2: scene.ec2, spec: specOf(scene, nodeGroup, ""), owner: "urn:bench" }).destroy(
        AbortSignal.timeout(120_000),
      );
    const taken = await seconds(() => Promise.all(names.map(destroy)));
    const { instances } = await scene.simulator.state();
    if (instances.length > 0) throw new Error(`${instances.length} machines are left`);
    return taken;
  } finally {
    await scene.close();
  }
}
