/**
 * Clusters of machines that really boot, each a control plane and a worker made by `pulumi up`, beside the least that it could take: kubeadm
 * called by hand on the same machine image. A cloud joins with an entry in `boot/clouds.ts`.
 */
import { ensureMachineImage } from "../../simulator/machines/nspawn/image/image";
import { nspawnProblem } from "../../simulator/machines/nspawn/host";
import { clouds } from "./boot/clouds";
import { floor } from "./boot/floor";
import type { Up } from "./boot/measure";
import { measureUp } from "./boot/up";
import { interleaved } from "./measure";

const runs = 3;

export async function boot(): Promise<Record<string, unknown>> {
  const problem = await nspawnProblem();
  if (problem !== undefined) return { notMeasured: problem };
  await ensureMachineImage();
  const [least, ...measured] = await interleaved<Up>(runs, [
    floor,
    ...Object.values(clouds).map((cloud) => () => measureUp(cloud)),
  ]);
  const figures = Object.keys(clouds).map((name, index) => {
    const seconds = measured[index]!;
    const ofFloor = Object.fromEntries(
      (Object.keys(seconds) as (keyof Up)[]).map((key) => [key, ratio(seconds[key].median, least![key].median)]),
    );
    return [name, { seconds, ofFloor }];
  });
  return { floorSeconds: least, ...Object.fromEntries(figures) };
}

function ratio(value: number, floor: number): number {
  return Math.round((value / floor) * 100) / 100;
}
