/** A whole cluster by the engine, and when its machines got their power meanwhile. */
import { kubernetesApi } from "../../../provider/kubernetes/client";
import type { MachineKind, MachineSpec } from "../../../simulator/machines/machine";
import { ensureMachineImage } from "../../../simulator/machines/nspawn/image/image";
import { nspawnMachines } from "../../../simulator/machines/nspawn/nspawn-machines";
import { EngineEnvironment } from "../../engine/environment";
import { readyStatus } from "../../simulator/machines/test-cluster";
import { until } from "../../until";
import { bootMs } from "../../machines-nspawn/cluster";
import type { BootCloud } from "./clouds";
import { apiAnswers, kubeconfigOnMachine, stopwatch, type Up } from "./measure";

/** A control plane, and then a worker. */
const machineCount = 2;

export async function measureUp({ usesAws, config }: BootCloud): Promise<Up> {
  const image = await ensureMachineImage();
  const powerOns = new PowerOns();
  let directory = "";
  const environment = await EngineEnvironment.start({
    machines: (dir) => powerOns.of(nspawnMachines({ dir: (directory = dir), image })),
    ...(usesAws && { aws: {} }),
  });
  try {
    const stack = await environment.stack(config(environment.simulator), { timeoutMs: 2 * bootMs });
    const sinceUp = stopwatch();
    const [figures, operation] = await Promise.all([watch(powerOns, () => directory, sinceUp), stack.up()]);
    if (!operation.ok) throw new Error(operation.text);
    const upToAllReady = sinceUp();
    await stack.destroy();
    return { ...figures, upToAllReady };
  } finally {
    await environment.stop();
  }
}

async function watch(
  powerOns: PowerOns,
  directory: () => string,
  sinceUp: () => number,
): Promise<Omit<Up, "upToAllReady">> {
  const control = await powerOns.nth(0);
  await apiAnswers(control.spec.address);
  const [powerOnToApi, upToApi] = [control.since(), sinceUp()];
  const worker = await powerOns.nth(1);
  const api = kubernetesApi(kubeconfigOnMachine(directory(), control.spec));
  const ready = async () =>
    (await api.list({ apiVersion: "v1", kind: "Node" })).filter((node) => readyStatus(node) === "True");
  await until("all nodes are Ready", async () => (await ready()).length === machineCount, bootMs);
  return { powerOnToApi, upToApi, powerOnToWorkerReady: worker.since() };
}

interface Powered {
  readonly spec: MachineSpec;
  readonly since: () => number;
}

/** The machines whose power was switched on, in order. */
class PowerOns {
  readonly #powered: Powered[] = [];
  readonly #known = new WeakSet();

  of(kind: MachineKind): MachineKind {
    return {
      ...kind,
      machine: (spec) => {
        const machine = kind.machine(spec);
        if (this.#known.has(machine)) return machine;
        this.#known.add(machine);
        const start = machine.start.bind(machine);
        machine.start = () => {
          this.#powered.push({ spec, since: stopwatch() });
          return start();
        };
        return machine;
      },
    };
  }

  async nth(index: number): Promise<Powered> {
    await until(`machine ${index + 1} has power`, () => this.#powered[index], bootMs);
    return this.#powered[index]!;
  }
}
