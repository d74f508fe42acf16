/**
 * Clusters of machines that really boot, beside the least that they could take: kubeadm called by hand on the same image. A cloud joins with
 * an entry in `clouds`.
 */
import { ensureMachineImage } from "../../simulator/machines/nspawn/image/image";
import { nspawnProblem } from "../../simulator/machines/nspawn/host";
import { cudo } from "./boot/cudo";
import { floor } from "./boot/floor";
import type { BootCloud } from "./boot/measure";
import { interleaved } from "./measure";

const clouds: Record<string, BootCloud> = { cudo };
const runs = 3;

export async function boot(): Promise<Record<string, unknown>> {
  const problem = await nspawnProblem();
  if (problem !== undefined) return { notMeasured: problem };
  await ensureMachineImage();
  const names = Object.keys(clouds);
  const [least, ...powerOns] = await interleaved(runs, [floor, ...names.map((name) => clouds[name]!.powerOn)]);
  const ups = await interleaved(
    runs,
    names.map((name) => clouds[name]!.up),
  );
  const figures = names.map((name, index) => {
    const powerOn = powerOns[index]!;
    const up = ups[index]!;
    const { powerOnToApi, powerOnToWorkerReady } = least!;
    const ofFloor = {
      powerOnToApi: ratio(powerOn.powerOnToApi.median, powerOnToApi.median),
      powerOnToWorkerReady: ratio(powerOn.powerOnToWorkerReady.median, powerOnToWorkerReady.median),
      upToApi: ratio(up.upToApi.median, powerOnToApi.median),
      upToAllReady: ratio(up.upToAllReady.median, powerOnToApi.median + powerOnToWorkerReady.median),
    };
    return [name, { seconds: { ...powerOn, ...up }, ofFloor }];
  });
  return { floorSeconds: least, ...Object.fromEntries(figures) };
}

function ratio(value: number, floor: number): number {
  return Math.round((value / floor) * 100) / 100;
}
